"""One training should be the same by several processes; what that costs here, and on paper beyond.

    python benchmarks/bench_scale.py [--processes 1 2 4] [--epochs 20] [--batch 256] [--width 256]
    python benchmarks/bench_scale.py --paper

Trains one network on scikit-learn's digits by one process and by several (`distribute=multiworker`
over the loopback interface) at the same global batch. They share the processors of one machine, so
nothing can become faster: what is shown is that the weights and zeros are those of one process, and
what the others and the sums cost, in seconds of the clock and of the processors. Processor seconds
are those of all processes from start to end; training seconds are the first one's between the
first step and the last, with its measuring.

On two cores under other load, with `--epochs 10`: 1, 2 and 4 processes 11.1, 21.9 and 39.3
processor seconds, 20.1, 26.7 and 38.5 of the clock, and 6.5, 6.5 and 9.2 between the first step and
the last. With `--width 16` or `64`, with `--batch 419`, and with three epochs the furthest weight
is 6e-8 to 5e-7 away and all zeros are the same. With ten epochs and batches of 256 rounding grows
from the fourth epoch on: 8e-4 at the end, and 21 of 215,552 weights are zero in one of two alone.

The model on paper: a ring sends `2 (n - 1) / n` times the gradient (4 bytes a parameter) through
each worker's connection, in `2 (n - 1)` rounds of LATENCY each. kreg sums once a step, after the
backward pass, and computes nothing meanwhile, so the time of a step is the sum of the two.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
LATENCY = 50e-6  # seconds of a round, over TCP in one building
PARAMETERS = (1_000_000, 25_000_000, 100_000_000)
WORKERS = (8, 16, 32, 64, 128, 256)
NETWORKS = (10e9, 100e9)  # bits a second
STEP = 0.1  # seconds that a worker computes in a step


def sum_seconds(parameters, workers, bits):
    """Of one sum of gradients over a ring."""
    sent = 2 * (workers - 1) / workers * 4 * parameters
    return 8 * sent / bits + 2 * (workers - 1) * LATENCY


def on_paper():
    told = ", ".join(f"{bits / 1e9:.0f} Gbit/s" for bits in NETWORKS)
    print(f"One sum in ms, and the share of computing in a step of {1e3 * STEP:.0f} ms and the sum "
          f"({told}):")  # fmt: skip
    print("  parameters " + "".join(f"{f'{n} workers':>22}" for n in WORKERS))
    for parameters in PARAMETERS:
        for bits in NETWORKS:
            seconds = [sum_seconds(parameters, n, bits) for n in WORKERS]
            cells = [f"{1e3 * s:9.1f} ms, {STEP / (STEP + s):4.0%}" for s in seconds]
            told = f"{parameters / 1e6:4.0f} M, {bits / 1e9:3.0f}"
            print(f"  {told:>11}" + "".join(f"{cell:>22}" for cell in cells))


def addresses(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    found = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return found


def commands(count, folder, args):
    """A command and an environment for each process of one training."""
    words = ["data=digits", "model=deep", f"model.width={args.width}", "reg=l1", "stop=none"]
    words += [f"trainer.epochs={args.epochs}", f"trainer.batch_size={args.batch}"]
    words += ["trainer.jit_compile=false", "trainer.save_every=0", "logger=none"]
    command = [sys.executable, str(ROOT / "train.py"), *words, f"hydra.run.dir={folder}"]
    plain = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if count == 1:
        return [(command, plain)]
    workers = addresses(count)
    tasks = [{"type": "worker", "index": index} for index in range(count)]
    told = [json.dumps({"cluster": {"worker": workers}, "task": task}) for task in tasks]
    return [([*command, "distribute=multiworker"], {**plain, "TF_CONFIG": one}) for one in told]


def trained(count, folder, args):
    """Train by so many processes; seconds of the clock and of the processors of all of them."""
    began, used, place = time.perf_counter(), 0.0, folder.parent
    log = folder.with_suffix(".log")
    with open(log, "w") as said:
        processes = [
            subprocess.Popen(command, env=environment, cwd=place, stdout=said, stderr=said)
            for command, environment in commands(count, folder, args)
        ]
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        used += usage.ru_utime + usage.ru_stime
        if status:
            sys.exit(f"{count} processes: {log.read_text()[-2000:]}")
    return time.perf_counter() - began, used


def weights(folder):
    import kreg

    return [np.asarray(weight) for weight in kreg.load_model(folder / "model.keras").get_weights()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--paper", action="store_true", help="print the model on paper alone")
    args = parser.parse_args()
    if args.paper:
        return on_paper()
    with tempfile.TemporaryDirectory() as place:
        first = None
        for count in args.processes:
            folder = Path(place) / f"by_{count}"
            clock, used = trained(count, folder, args)
            result = json.loads((folder / "result.json").read_text())
            found = weights(folder)
            first = first or found
            furthest = max(float(abs(a - b).max()) for a, b in zip(found, first, strict=True))
            zeros = all(((a == 0) == (b == 0)).all() for a, b in zip(found, first, strict=True))
            print(
                f"{count} processes: {clock:6.1f} s, {used:6.1f} processor s; training "
                f"{result['training_seconds']:6.1f} s; furthest weight {furthest:.1e}, "
                f"{'same' if zeros else 'OTHER'} zeros; {result['params']:,} parameters",
                flush=True,
            )
            if result["pictures"]:
                print(f"    {result['pictures']['told']}", flush=True)
    on_paper()


if __name__ == "__main__":
    main()

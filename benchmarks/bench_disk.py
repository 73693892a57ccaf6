"""A table larger than memory should be: one epoch, rows a second and peak memory.

    python benchmarks/bench_disk.py [--rows 20000000] [--columns 40] [--folder FOLDER] [--seed 0]

Writes Parquet files of float32 columns and a target of two classes, then trains one epoch on them,
each in a process of its own: kreg (`data.cache=disk`; once with the writing of the records, once
with them), a plain `tf.data` loop that reads the files in their order into the same network, and
scikit-learn's `SGDClassifier.partial_fit`. Seconds are those of the whole process with its start,
the peak is the most resident memory of it, of which its own is what no file backs (libraries are
files). Everything lies below FOLDER; the Parquet files are left there.

Then kreg's training is begun once more and killed (`kill -9`) in the middle of its only epoch: as
soon as its state files have a batch that is drawn from the seed. The same command goes on, and the
benchmark ends with 1 if weights, optimizer state or history are not those of the undisturbed one,
bit for bit. `--only killed` does that alone.

20 million rows, one run each beside heavy load: peak 1.35 GiB (0.93 its own), 1.34 with the writing
of the records (0.91), tf.data 1.03, scikit-learn 0.47; rows a processor second 398,400, 279,100,
482,300 and 754,800. Killed behind batch 8,584 of 17,577 and gone on there: the same bits.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
SHARD, BATCH, WIDTH = 1_000_000, 1024, 64


def write(folder, rows, columns):
    """The files, if they are not there: each from its number alone."""
    import pyarrow
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    truth = np.random.default_rng(0).normal(size=columns).astype("float32") / columns**0.5
    for shard, first in enumerate(range(0, rows, SHARD)):
        path = folder / f"part-{shard:03d}.parquet"
        if path.exists():
            continue
        rng = np.random.default_rng([1, shard])
        x = rng.standard_normal((min(SHARD, rows - first), columns), np.float32)
        y = (x @ truth + rng.standard_normal(len(x), np.float32) > 0).astype("int8")
        named = {f"x{i}": x[:, i] for i in range(columns)} | {"y": y}
        parquet.write_table(pyarrow.table(named), path, row_group_size=100_000)


def batches(folder):
    """`(x, y)` of the files in their order, as a plain loop reads them."""
    from pyarrow import parquet

    for path in sorted(folder.glob("*.parquet")):
        for part in parquet.ParquetFile(path).iter_batches(batch_size=BATCH):
            columns = [part.column(i).to_numpy() for i in range(part.num_columns)]
            yield np.stack(columns[:-1], axis=1), columns[-1]


def by_tf_data(folder, columns):
    import keras
    import tensorflow as tf

    signature = (tf.TensorSpec((None, columns), tf.float32), tf.TensorSpec((None,), tf.int8))
    stream = tf.data.Dataset.from_generator(lambda: batches(folder), output_signature=signature)
    layers = [keras.layers.Dense(WIDTH, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((columns,)), *layers])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(stream.prefetch(tf.data.AUTOTUNE), epochs=1, verbose=0)


def by_scikit_learn(folder, columns):
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss")
    for x, y in batches(folder):
        model.partial_fit(x, y, classes=[0, 1])


def kreg_command(folder, place):
    words = ["data=parquet", f"data.path={folder}", "data.target=y", "data.cache=disk"]
    words += ["model=shallow", f"model.width={WIDTH}", f"trainer.batch_size={BATCH}"]
    words += ["trainer.epochs=1", "data.validation=0.05", "data.test=0.05", "compress=off"]
    return [sys.executable, str(ROOT / "train.py"), *words, f"hydra.run.dir={place}"]


def killed(command, run, steps, seed, environment):
    """Begin a training, and kill it behind a batch of its first epoch; which one its state has."""
    wanted = int(np.random.default_rng(seed).integers(steps // 5, steps * 4 // 5))
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    found = 0
    while found < wanted and process.poll() is None:
        names = [path.stem for path in (run / "state").glob("epoch_000000_batch_*.npz")]
        found = max([found, *(int(name.rpartition("_")[2]) for name in names)])
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if found < wanted:
        sys.exit(f"the training ended before batch {wanted:,} was in a state file")
    print(
        f"killed with batch {found:,} of {steps:,} in its state; drawn was {wanted:,}", flush=True
    )
    return found


def parts(run):
    """What two runs must have alike: bytes by name."""
    from kreg.runs import StateFile

    state = StateFile(run / "state").read()
    groups = state["variables"].items()
    found = {name: b"".join(np.asarray(a).tobytes() for a in group) for name, group in groups}
    return found | {"history": (run / "history.csv").read_bytes()}


def resumed(table, place, rows, seed, environment):
    """Kill a training and go on; whether all is as in the undisturbed run at `place / "found"`."""
    run = place / "killed"
    command = [*kreg_command(table, run), "trainer.save_every=0"]
    facts = json.loads((place / "found" / "data.json").read_text())
    steps = -(-facts["sizes"]["train"] // BATCH)
    done = killed(command, run, steps, seed, environment)
    measured("kreg, gone on after the kill", command, rows * (steps - done) // steps, environment)
    wanted, found = parts(place / "found"), parts(run)
    same = {name: wanted[name] == found[name] for name in wanted}
    print("the same bits: " + ", ".join(f"{name} {answer}" for name, answer in same.items()))
    return all(same.values())


def watched(process, own):
    """Look five times a second how much of a process is its own, until it ends."""
    while True:
        try:
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
        except OSError:
            return
        found = [int(line.split()[1]) for line in lines if line.startswith("RssAnon:")]
        if not found:  # it has ended
            return
        own[0] = max(own[0], *found)
        time.sleep(0.2)


def measured(name, command, rows, environment):
    """Run a command; print its rows a second and its peak."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    own = [0]  # KiB of memory that no file backs
    watch = threading.Thread(target=watched, args=(process.pid, own), daemon=True)
    watch.start()
    errors = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    watch.join()
    seconds, processor = time.perf_counter() - began, used.ru_utime + used.ru_stime
    if status:
        sys.exit(f"{name}: {errors[-2000:]}")
    print(
        f"{name:34} {seconds:8.1f} s {processor:8.1f} processor s {rows / seconds:10,.0f} rows/s "
        f"{rows / processor:10,.0f} rows/processor s   peak {used.ru_maxrss / 2**20:5.2f} GiB, "
        f"of which its own {own[0] / 2**20:.2f}, the rest files that are mapped",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--columns", type=int, default=40)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "bench_disk")
    parser.add_argument("--seed", type=int, default=0, help="of the batch at which kreg is killed")
    parser.add_argument("--only", choices=("killed",))
    parser.add_argument("--alone", choices=("tf_data", "scikit_learn"))
    args = parser.parse_args()
    table = args.folder / f"{args.rows}x{args.columns}"
    if args.alone:
        run = {"tf_data": by_tf_data, "scikit_learn": by_scikit_learn}[args.alone]
        return run(table, args.columns)
    began = time.perf_counter()
    write(table, args.rows, args.columns)
    size = sum(path.stat().st_size for path in table.iterdir())
    print(f"{args.rows:,} rows x {args.columns}: {size / 2**30:.2f} GiB of Parquet, "
          f"made in {time.perf_counter() - began:.0f} s")  # fmt: skip
    with tempfile.TemporaryDirectory(dir=args.folder) as place:
        own = {**os.environ, "XDG_CACHE_HOME": place, "TF_CPP_MIN_LOG_LEVEL": "3"}
        for name in ("kreg, records written", "kreg, records found"):
            run = Path(place) / name.split()[-1]
            measured(name, kreg_command(table, run), args.rows, own)
            told = json.loads((run / "result.json").read_text())["pictures"]["told"]
            print(f"    of which: {told}")
        same = resumed(table, Path(place), args.rows, args.seed, own)
        for name in () if args.only else ("tf_data", "scikit_learn"):
            command = [sys.executable, __file__, "--alone", name, "--rows", str(args.rows)]
            command += ["--columns", str(args.columns), "--folder", str(args.folder)]
            measured(name, command, args.rows, own)
    sys.exit(not same)


if __name__ == "__main__":
    main()

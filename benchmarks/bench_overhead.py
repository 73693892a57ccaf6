"""What kreg costs: the default run beside a plain Keras script for the same model and data.

    python benchmarks/bench_overhead.py [--epochs 60] [--rounds 3]

Both train digits with four hidden layers of 128 for the same epochs, as whole processes, one after
the other in each round. The plain script does nothing else: no diagnostics, no report, no files,
no exact zeros (it uses Keras's own L1 and Adam). `step` is training time over training steps, the
validation of every epoch included on both sides. `processor` is user and system time of the whole
process, which other programs on the machine disturb less than the clock. Where all validation rows
are measured by Diagnostics (here), Keras's own pass over them is left out: kreg writes `val_loss`.

Median of three rounds, on two idle cores: whole process 0.86, processor 0.89, training step 0.72
(beside other work it was 0.75, 0.83, 0.55). The epoch stream and one pass over the validation rows
cost less than Keras's adapter and evaluation.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
BATCH = 32


def plain(epochs: int) -> dict:
    """The script that a Keras user writes; returns the seconds that `fit` took."""
    import keras
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    keras.utils.set_random_seed(0)
    digits = load_digits()
    x, y = digits.images[..., None].astype("float32") / 16, digits.target
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.15, stratify=y, random_state=0)
    x, x_val, y, y_val = train_test_split(x, y, test_size=0.15 / 0.85, stratify=y, random_state=0)
    penalty = keras.regularizers.L1(1e-4)
    hidden = [
        keras.layers.Dense(128, activation="relu", kernel_regularizer=penalty) for _ in range(4)
    ]
    head = keras.layers.Dense(10, kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), *hidden, head])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    started = time.perf_counter()
    model.fit(
        x, y, batch_size=BATCH, epochs=epochs, validation_data=(x_val, y_val), verbose=2
    )  # fmt: skip
    seconds = time.perf_counter() - started
    model.evaluate(x_test, y_test, verbose=0)
    return {"seconds": seconds, "steps": epochs * -(-len(x) // BATCH)}


def clocked(command, **how):
    """What `subprocess.run` returns, the seconds it took, and the processor's seconds."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=True, capture_output=True, text=True, **how)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done, time.perf_counter() - started, busy


def time_plain(epochs: int) -> tuple[float, float, float]:
    """Seconds of the whole plain process, of the processor, and milliseconds a step."""
    command = [sys.executable, __file__, "--plain", "--epochs", str(epochs)]
    printed, whole, busy = clocked(command, env=QUIET)
    own = json.loads(printed.stdout.splitlines()[-1])
    return whole, busy, 1e3 * own["seconds"] / own["steps"]


def time_kreg(epochs: int) -> tuple[float, float, float]:
    """Seconds of the whole `train.py` process, of the processor, and milliseconds a step."""
    with tempfile.TemporaryDirectory() as folder:
        settings = [f"trainer.epochs={epochs}", f"trainer.batch_size={BATCH}", "stop=none"]
        command = [sys.executable, "train.py", *settings, f"hydra.run.dir={folder}/run"]
        _, whole, busy = clocked(command, cwd=ROOT)
        result = json.loads((Path(folder) / "run" / "result.json").read_text())
    return whole, busy, 1e3 * result["training_seconds"] / result["steps"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        print(json.dumps(plain(options.epochs)))
        return
    rounds = [
        (time_plain(options.epochs), time_kreg(options.epochs)) for _ in range(options.rounds)
    ]
    print(f"{'':22s} {'plain Keras':>12s} {'kreg':>12s} {'ratio':>8s}")
    rows = ("whole process", "s"), ("processor", "s"), ("training step", "ms")
    for row, (name, unit) in enumerate(rows):
        ours = statistics.median(kreg[row] for _, kreg in rounds)
        theirs = statistics.median(keras[row] for keras, _ in rounds)
        ratio = statistics.median(kreg[row] / keras[row] for keras, kreg in rounds)
        print(f"{name:22s} {theirs:10.2f} {unit:2s}{ours:10.2f} {unit:2s}{ratio:8.2f}")


if __name__ == "__main__":
    main()

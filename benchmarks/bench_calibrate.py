"""What one temperature does to rows that nobody has fitted: log loss, ECE and classes, six sets.

    KREG_DATA=... python benchmarks/bench_calibrate.py [--seeds 3]    # about 10 CPU seconds a line

Two hidden layers of 128, Adam, 80 epochs. `last` keeps the last weights, `patience` those of the
smallest clean validation loss (patience 10). `kreg.calibrate` fits the temperature on validation
rows; all figures are of the test rows, means over the seeds. ECE: 15 bins of equal width. `classes`
is the number of test rows whose predicted class has changed, over all seeds: it must be 0.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from fashion import fashion
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from uci import load

import kreg
from kreg.diagnostics.calibration import ece
from kreg.diagnostics.refinement import cross_entropies, paired

TABLES = ("vehicle", "credit_g", "phoneme", "car")
HEADS = ("loss", "after", "ECE", "after", "classes", "temperature")
EPOCHS = 80


def pictures(name: str, seed: int) -> list[tuple]:
    """Training, validation and test rows of digits or of 3,000 Fashion-MNIST images."""
    if name == "digits":
        x, y = load_digits(return_X_y=True)
        x, rest = x / 16, 0.4
    else:
        (x, y), _ = fashion()
        x, y, rest = x[:5000].reshape(5000, -1) / 255, y[:5000], 0.6
    train_x, x, train_y, y = train_test_split(
        x.astype("float32"), y.astype("int32"), test_size=rest, stratify=y, random_state=seed
    )
    some = train_test_split(x, y, test_size=0.5, stratify=y, random_state=seed)
    return [(train_x, train_y), (some[0], some[2]), (some[1], some[3])]


def parts(name: str, seed: int) -> list[tuple]:
    """The three parts of a set."""
    if name not in TABLES:
        return pictures(name, seed)
    table = load(name, seed)
    return [table.train, table.validation, table.test]


def fitted(train: tuple, validation: tuple, seed: int, patient: bool) -> keras.Model:
    keras.utils.set_random_seed(seed)
    hidden = [keras.layers.Dense(128, activation="relu") for _ in range(2)]
    outputs = keras.layers.Dense(int(train[1].max()) + 1)
    model = keras.Sequential([keras.Input(train[0].shape[1:]), *hidden, outputs])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    stop = [kreg.EarlyStopping(patience=10, validation=validation, verbose=0)]
    how = {"batch_size": 32, "epochs": EPOCHS, "verbose": 0}
    model.fit(*train, **how, callbacks=stop if patient else [])
    return model


def scores(model: keras.Model, x: np.ndarray, y: np.ndarray) -> tuple[float, float, np.ndarray]:
    """(log loss, ECE, predicted classes)."""
    logits, shares = paired(model.predict(x, verbose=0), y)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    classes = chances.argmax(axis=1)
    error = ece(chances.max(axis=1), classes == y)
    return float(cross_entropies(logits, shares, 1.0).mean()), error, classes


def measure(name: str, seed: int, patient: bool) -> list[float]:
    """One row of `HEADS`."""
    train, validation, test = parts(name, seed)
    model = fitted(train, validation, seed, patient)
    calibrated, found = kreg.calibrate(model, *validation)
    before, after = scores(model, *test), scores(calibrated, *test)
    changed = int((before[2] != after[2]).sum())
    keras.backend.clear_session()
    return [before[0], after[0], before[1], after[1], changed, found.temperature]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(parser.parse_args().seeds)
    print(f"{'':22s}" + "".join(f"{head:>12s}" for head in HEADS))
    for name in (*TABLES, "digits", "fashion_mnist"):
        for patient in (False, True):
            rows = np.array([measure(name, seed, patient) for seed in seeds])
            line = rows.mean(axis=0)
            line[4] = rows[:, 4].sum()
            title = f"{name}, {'patience' if patient else 'last'}"
            print(f"{title:22s}" + "".join(f"{value:12.4g}" for value in line), flush=True)


if __name__ == "__main__":
    main()

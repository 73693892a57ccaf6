"""Record real Keras fits, measured by `kreg.Diagnostics`, for the yardstick `benchmarks/verdicts`.

    KREG_DATA=/path/to/data python benchmarks/record_keras_suite.py recorded   # hours; goes on
    KREG_DATA=... python benchmarks/record_keras_suite.py recorded --half development --limit 5
    python benchmarks/record_keras_suite.py recorded --pack      # one file a half, of what is there
    python -m benchmarks.verdicts --suite recorded/development.npz

Each run is one file in the folder, written when it is finished: started again, the command trains
what is missing. A Plackett-Burman design of eleven two-level factors, twelve settings a task:
rows, validation rows, label noise, dropout, rate, L2, width, batch, optimizer, schedule, network.
Ten tasks are the development half, eight others, with another seed, the held-out half: 216 runs.
Both were named before any rule was tried on one of them. No task of the held-out half is in the
NumPy suite of `record_suite.py`, on which kreg's thresholds were looked at.

Besides what Diagnostics measures (the refined loss among it), each epoch has the truth from at
least 1,500 test rows: `test_loss`, and `test_calibrated_loss`, the same after the temperature that
the validation scores of that epoch ask for.
"""

import argparse
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np

from benchmarks.record_suite import EPOCHS, TASKS, data, splits, table
from benchmarks.verdicts.suite import Run, load, save
from kreg.callbacks import Diagnostics
from kreg.diagnostics.refinement import refine

FACTORS: dict[str, tuple] = {
    "rows": (400, 1200),
    "validation": (100, 400),
    "noise": (0.0, 0.2),
    "dropout": (0.0, 0.5),
    "rate": (3e-4, 1e-3),  # of Adam; SGD takes thirty times as much
    "l2": (0.0, 1e-3),
    "width": (32, 128),
    "batch": (32, 128),
    "optimizer": ("adam", "sgd"),
    "schedule": ("constant", "cosine"),
    "network": ("dense", "normalised"),  # pictures: convolutions instead of the second
}
FIRST_ROW = (1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0)  # Plackett and Burman 1946, twelve runs
KEPT = (
    "loss", "val_loss", "clean_loss", "clean_accuracy", "val_clean_loss", "val_clean_accuracy",
    "val_refined_loss", "penalty", "learning_rate", "train_standard_error",
)  # fmt: skip
PICTURES = {"mnist": (14, 14, 1), "cifar": (8, 8, 3), "shapes": (12, 12, 1)}


def design() -> list[dict]:
    """Twelve settings: each pair of factors meets in all four combinations, three times."""
    levels = [np.roll(FIRST_ROW, shift) for shift in range(11)] + [np.zeros(11, int)]
    return [{name: FACTORS[name][k] for name, k in zip(FACTORS, row)} for row in levels]


# ------------------------------------------------------------------------------------- data


def spirals(rng):
    """Five arms in the plane, among eight columns of noise."""
    y = rng.integers(5, size=8000)
    radius = rng.uniform(0.3, 3, 8000)
    angle = 2 * np.pi * y / 5 + radius + 0.25 * rng.normal(size=8000)
    arms = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return np.concatenate([arms, rng.normal(size=(8000, 8))], 1), y, "classification"


def shapes(rng):
    """Pictures of 12 x 12: a bar, a column, a cross, a frame, a diagonal, somewhere, in noise."""
    forms = np.zeros((5, 5, 5))
    forms[0, 2, :] = forms[1, :, 2] = forms[2, 2, :] = forms[2, :, 2] = 1
    forms[3] = np.pad(np.zeros((3, 3)), 1, constant_values=1)
    forms[4] = np.eye(5)
    y = rng.integers(5, size=8000)
    images = 0.7 * rng.normal(size=(8000, 12, 12))
    for image, (top, left), label in zip(images, rng.integers(8, size=(8000, 2)), y):
        image[top : top + 5, left : left + 5] += forms[label]
    return images.reshape(8000, -1), y, "classification"


def proben1(name: str) -> Callable:
    """A classification of the Proben1 collection."""

    def read(rng):
        with np.load(data() / "proben1" / f"{name}.npz") as file:
            return file["X"].astype(float), file["Y"].argmax(1), "classification"

    return read


DEVELOPMENT = (
    "blobs", "teacher", "rings", "mnist", "cifar", "phoneme", "adult", "abalone", "kin8nm",
    "protein",
)  # fmt: skip
HALVES: dict[str, dict[str, Callable]] = {
    "development": {name: TASKS[name] for name in DEVELOPMENT},
    "held out": {
        "spirals": spirals,
        "shapes": shapes,
        "gene": proben1("gene"),
        "thyroid": proben1("thyroid"),
        "mushroom": proben1("mushroom"),
        "kr_vs_kp": table("uci_classification/kr_vs_kp.npz"),
        "power": table("uci_regression/power.npz", "regression"),
        "naval": table("uci_regression/naval.npz", "regression"),
    },
}
SEEDS = {"development": 2, "held out": 3}


# --------------------------------------------------------------------------------- training


def network(task: str, factors: dict, inputs: int, outputs: int) -> keras.Model:
    """Two hidden layers, plain or batch-normalised; of pictures two convolutions."""
    second = factors["network"] == "normalised"
    l2 = keras.regularizers.L2(factors["l2"]) if factors["l2"] else None
    layers: list[keras.Layer] = [keras.Input((inputs,))]
    if second and task in PICTURES:
        layers.append(keras.layers.Reshape(PICTURES[task]))
        for filters in (16, 32):
            layers.append(keras.layers.Conv2D(filters, 3, activation="relu", kernel_regularizer=l2))
        layers.append(keras.layers.Flatten())
    for _ in range(1 if second and task in PICTURES else 2):
        layers.append(keras.layers.Dense(factors["width"], kernel_regularizer=l2))
        if second:
            layers.append(keras.layers.BatchNormalization())
        layers += [keras.layers.ReLU(), keras.layers.Dropout(factors["dropout"])]
    return keras.Sequential([*layers, keras.layers.Dense(outputs, kernel_regularizer=l2)])


def optimizer(factors: dict, steps: int) -> keras.optimizers.Optimizer:
    """Adam, or SGD with momentum; the rate constant or on a cosine to zero."""
    sgd = factors["optimizer"] == "sgd"
    rate = 30 * factors["rate"] if sgd else factors["rate"]
    if factors["schedule"] == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.SGD(rate, momentum=0.9) if sgd else keras.optimizers.Adam(rate)


class Truth(keras.callbacks.Callback):
    """Measures the test set at the end of each epoch, as trained and at the fitted temperature.

    Args:
        validation: The rows on which the temperature is fitted.
        test: The rows of the truth.
        classifies: Whether the outputs are class scores; of numbers the squared error is measured.
    """

    def __init__(self, validation: tuple, test: tuple, classifies: bool) -> None:
        super().__init__()
        self.validation, self.test, self.classifies = validation, test, classifies
        self.rows: list[dict[str, float]] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        x, y = self.test
        output = scores(self.model, x)
        if not self.classifies:
            self.rows.append({"test_loss": float(((output - y) ** 2).mean())})
            return
        softer = refine(scores(self.model, self.validation[0]), self.validation[1]).temperature
        self.rows.append(
            {
                "test_loss": refine(output, y).loss,
                "test_calibrated_loss": refine(output / softer, y).loss,
                "test_accuracy": float((output.argmax(1) == y).mean()),
            }
        )


def scores(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """The outputs in inference mode; training notices nothing of it."""
    return np.asarray(keras.ops.convert_to_numpy(model(x, training=False)), float)


def run(half: str, task: str, number: int, epochs: int = EPOCHS) -> Run:
    """One training."""
    factors = design()[number]
    seed = [SEEDS[half], zlib.crc32(task.encode()), number]
    rng = np.random.default_rng(seed)
    kind, (train, validation, test) = splits(HALVES[half][task], factors, rng)
    outputs = 1 if kind == "regression" else int(max(part[1].max() for part in (train, test))) + 1
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    model = network(task, factors, train[0].shape[1], outputs)
    loss = "mse"
    if kind != "regression":
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    steps = epochs * -(-len(train[0]) // factors["batch"])
    metrics = [] if kind == "regression" else ["accuracy"]
    model.compile(optimizer(factors, steps), loss, metrics=metrics)
    measured = Diagnostics(train, validation, verbose=0, probe_training=False, validate=True)
    truth = Truth(validation, test, kind != "regression")
    how = {"batch_size": factors["batch"], "epochs": epochs, "verbose": 0}
    model.fit(*train, **how, callbacks=[measured, truth])
    meta = {"name": f"{task}-{number}", "task": task, "half": half, "kind": kind, **factors}
    meta |= {"loss": "mse" if kind == "regression" else "sparse_categorical_crossentropy"}
    return recorded(meta | {"classes": outputs}, measured, truth)


def recorded(meta: dict, measured: Diagnostics, truth: Truth) -> Run:
    """What Diagnostics has seen, with the truth beside it."""
    record = measured.record
    curves = {name: record.curve(name) for name in KEPT if name in record.curves}
    curves |= {name: np.array([row[name] for row in truth.rows]) for name in truth.rows[0]}
    meta |= {"train": record.sizes["train"], "measured": record.sizes["measured_train"]}
    meta["baseline"] = record.baseline
    correct = np.zeros((len(record.epochs), 0), bool)
    if meta["kind"] != "regression":
        correct = np.stack(record.correct)
    return Run(meta, curves, np.stack(record.examples), correct)


# ---------------------------------------------------------------------------------- folder


def planned(half: str) -> Iterator[tuple[str, int]]:
    """(task, setting) of a half, the first setting of all tasks before the second of any."""
    return ((task, number) for number in range(len(design())) for task in HALVES[half])


def file_of(folder: Path, half: str, task: str, number: int) -> Path:
    return folder / half.replace(" ", "_") / f"{task}-{number}.npz"


def record(folder: Path, half: str, limit: int, epochs: int = EPOCHS) -> int:
    """Train what is missing, at most so many runs; returns how many."""
    wanted = [s for s in planned(half) if not file_of(folder, half, *s).exists()][:limit]
    for done, (task, number) in enumerate(wanted, 1):
        path = file_of(folder, half, task, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part-{path.name}")
        save([run(half, task, number, epochs)], part)
        part.rename(path)  # whole or not there
        keras.backend.clear_session()
        print(f"{half} {task}-{number}: {done} of {len(wanted)}", flush=True)
    return len(wanted)


def pack(folder: Path, half: str) -> Path | None:
    """One file of the runs that are there; one whose truth is not finite is named and left out."""
    there = [path for s in planned(half) if (path := file_of(folder, half, *s)).exists()]
    runs = [load(path)[0] for path in there]
    whole = [run for run in runs if np.isfinite(run.curves["test_loss"]).all()]
    broken = [run.meta["name"] for run in runs if not np.isfinite(run.curves["test_loss"]).all()]
    if broken:
        print(f"{half}: left out, their test loss is not finite: {', '.join(broken)}")
    if not whole:
        return None
    path = folder / f"{half.replace(' ', '_')}.npz"
    save(whole, path)
    print(f"{path}: {len(whole)} of {len(list(planned(half)))} runs")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the runs are kept")
    parser.add_argument("--half", choices=HALVES, help="default: both, development first")
    parser.add_argument("--limit", type=int, default=10**6, help="at most so many runs a half")
    parser.add_argument("--pack", action="store_true", help="write one file a half; trains nothing")
    arguments = parser.parse_args()
    for half in [arguments.half] if arguments.half else HALVES:
        if not arguments.pack:
            record(arguments.folder, half, arguments.limit)
        pack(arguments.folder, half)


if __name__ == "__main__":
    main()

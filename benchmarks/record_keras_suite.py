"""Record real Keras fits, measured by `kreg.Diagnostics`, for the yardstick `benchmarks/verdicts`.

    KREG_DATA=/path/to/data python benchmarks/record_keras_suite.py recorded --settings 6
    KREG_DATA=... python benchmarks/record_keras_suite.py recorded --half development --limit 5
    python benchmarks/record_keras_suite.py recorded --pack     # one file a half, of what there is
    python -m benchmarks.verdicts --suite recorded/development.npz

A run takes about 7 CPU seconds, with `--settings 6` there are 108, without it 216. Each is one file
in the folder, written when it is finished: started again, the command trains what is missing. A
Plackett-Burman design of eleven two-level factors, twelve settings a task: rows, validation rows,
label noise, dropout, rate, L2, width, batch, optimizer, schedule, network. Ten tasks are the
development half, eight others, with another seed, the held-out half. Both were named before any
rule was tried on one of them. No task of the held-out half is in the NumPy suite of
`record_suite.py`, on which kreg's thresholds were looked at.

Besides what Diagnostics measures (the refined loss among it), each epoch has the truth of
`keras_suite_truth.py`: the test loss, the same after the temperature that the validation scores of
that epoch ask for, and both for means of the last epochs' weights.
"""

import argparse
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import keras
import numpy as np

from benchmarks.keras_suite_truth import Part, Truth
from benchmarks.record_suite import TASKS, data, splits, table
from benchmarks.verdicts.suite import Run, load, save
from kreg.callbacks import Diagnostics

EPOCHS = 60
TEST = {"pictures": 2500, "tables": 4000}  # rows of the truth, where there are so many
FACTORS: dict[str, tuple] = {
    "rows": (320, 960),
    "validation": (100, 400),
    "noise": (0.0, 0.2),
    "dropout": (0.0, 0.5),
    "rate": (1e-3, 3e-3),  # of Adam; SGD takes ten times as much
    "l2": (0.0, 1e-3),
    "width": (32, 128),
    "batch": (32, 96),
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
        for filters in (8, 16):
            conv = keras.layers.Conv2D(filters, 3, 2, activation="relu", kernel_regularizer=l2)
            layers.append(conv)
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
    rate = 10 * factors["rate"] if sgd else factors["rate"]
    if factors["schedule"] == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.SGD(rate, momentum=0.9) if sgd else keras.optimizers.Adam(rate)


def run(half: str, task: str, number: int, epochs: int = EPOCHS) -> Run:
    """One training."""
    factors = design()[number]
    seed = [SEEDS[half], zlib.crc32(task.encode()), number]
    rng = np.random.default_rng(seed)
    kind, (train, validation, test) = splits(HALVES[half][task], factors, rng)
    most = TEST["pictures" if task in PICTURES else "tables"]
    test = (test[0][:most], test[1][:most])
    parts = (train, validation, test)
    outputs = 1 if kind == "regression" else classes(parts)
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    model = network(task, factors, train[0].shape[1], outputs)
    loss = "mse"
    if kind != "regression":
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    steps = epochs * -(-len(train[0]) // factors["batch"])
    metrics = [] if kind == "regression" else ["accuracy"]
    model.compile(optimizer(factors, steps), loss, metrics=metrics)
    measured = Diagnostics(train, validation, verbose=0, probe_training=False, validate=True)
    twin = network(task, factors, train[0].shape[1], outputs)
    truth = Truth(twin, parts, kind != "regression")
    how = {"batch_size": factors["batch"], "epochs": epochs, "verbose": 0}
    model.fit(*train, **how, callbacks=[measured, truth])
    meta = {"name": f"{task}-{number}", "task": task, "half": half, "kind": kind, **factors}
    meta |= {"loss": "mse" if kind == "regression" else "sparse_categorical_crossentropy"}
    return recorded(meta | {"classes": outputs}, measured, truth)


def classes(parts: Sequence[Part]) -> int:
    """How many there are in all rows: the rarest may be among the validation rows alone."""
    return int(max(y.max() for _, y in parts)) + 1


def recorded(meta: dict, measured: Diagnostics, truth: Truth) -> Run:
    """What Diagnostics has seen, with the truth beside it."""
    record = measured.record
    curves = {name: record.curve(name) for name in KEPT if name in record.curves}
    curves |= {name: np.array(values) for name, values in truth.curves.items()}
    meta |= {"train": record.sizes["train"], "measured": record.sizes["measured_train"]}
    meta["baseline"] = record.baseline
    correct = np.zeros((len(record.epochs), 0), bool)
    if meta["kind"] != "regression":
        correct = np.stack(record.correct)
    return Run(meta, curves, np.stack(record.examples), correct)


# ---------------------------------------------------------------------------------- folder


def planned(half: str, settings: int = 12) -> Iterator[tuple[str, int]]:
    """(task, setting) of a half, so many settings a task, all tasks before the next setting of any.

    The first six of a task are every other one, the odd ones for every other task: in half of the
    plan each setting is met as often as any other.
    """
    for turn in range(settings):
        for place, task in enumerate(HALVES[half]):
            yield task, 2 * (turn % 6) + (place + turn // 6) % 2


def file_of(folder: Path, half: str, task: str, number: int) -> Path:
    return folder / half.replace(" ", "_") / f"{task}-{number}.npz"


def missing(folder: Path, halves: Sequence[str], settings: int) -> list[tuple[str, str, int]]:
    """(half, task, setting) of what is not recorded yet, the halves in turn."""
    plans = [[(half, *pair) for pair in planned(half, settings)] for half in halves]
    turns = (one for turn in zip_longest(*plans) for one in turn if one is not None)
    return [one for one in turns if not file_of(folder, *one).exists()]


def record(
    folder: Path, halves: Sequence[str], limit: int, epochs: int = EPOCHS, settings: int = 12
) -> int:
    """Train what is missing, at most so many runs; returns how many."""
    wanted = missing(folder, halves, settings)[:limit]
    for done, one in enumerate(wanted, 1):
        path = file_of(folder, *one)
        path.parent.mkdir(parents=True, exist_ok=True)
        part, began = path.with_name(f"part-{path.name}"), time.process_time()
        save([run(*one, epochs)], part)
        part.rename(path)  # whole or not there
        keras.backend.clear_session()
        seconds = time.process_time() - began
        print(f"{' '.join(map(str, one))}: {done} of {len(wanted)}, {seconds:.1f} s", flush=True)
    return len(wanted)


def pack(folder: Path, half: str) -> Path | None:
    """One file of the runs that are there; one whose truth is not finite is named and left out."""
    there = [path for s in planned(half) if (path := file_of(folder, half, *s)).exists()]
    runs = [load(path)[0] for path in there]
    whole = [run for run in runs if run.has("test_loss")]
    broken = [run.meta["name"] for run in runs if not run.has("test_loss")]
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
    parser.add_argument("--limit", type=int, default=10**6, help="at most so many runs")
    parser.add_argument("--settings", type=int, default=12, help="of a task, at most 12")
    parser.add_argument("--pack", action="store_true", help="write one file a half; trains nothing")
    arguments = parser.parse_args()
    halves = [arguments.half] if arguments.half else list(HALVES)
    if not arguments.pack:
        record(arguments.folder, halves, arguments.limit, settings=arguments.settings)
    for half in halves:
        pack(arguments.folder, half)


if __name__ == "__main__":
    main()

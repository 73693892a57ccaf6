"""Trainings whose right name is known beforehand, as real fits of seconds.

Commands are run by the program with its defaults, but for what is said; scripts by Keras with a
`kreg.Diagnostics`. Chance on digits is a loss of 2.30 and an accuracy of 0.10.
"""

import csv
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits

import kreg
from kreg.launch.compose import compose_job
from kreg.training import app

QUIET = ["trainer.verbose=quiet", "logger=none"]
LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@dataclass(frozen=True)
class Known:
    """A training and what must be said of it.

    Args:
        name: What it is.
        run: A function `empty folder -> report document`.
        words: The words that are right.
        tone: The tone; several with `|` where the words have several.
        advice: What the first advice is called, or may be; empty where the word says it all.
        says: What the first advice must tell.
        lacks: An advice that must not be given.
        also: An advice that must be given.
        fast: Whether it takes a few seconds of a core only.
    """

    name: str
    run: Callable[[Path], dict]
    words: str
    tone: str
    advice: str = ""
    says: str = ""
    lacks: str = ""
    also: str = ""
    fast: bool = False

    def check(self, folder: Path) -> None:
        found = self.run(folder)
        verdict, advice = found["verdict"], found["advice"]
        assert verdict["state"] in self.words.split("|"), verdict["state"]
        assert verdict["tone"] in self.tone.split("|"), (verdict["state"], verdict["tone"])
        first = advice[0]["id"] if advice else ""
        assert not self.advice or first in self.advice.split("|"), advice
        assert self.says in (advice[0]["text"] if advice else ""), advice
        given = [line["id"] for line in advice]
        assert not self.lacks or self.lacks not in given, advice
        assert not self.also or self.also in given, advice


def command(words: str) -> Callable[[Path], dict]:
    """A training by the program."""

    def run(folder: Path) -> dict:
        app.run(compose_job([*QUIET, *words.split()]), folder / "run")
        return json.loads((folder / "run" / "report.json").read_text())

    return run


def table(make: Callable[[np.random.Generator], dict], words: str) -> Callable[[Path], dict]:
    """A training on a CSV file of named columns; the target is `y`."""

    def run(folder: Path) -> dict:
        columns = make(np.random.default_rng(0))
        with (folder / "own.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        place = f"data=csv data.path={folder / 'own.csv'} data.target=y"
        return command(f"{place} {words}")(folder)

    return run


def numbered(x: np.ndarray, y, **more) -> dict:
    """Columns `x0`, `x1`, ... with six digits, the target, and others."""
    found = {f"x{i}": [f"{v:.6g}" for v in column] for i, column in enumerate(x.T)}
    return found | more | {"y": list(y)}


# --- scripts --------------------------------------------------------------------------------------


def digits(rows: int = 600) -> tuple:
    """Training and validation rows of digits, in [0, 1]."""
    x, y = load_digits(return_X_y=True)
    x, y = (x / 16).astype("float32")[: rows + 300], y[: rows + 300]
    return (x[:rows], y[:rows]), (x[rows:], y[rows:])


def numbers() -> tuple:
    """A linear regression of five inputs."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(450, 5)).astype("float32")
    y = (x.sum(axis=1) + 0.3 * rng.normal(size=450)).astype("float32")
    return (x[:300], y[:300]), (x[300:], y[300:])


def network(
    inputs: int, outputs: int, *, bias: float = 0.0, last: str | None = None, seed: int = 0
):
    """Of 32 hidden units, whose initial weights are of the seed."""
    keras.utils.set_random_seed(seed)
    first = keras.layers.Dense(
        32, "relu", bias_initializer=keras.initializers.Constant(bias), name="hidden"
    )
    layers = [keras.Input((inputs,)), first, keras.layers.Dense(outputs, last)]
    return keras.Sequential(layers)


def fitted(model, loss, train, validation, *, rate: float = 3e-3, epochs: int = 12) -> dict:
    """The document of a training by `fit`."""
    keras.utils.set_random_seed(0)
    metrics = ["accuracy"] if loss is LOGITS else []
    model.compile(keras.optimizers.Adam(rate), loss, metrics=metrics)
    watch = kreg.Diagnostics(train, validation, verbose=0)
    model.fit(*train, epochs=epochs, verbose=0, callbacks=[watch])
    return watch.document


def dead_units(folder: Path) -> dict:
    return fitted(network(64, 10, bias=-100.0), LOGITS, *digits())


def relu_on_logits(folder: Path) -> dict:
    train, validation = digits()
    model = network(64, 10, last="relu")
    model.layers[-1].bias.assign(np.full(10, -50.0))
    return fitted(model, LOGITS, train, validation)


def frozen(folder: Path, seed: int = 0) -> dict:
    model = network(64, 10, seed=seed)
    for layer in model.layers:
        layer.trainable = False
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The model does not have any trainable weights")
        return fitted(model, LOGITS, *digits())


def unscaled_target(folder: Path) -> dict:
    (x, y), (a, b) = numbers()
    return fitted(network(5, 1), "mse", (x, y + 1e5), (a, b + 1e5))


def shuffled_validation(folder: Path) -> dict:
    train, (x, y) = digits()
    return fitted(network(64, 10), LOGITS, train, (x, np.random.default_rng(0).permutation(y)))


def outliers_in_the_targets(folder: Path) -> dict:
    (x, y), validation = numbers()
    y = y.copy()
    y[::100] = 1e6
    return fitted(network(5, 1), "mse", (x, y), validation)


def validation_is_training(folder: Path) -> dict:
    (x, y), _ = digits(200)
    rows = x, np.random.default_rng(0).permutation(y)
    return fitted(network(64, 10), LOGITS, rows, rows, epochs=40)


# --- tables ---------------------------------------------------------------------------------------


def shuffled_digits(rng) -> dict:
    (x, y), _ = digits(900)
    return numbered(x, [f"c{v}" for v in rng.permutation(y)])


def coin_flips(rng) -> dict:
    return numbered(rng.normal(size=(400, 8)), [f"c{v}" for v in rng.integers(2, size=400)])


def flipping_concept(rng) -> dict:
    x = rng.normal(size=(600, 5))
    t = np.arange(600)
    y = (x[:, 0] > 0) ^ (t >= 330)
    return numbered(x, [f"c{int(v)}" for v in y], t=t)


def rare_class(rng) -> dict:
    y = np.zeros(1500, int)
    y[rng.permutation(1500)[:15]] = 1
    return numbered(rng.normal(size=(1500, 6)), [f"c{v}" for v in y])


def spikes(rng) -> dict:
    x = rng.normal(size=(500, 5))
    y = x[:, 0] + 0.5 * rng.normal(size=500) > 0
    x[rng.permutation(500)[:5], 2] = 1e6
    return numbered(x, [f"c{int(v)}" for v in y])


def leak(rng) -> dict:
    y = rng.normal(size=300)
    return numbered(
        rng.normal(size=(300, 4)), [f"{v:.6g}" for v in y], copy=[f"{v:.6g}" for v in y]
    )


def repeated_rows(rng) -> dict:
    x, y = rng.normal(size=(100, 5)), rng.integers(2, size=100)
    return numbered(np.tile(x, (5, 1)), [f"c{v}" for v in np.tile(y, 5)])


def constant_inputs(rng) -> dict:
    return numbered(np.ones((200, 3)), [f"c{v}" for v in rng.integers(2, size=200)])


def outlying_targets(rng) -> dict:
    x = rng.normal(size=(500, 4))
    y = x[:, 0] + 0.3 * rng.normal(size=500)
    y[rng.permutation(500)[:5]] = 1e6
    return numbered(x, [f"{v:.6g}" for v in y])


def drift(rng) -> dict:
    t = np.arange(700)
    x = rng.normal(size=(700, 6)) + np.linspace(0, 3, 700)[:, None] * np.array([1, 0, 0, 0, 0, 0])
    y = np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] + 0.3 * rng.normal(size=700)
    return numbered(x, [f"{v:.6g}" for v in y], t=t)


def groups(rng) -> dict:
    g = np.repeat(np.arange(20), 25)
    x = rng.normal(size=(500, 6)) + 2 * rng.normal(size=(20, 6))[g]
    y = (x[:, 0] + 3 * rng.normal(size=20)[g] > 0).astype(int)
    return numbered(x, [f"c{v}" for v in y], g=[f"g{v}" for v in g])


KNOWN = [
    Known("1 dead units", dead_units, "GUESSING", "bad", "dead_layer"),
    Known("1 relu on the logits", relu_on_logits, "GUESSING", "bad"),
    Known("1 all layers frozen", frozen, "GUESSING", "bad", "nothing_trains"),
    # 19 % of the validation rows are right by the luck of the initial weights
    Known("1 all layers of a lucky start frozen", partial(frozen, seed=6), "UNDERFITTING", "watch",
          "nothing_trains", lacks="more_capacity"),
    Known("2 augmentation destroys the digits", command(
        "model=cnn data.train_size=300 augment=heavy augment.rotate=180 augment.zoom=0.9 "
        "augment.noise=0.9 augment.erase=1 augment.crop=0.5 trainer.epochs=60"),
        "UNDERFITTING|GUESSING", "watch|bad", "without_regularization"),
    Known("3 one unit", command(
        "model=deep model.width=1 model.depth=2 reg=none trainer.epochs=60"),
        "UNDERFITTING", "watch", "more_capacity"),
    Known("4 as good as the constant", command(
        "data=diabetes model=deep model.width=1 reg=none trainer.epochs=60"),
        "GUESSING", "bad", "dead_layer"),
    Known("5 a target far from zero", unscaled_target, "GUESSING", "bad", "look_at_the_data",
          "subtract the mean", fast=True),
    Known("6 shuffled digits", table(shuffled_digits, "trainer.epochs=30"), "GUESSING", "bad",
          "nothing_learned"),
    Known("7 coin flips", table(coin_flips, "trainer.epochs=30"), "GUESSING", "bad",
          "nothing_learned"),
    Known("8 shuffled validation labels", shuffled_validation, "GUESSING", "bad",
          "nothing_learned", "labels belong to", fast=True),
    Known("9 the concept flips", table(flipping_concept, "data.time=t trainer.epochs=30"),
          "GUESSING", "bad", "nothing_learned", "one distribution"),
    Known("10 noise that was asked for", command(
        "data.label_noise=0.3 data.train_size=600 optimizer=sgd optimizer.learning_rate=0.02 "
        "optimizer.momentum=0 trainer.epochs=60"),
        "LEARNING|MEMORISING|LATE GAIN|CONVERGED|UNDER-TRAINED", "watch", "look_at_the_data",
        "label_noise=0.3"),
    Known("11 eighteen validation rows", command(
        "data.validation=0.01 trainer.epochs=40"),
        "LEARNING|MEMORISING|CONVERGED|UNDECIDED|LATE GAIN", "good|watch|unknown"),
    Known("12 outlying training targets", outliers_in_the_targets, "GUESSING|UNDER-TRAINED",
          "bad|watch", "look_at_the_data", "outliers"),
    Known("13 one class at 1 %", table(rare_class, "trainer.epochs=20"), "GUESSING", "bad",
          "look_at_the_data", "precision and recall"),
    Known("14 spikes in an input", table(spikes, "trainer.epochs=30"),
          "MEMORISING|OVERFITTING|UNDECIDED|CONVERGED|OVERCONFIDENT", "watch|bad|unknown",
          "look_at_the_data", "'x2' has values in"),
    Known("15 the target in a column", table(leak, "trainer.epochs=30"),
          "LEARNING|CONVERGED|LATE GAIN|UNDER-TRAINED|MEMORISING", "watch", "look_at_the_data",
          "alone predicts"),
    Known("16 validation rows are training rows", table(repeated_rows, "trainer.epochs=30"),
          "LEARNING|CONVERGED|UNDER-TRAINED|MEMORISING|LATE GAIN", "watch", "look_at_the_data"),
    Known("17 validation is training", validation_is_training,
          "LEARNING|CONVERGED|UNDER-TRAINED|LATE GAIN", "watch", "look_at_the_data",
          "100% of the measured", fast=True),
    Known("18 a linear model without signal", table(
        coin_flips, "model=linear reg=none trainer.epochs=60"), "GUESSING", "bad",
        "nothing_learned", lacks="more_capacity"),
    Known("19 constant inputs", table(constant_inputs, "trainer.epochs=20"), "GUESSING", "bad",
          "look_at_the_data", "No input varies"),
    Known("20 outlying targets", table(outlying_targets, "trainer.epochs=30"),
          "GUESSING|OVERFITTING|MEMORISING|UNDERFITTING", "bad|watch", "look_at_the_data",
          "outliers"),
    Known("22 a rate that makes validation jump", command(
        "optimizer=sgd optimizer.learning_rate=0.12 optimizer.schedule=constant reg=none "
        "trainer.epochs=25"), "UNSTABLE", "bad", "calm_down"),
    Known("23 inputs that drift", table(drift, "data.time=t reg=none stop=none trainer.epochs=40"),
          "OVERFITTING|DRIFT|GUESSING|UNDECIDED", "bad|unknown", "look_at_the_data",
          "not from one distribution"),
    Known("24 groups that differ", table(groups, "data.group=g reg=none trainer.epochs=40"),
          "OVERFITTING|DRIFT|GUESSING|OVERCONFIDENT", "bad|watch", "look_at_the_data", "group"),
    Known("25 many epochs without a penalty", command(
        "trainer.epochs=300 stop=none reg=none data.train_size=300"), "OVERCONFIDENT|UNDECIDED",
        "watch|unknown", "restore"),
    Known("26 the default run", command(""), "CONVERGED", "good", lacks="watch_the_clean_loss"),
    Known("27 nothing but noise, as asked", command(
        "data.label_noise=0.9 data.train_size=400 trainer.epochs=30"),
        "GUESSING|OVERFITTING|OVERCONFIDENT|MEMORISING|UNDECIDED", "bad|watch|unknown",
        "look_at_the_data", "label_noise=0.9"),
    Known("28 one step an epoch", command("trainer.batch_size=2000 trainer.epochs=60"),
          "CONVERGED|LEARNING|UNDER-TRAINED|LATE GAIN|MEMORISING", "good|watch"),
    Known("learned by heart: wine", command("data=wine"), "CONVERGED", "good", lacks="less_noise"),
    # the table of the issue: digits, wine and diabetes, chance is 2.30 and 0.10
    Known("the schedule ended: wine", command("data=wine model=linear reg=none trainer.epochs=60"),
          "UNDER-TRAINED", "watch", "train_longer", "Train for 600 epochs", fast=True),
    Known("the budget ended: wine", command("data=wine model=linear reg=none trainer.epochs=15"),
          "UNDER-TRAINED", "watch", "train_longer", "Train for 150 epochs", fast=True),
    Known("the schedule ended: diabetes", command(
        "data=diabetes model=linear reg=none trainer.epochs=60"),
        "UNDER-TRAINED", "watch", "train_longer"),
    Known("trained on: diabetes", command(
        "data=diabetes model=linear reg=none trainer.epochs=600"), "CONVERGED", "good"),
    Known("penalty too strong: l1", command("model=shallow reg=l1 reg.l1=0.1 trainer.epochs=60"),
          "GUESSING", "bad", "without_regularization", also="early_zeros"),
    Known("penalty too strong: l2", command("model=deep reg=l2 reg.l2=1 trainer.epochs=60"),
          "GUESSING", "bad", "without_regularization"),
    Known("not trained at all", command(
        "model=deep reg=none optimizer.learning_rate=1e-6 trainer.epochs=60"),
        "UNDER-TRAINED", "watch", "train_longer"),
    Known("under-trained", command(
        "model=deep reg=none optimizer.learning_rate=1e-5 trainer.epochs=60"),
        "UNDER-TRAINED", "watch", "train_longer"),
    Known("diverged to chance", command(
        "model=deep reg=none optimizer.learning_rate=0.3 trainer.epochs=60"), "GUESSING", "bad",
        "another_rate|dead_layer"),
    Known("noise too strong", command("dropout=light dropout.rate=0.97 trainer.epochs=60"),
          "GUESSING", "bad", "without_regularization"),
]  # fmt: skip

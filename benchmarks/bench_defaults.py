"""kreg's defaults beside converged references: no option but data, model and a penalty's strength.

    python benchmarks/bench_defaults.py
    python benchmarks/bench_defaults.py --seeds 1 --only wine,diabetes --longer 2

`model=linear` with an L2 penalty stands beside scikit-learn's converged solver of the same
objective on the same rows; `model=deep` and `cnn` beside the same network trained ten times as
long. `ratio` is kreg's validation loss over the reference's: the aim is at most 1.02, at 30 CPU
seconds a row. Both sides of a network are the best epoch of the run. The longer one is the best of
ten times as many looks at the same few rows, and so lower by luck as well: `fresh` is the ratio of
the losses that the same two sets of weights have on the test rows, by which neither was picked, of
the sums over the seeds. `test` is the mean difference of the test scores in their own units, with
its standard error over the seeds. The sets of `$KREG_DATA` are left out, with a sentence, where it
is not set.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from fashion import fashion
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
QUIET = ["trainer.verbose=quiet", "logger=none"]
L2 = 0.01
LINEAR = ["model=linear", "reg=l2", f"reg.l2={L2}"]
STEPS = 2_400  # of a network's default budget, see kreg/training/budget.py


def pictures(kind: str, folder: Path) -> list[str]:
    """80 noisy pictures in two classes: of two brightnesses, or with stripes of two directions."""
    import keras

    rng = np.random.default_rng(0)
    stripe = np.where(np.arange(16) % 4 < 2, 90, 150)
    means = {"brightness": (59, 170), "stripes": (stripe[:, None, None], stripe[None, :, None])}
    for label, mean in enumerate(means[kind]):
        (folder / str(label)).mkdir(parents=True)
        for i in range(40):
            x = np.clip(mean + rng.normal(0, 60, (16, 16, 3)), 0, 255)
            keras.utils.save_img(folder / str(label) / f"{i}.png", x, scale=False)
    return ["data=image_folder", f"data.path={folder}"]


def array(name: str, folder: Path) -> list[str]:
    """A set of `$KREG_DATA` as one npz file; pictures: the first 1,000 training rows."""
    if name == "fashion":
        (x, y), test = fashion()
        parts = {"x_train": x[:1000], "y_train": y[:1000], "x_test": test[0], "y_test": test[1]}
    else:
        stored = np.load(Path(os.environ["KREG_DATA"]) / STORED[name] / "data.npz")
        parts = {"x": stored["X_all"], "y": stored["y_all"]} if name == "prostate" else {
            f"{letter.lower()}_{part}": stored[f"{letter}_{part}"]
            for letter in "Xy" for part in ("train", "test")
        }  # fmt: skip
        if name == "cifar10":
            parts |= {key: parts[key][:1000] for key in ("x_train", "y_train")}
    folder.mkdir()
    np.savez(folder / "data.npz", **parts)
    return ["data=npz", f"data.path={folder / 'data.npz'}"]


STORED = {"leukemia": "leukemia_golub", "prostate": "prostate", "cifar10": "cifar10_small"}
MADE = {"brightness": pictures, "stripes": pictures}
MADE |= dict.fromkeys([*STORED, "fashion"], array)
NETWORKS = {"fashion": ["cnn"], "cifar10": ["cnn"], "brightness": ["deep", "cnn"]}
NETWORKS |= {"stripes": ["deep", "cnn"]}
SETS = ("wine", "breast_cancer", "diabetes", "digits", "synthetic", *MADE)


def named(name: str, folder: Path) -> list[str]:
    """What is typed for a data set; what is none of kreg's is put into a folder first."""
    return MADE[name](name, folder / name) if name in MADE else [f"data={name}"]


@dataclass(frozen=True)
class Run:
    """What one training ended with: clean validation losses, test score, processor seconds.

    `fresh` is the test loss of the weights that were kept, `fitted` the clean training loss at the
    end, `guessing` the validation loss of the best constant.
    """

    final: float
    best: float
    fitted: float
    guessing: float
    test: float
    fresh: float
    seconds: float
    verdict: str


def train(words: list[str]) -> Run:
    """One training by the program, in this process."""
    from kreg.launch.compose import compose_job
    from kreg.training import app

    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        app.run(compose_job([*QUIET, *words]), Path(folder))
        seconds = time.process_time() - began
        result = json.loads((Path(folder) / "result.json").read_text())
        report = json.loads((Path(folder) / "report.json").read_text())
        with open(Path(folder) / "history.csv", newline="") as file:
            losses = [float(row["val_clean_loss"]) for row in csv.DictReader(file)]
    metrics = result["metrics"]
    score = metrics.get("test_clean_accuracy", metrics.get("test_clean_rmse"))
    guessing = report["baseline"]["validation"]["loss"]
    ends = metrics["val_clean_loss"], min(losses), metrics["clean_loss"]
    fresh = metrics.get("test_clean_loss", float("nan"))
    return Run(*ends, guessing, score, fresh, seconds, result["verdict"])


def converged(words: list[str]) -> tuple[float, float]:
    """Validation loss and test score of scikit-learn's solver of the objective of `LINEAR`."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.metrics import log_loss, mean_squared_error

    from kreg.launch.compose import compose_job
    from kreg.training import plan, start

    config = compose_job([*QUIET, *words, *LINEAR])
    start.prepare(config.trainer, config.seed)
    made = plan.make(config)
    scale = getattr(made.model.layers[1], "scale", 1.0)
    sides = (made.data.train, made.data.validation, made.data.test)
    train, held, test = (side.in_memory() for side in sides)
    (x, y), n = (train.flat() * scale, train.y), len(train)
    if made.data.task == "regression":
        fitted = Ridge(alpha=L2 * n).fit(x, y.ravel())
        loss, error = (
            mean_squared_error(rows.y.ravel(), fitted.predict(rows.flat() * scale))
            for rows in (held, test)
        )
        return float(loss), float(error**0.5 * (made.data.target_scale or [1.0])[0])
    # two classes have one vector of weights, more have one each
    fitted = LogisticRegression(C=1 / (2 * L2 * n), tol=1e-8, max_iter=20_000).fit(x, y)
    loss = float(log_loss(held.y, fitted.predict_proba(held.flat() * scale)))
    return loss, float(fitted.score(test.flat() * scale, test.y))


@dataclass(frozen=True)
class Pair:
    """A run beside its reference: ratio of the validation losses, test score won, test losses."""

    run: Run
    ratio: float
    won: float
    fresh: tuple[float, float] = (float("nan"), float("nan"))


def linear(words: list[str], longer: int) -> Pair:
    found, (loss, score) = train([*words, *LINEAR]), converged(words)
    return Pair(found, found.final / loss, found.test - score)


def network(model: str, words: list[str], longer: int) -> Pair:
    found = train([*words, f"model={model}"])
    to_the_end = ["stop=patience", f"stop.patience={STEPS * longer}"]  # the best epoch is put back
    long = [f"trainer.steps={STEPS * longer}", *to_the_end]
    reference = train([*words, f"model={model}", *long])
    won, fresh = found.test - reference.test, (found.fresh, reference.fresh)
    return Pair(found, found.best / reference.best, won, fresh)


def row(name: str, model: str, words: list[str], seeds: int, longer: int) -> list[str]:
    """The printed numbers of one data set and model, over the seeds."""
    one = linear if model == "linear" else partial(network, model)
    found = [one([*words, f"seed={seed}"], longer) for seed in range(seeds)]
    runs, ratios = [pair.run for pair in found], [pair.ratio for pair in found]
    wins = [pair.won for pair in found]
    fresh = np.divide(*np.sum([pair.fresh for pair in found], axis=0))
    ratio, seconds = np.mean(ratios), np.mean([run.seconds for run in runs])
    error = np.std(wins, ddof=1) / len(wins) ** 0.5 if len(wins) > 1 else float("nan")
    loss = np.mean([run.final if model == "linear" else run.best for run in runs])
    said = ", ".join(sorted({run.verdict for run in runs}))
    numbers = [f"{loss:.4f}", f"{ratio:.3f}", f"{max(ratios):.3f}", f"{fresh:.3f}"]
    return [name, model, *numbers, f"{np.mean(wins):+.4g} ({error:.2g})", f"{seconds:.1f}", said]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default=",".join(SETS), help="data sets, with commas")
    parser.add_argument("--models", default="linear,deep,cnn", help="models, with commas")
    parser.add_argument("--longer", type=int, default=10, help="times the steps of the reference")
    arguments = parser.parse_args()
    head = ("data", "model", "val loss", "ratio", "largest", "fresh", "test", "cpu s", "verdicts")
    table = Table(*head)
    wanted = arguments.models.split(",")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only.split(","):
            if MADE.get(name) is array and "KREG_DATA" not in os.environ:
                print(f"{name} is left out: KREG_DATA does not say where it is")
                continue
            words = named(name, Path(folder))
            for model in ["linear", *NETWORKS.get(name, ["deep"])]:
                if model in wanted:
                    cells = row(name, model, words, arguments.seeds, arguments.longer)
                    table.add_row(*cells)
                    print(*cells, sep="  ", flush=True)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()

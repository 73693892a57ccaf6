"""How sure TabM is of small tables, and what one temperature on 26 validation rows changes.

    KREG_DATA=/path/to/data python benchmarks/bench_small_tables.py     # 15 fits, 160 CPU seconds

171 rows of each development set of `bench_tables.py` that has classes, 26 of them for validation,
as its report set glass has; at most 1,500 of the others are the test. Log loss: `as trained`;
`calibrated`, as `calibrate=true` does; `best`, by the temperature that the test rows themselves ask
for, which nobody has; and of scikit-learn's random forest.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from bench_tables import DEVELOPMENT, REGRESSION, Table, load
from scipy.optimize import minimize_scalar
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

import kreg
from kreg.launch.compose import compose_job
from kreg.training import app

SETS = [name for name in DEVELOPMENT if name not in REGRESSION]
ROWS, VALIDATION, TEST = 171, 26, 1500
FEWEST_WRONG = 5  # below that `calibrate=true` makes no model surer
HEADS = ("as trained", "calibrated", "best", "forest")


def log_loss(chances: np.ndarray, classes: np.ndarray) -> float:
    return float(-np.log(np.clip(chances[np.arange(len(classes)), classes], 1e-7, 1)).mean())


def scaled(chances: np.ndarray, temperature: float) -> np.ndarray:
    scores = np.log(np.clip(chances, 1e-7, 1)) / temperature
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def temperature_of(chances: np.ndarray, classes: np.ndarray) -> float:
    """That of the smallest log loss."""
    found = minimize_scalar(
        lambda s: log_loss(scaled(chances, np.exp(s)), classes), bounds=(-2, 3), method="bounded"
    )
    return float(np.exp(found.x))


def frame(x: np.ndarray, nominal: np.ndarray) -> pd.DataFrame:
    """A table as a user has it: categories are words."""
    found = pd.DataFrame(x, columns=[f"c{i}" for i in range(x.shape[1])])
    for i in np.flatnonzero(nominal):
        found[f"c{i}"] = [None if np.isnan(value) else f"v{int(value)}" for value in x[:, i]]
    return found


def tabm(parts: dict[str, Table], classes: int, seed: int) -> list[np.ndarray]:
    """Probabilities of the validation and of the test rows by `recipe=tabm`."""
    rows = {name: frame(part.x, part.nominal) for name, part in parts.items()}
    marked = [
        rows[name].assign(target=[f"k{label}" for label in part.y], part=name)
        for name, part in parts.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        path, run = Path(folder, "table.csv"), Path(folder, "run")
        pd.concat(marked).to_csv(path, index=False)
        data = ["data=csv", f"data.path={path}", "data.target=target", "data.split=part"]
        quiet = ["trainer.verbose=quiet", "logger=none"]
        app.run(compose_job(["recipe=tabm", *data, *quiet, f"seed={seed}"]), run)
        names = [f"probability_k{label}" for label in range(classes)]
        said = [kreg.load_run(run).predict(rows[name]) for name in ("validation", "test")]
    return [one[names].to_numpy() for one in said]


def measure(name: str, seed: int) -> list[float]:
    """One row of `HEADS`."""
    table = load(name)
    y = np.unique(table.y, return_inverse=True)[1]
    size = min(ROWS, int(0.8 * len(y)))
    some, rest = train_test_split(np.arange(len(y)), train_size=size, random_state=seed, stratify=y)
    train, validation = train_test_split(
        some, test_size=VALIDATION, random_state=seed, stratify=y[some]
    )
    places = {"train": train, "validation": validation, "test": rest[:TEST]}
    parts = {key: Table(table.x[rows], y[rows], table.nominal) for key, rows in places.items()}
    held_out, test = tabm(parts, y.max() + 1, seed)
    truth, answers = parts["validation"].y, parts["test"].y
    chosen = temperature_of(held_out, truth)
    if chosen < 1 and (held_out.argmax(axis=1) != truth).sum() < FEWEST_WRONG:
        chosen = 1.0
    forest = RandomForestClassifier(random_state=seed)
    forest.fit(np.nan_to_num(table.x[some], nan=-1), y[some])
    trees = forest.predict_proba(np.nan_to_num(parts["test"].x, nan=-1))
    best = temperature_of(test, answers)
    shown = (test, scaled(test, chosen), scaled(test, best), trees)
    return [log_loss(chances, answers) for chances in shown]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", default=SETS)
    chosen = parser.parse_args()
    print(f"{'':10}" + "".join(f"{head:>12}" for head in HEADS))
    found = []
    for name in chosen.sets:
        rows = np.array([measure(name, seed) for seed in range(chosen.seeds)])
        found.append(rows)
        print(f"{name:10}" + "".join(f"{value:12.3f}" for value in rows.mean(axis=0)), flush=True)
    rows = np.concatenate(found)
    gains = rows[:, 1:] - rows[:, :1]
    errors = gains.std(axis=0, ddof=1) / np.sqrt(len(gains))
    for head, gain, error in zip(HEADS[1:], gains.mean(axis=0), errors, strict=True):
        print(f"{head} less as trained: {gain:+.4f} +- {error:.4f}")


if __name__ == "__main__":
    main()

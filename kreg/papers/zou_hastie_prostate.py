"""The prostate table of the elastic net's paper, by gradient descent with kreg's penalties.

Zou & Hastie (Regularization and variable selection via the elastic net, 2005, Table 2): 67 men to
train, 30 to test, the data as they were used then (the weight of man 32 was corrected later).
`s` is the L1 norm as a fraction of its largest; kreg finds the strength for it by bisection. The
paper's elastic net is the naive one times `1 + lambda`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kreg import files
from kreg.foreign import npz
from kreg.papers.data_folder import data_folder
from kreg.papers.linear_fit import linear_model, train
from kreg.regularizers import L2, ElasticNet

FILE = "prostate/data.npz"
STEPS = 1500
BISECTIONS = 18
METHODS = {  # name -> (lambda, s, published test error, its standard error, published variables)
    "OLS": (0.0, 1.0, 0.586, 0.184, "all"),
    "ridge": (1.0, 1.0, 0.566, 0.188, "all"),
    "lasso": (0.0, 0.39, 0.499, 0.161, "1,2,4,5,8"),
    "naive elastic net": (1.0, 1.0, 0.566, 0.188, "all"),
    "elastic net": (1000.0, 0.26, 0.381, 0.105, "1,2,5,6,8"),
}


@dataclass
class Prostate:
    """Columns with mean 0 and variance 1 on the training rows, the target with mean 0."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def run(out_dir: str | Path, *, data_dir: str | Path | None = None) -> dict[str, Any]:
    """Fit the five methods, print the table beside the published one, write `table.json`.

    Args:
        out_dir: Where the table goes.
        data_dir: The folder that holds `prostate/data.npz`. Defaults to the environment's
            `KREG_DATA`.
    """
    data = load(data_folder(data_dir, FILE) / FILE)
    rows = [row(name, data) for name in METHODS]
    files.write_json(Path(out_dir) / "table.json", rows)
    print(table(rows))
    return {"rows": rows, "reproduced": all(r["reproduced"] for r in rows)}


def load(file: Path) -> Prostate:
    """The data of 2005, scaled on the training rows."""
    found = npz.arrays(file)
    x, y, rows = found["X_all_2005"], found["y_all"], found["is_train"].astype(bool)
    mean, scale = x[rows].mean(0), x[rows].std(0)
    x, y = (x - mean) / scale, y - y[rows].mean()
    return Prostate(x[rows], y[rows], x[~rows], y[~rows])


def row(name: str, data: Prostate) -> dict[str, Any]:
    """One line of the table, kreg's numbers and the published ones."""
    ridge, fraction, error, spread, variables = METHODS[name]
    w = fit(data, ridge, fraction)
    if name == "elastic net":
        w = w * (1 + ridge)
    squared = (data.y_test - data.x_test @ w) ** 2
    mine: dict[str, Any] = {
        "test_error": float(squared.mean()),
        "standard_error": float(squared.std(ddof=1) / np.sqrt(len(squared))),
        "variables": listed(w),
    }
    published = {"test_error": error, "standard_error": spread, "variables": variables}
    same = all(
        round(mine[k], 3) == v if isinstance(v, float) else mine[k] == v
        for k, v in published.items()
    )
    return {"method": name, "kreg": mine, "published": published, "reproduced": same}


def listed(w: np.ndarray) -> str:
    """Numbers of the variables in the model, counted from 1; or `all`."""
    alive = np.flatnonzero(w) + 1
    return "all" if len(alive) == len(w) else ",".join(map(str, alive))


def fit(data: Prostate, ridge: float, fraction: float) -> np.ndarray:
    """`RSS + ridge * |w|^2` in the paper's units, with the L1 norm cut to a fraction of its own.

    For columns of variance 1 and a mean squared error, `l2 = ridge` is the paper's lambda.
    """
    whole = linear_model(data.x, L2(ridge), STEPS)
    w = train(whole, data.x, data.y, STEPS)
    if fraction == 1.0:
        return w
    target = fraction * np.abs(w).sum()
    low, high = 0.0, 2 * np.abs(data.x.T @ data.y).max() / len(data.y)
    penalty = ElasticNet(high, ridge)
    model = linear_model(data.x, penalty, STEPS)
    for _ in range(BISECTIONS):
        penalty.l1 = 0.5 * (low + high)
        w = train(model, data.x, data.y, STEPS)
        too_long = np.abs(w).sum() > target
        low, high = (penalty.l1, high) if too_long else (low, penalty.l1)
    return w


def table(rows: list[dict[str, Any]]) -> str:
    lines = [f"{'method':18s} {'kreg':15s} {'variables':11s} {'published':15s} variables"]
    for r in rows:
        cells = [
            f"{r[side]['test_error']:.3f} ({r[side]['standard_error']:.3f})   "
            f"{r[side]['variables']:11s}"
            for side in ("kreg", "published")
        ]
        lines.append(f"{r['method']:18s} {' '.join(cells)}")
    return "\n".join(lines)

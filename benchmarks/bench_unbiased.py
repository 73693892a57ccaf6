"""What MCP and SCAD keep that the lasso shrinks, and whether kreg ends where skglm does.

    python benchmarks/bench_unbiased.py [--seeds 5] [--steps 1500]      (pip install skglm)

Linear regression of 100 rows on 200 columns with the correlation 0.7^|i - j|; 10 coefficients of
size 1 to 2 are not zero, and the noise is a third of the signal. Each method follows the same path
of ten strengths from the largest down, each from the solution before, on the objective
`||y - X w||^2 / (2 n) + R(w)`, and the strength is the best one on 100 further rows. `kreg` is
`SGD` with momentum on the full batch. With the defaults, means of five seeds, skglm 0.5:

    method          false  missed  distance  error  CPU s  same support  objective, ends
    lasso, skglm     28.2     0.0      1.74   4.70    0.0
    lasso, kreg      28.2     0.0      1.74   4.70    2.7           98%  +8.3e-13  +0.0e+00
    mcp, skglm        2.8     0.2      0.89   3.22    0.0
    mcp, kreg         2.8     0.2      0.89   3.22    2.9           76%  +4.6e-02  -5.0e-02
    scad, skglm       7.6     0.0      0.66   3.08    0.0
    scad, kreg        7.6     0.0      0.66   3.08    3.1           90%  +4.6e-02  -1.6e-02

`false` counts the columns that are kept and do not count, `distance` is to the true coefficients,
`error` the mean squared one on the further rows, `CPU s` the time of a whole path with its
compilation. `same support` is the share of the path where both keep the same columns, `objective`
how far kreg's is above skglm's, of its size. The chosen models have the same numbers; where
the supports differ, MCP and SCAD have several minima, and neither ends always in the lower one.
For a linear model alone, coordinate descent is far quicker.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

try:
    from skglm.datafits import Quadratic
    from skglm.penalties import L1, SCAD, MCPenalty
    from skglm.solvers import AndersonCD
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}. Install it with: pip install skglm") from error

import kreg

ROWS, COLUMNS, CORRELATION, SIGNALS = 100, 200, 0.7, 10
GAMMA = {"mcp": 3.0, "scad": 3.7}
STRENGTHS = np.geomspace(1.0, 0.03, 10)  # times the largest that is of use
EXECUTION = 100


def problem(seed: int) -> tuple[np.ndarray, ...]:
    """Training and validation rows, standardised by the training rows, and the coefficients."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2 * ROWS, COLUMNS))
    for j in range(1, COLUMNS):
        x[:, j] = CORRELATION * x[:, j - 1] + np.sqrt(1 - CORRELATION**2) * x[:, j]
    truth = np.zeros(COLUMNS)
    where = rng.choice(COLUMNS, SIGNALS, replace=False)
    truth[where] = rng.choice([-1, 1], SIGNALS) * rng.uniform(1, 2, SIGNALS)
    signal = x @ truth
    y = signal + signal.std() / 3 * rng.normal(size=2 * ROWS)
    mean, deviation, level = x[:ROWS].mean(0), x[:ROWS].std(0), y[:ROWS].mean()
    x, y, truth = (x - mean) / deviation, y - level, truth * deviation
    x, y, truth = (a.astype("float32").astype("float64") for a in (x, y, truth))
    return x[:ROWS], y[:ROWS], x[ROWS:], y[ROWS:], truth


def skglm_path(make: Callable[[float], Any], x, y, strengths) -> Iterator[np.ndarray]:
    """The solutions of coordinate descent, each from the one before."""
    w = np.zeros(x.shape[1])
    solver = AndersonCD(tol=1e-8, max_iter=200, max_epochs=50_000, fit_intercept=False)
    for strength in strengths:
        penalty = make(strength)
        w = solver.solve(np.asfortranarray(x), y, Quadratic(), penalty, w.copy(), x @ w)[0]
        yield w.copy()


def kreg_path(penalty, x, y, strengths, steps: int) -> Iterator[np.ndarray]:
    """The same of a dense unit; its strength changes without a new trace."""
    dense = keras.layers.Dense(
        1, use_bias=False, kernel_initializer="zeros", kernel_regularizer=penalty
    )
    model = keras.Sequential([keras.Input((x.shape[1],)), dense])
    steepest = np.linalg.eigvalsh(x.T @ x / len(x))[-1]
    optimizer = kreg.optimizers.SGD(0.5 / steepest, momentum=0.9)
    model.compile(optimizer, half_squared_error, steps_per_execution=EXECUTION)
    rows = x.astype("float32"), y.reshape(-1, 1).astype("float32")
    stream = tf.data.Dataset.from_tensors(rows).cache().repeat(steps)
    for strength in strengths:
        penalty.l1 = float(strength)
        model.fit(stream, shuffle=False, verbose=0)
        yield dense.get_weights()[0].ravel().astype("float64")


def half_squared_error(target, found):
    return keras.ops.square(target - found) / 2


def objective(w, x, y, penalty) -> float:
    return float(np.sum((y - x @ w) ** 2) / (2 * len(y)) + float(penalty.value(w)))


# by name: skglm's penalty of a strength, and kreg's
PENALTIES = {
    "lasso": (L1, lambda s: kreg.L1(s)),
    "mcp": (lambda s: MCPenalty(s, GAMMA["mcp"]), lambda s: kreg.MCP(s, GAMMA["mcp"])),
    "scad": (lambda s: SCAD(s, GAMMA["scad"]), lambda s: kreg.SCAD(s, GAMMA["scad"])),
}


def measured(name: str, seed: int, steps: int) -> list[dict[str, Any]]:
    """A row each for skglm and kreg: what was chosen, and how the two paths differ."""
    theirs, ours = PENALTIES[name]
    x, y, x_new, y_new, truth = problem(seed)
    strengths = STRENGTHS * np.max(np.abs(x.T @ y)) / len(y)
    paths, seconds = [], []
    for path in (
        lambda: skglm_path(theirs, x, y, strengths),
        lambda: kreg_path(ours(float(strengths[0])), x, y, strengths, steps),
    ):
        begin = time.process_time()
        paths.append(list(path()))
        seconds.append(time.process_time() - begin)
    penalties = [ours(float(s)) for s in strengths]
    values = [[objective(w, x, y, p) for w, p in zip(ws, penalties, strict=True)] for ws in paths]
    same = [np.array_equal(a != 0, b != 0) for a, b in zip(*paths, strict=True)]
    above = [(b - a) / a for a, b in zip(*values, strict=True)]
    rows = []
    for who, ws, spent in zip(("skglm", "kreg"), paths, seconds, strict=True):
        errors = [np.mean((y_new - x_new @ w) ** 2) for w in ws]
        w = ws[int(np.argmin(errors))]
        rows.append(
            {
                "method": f"{name}, {who}",
                "false": int(np.sum((w != 0) & (truth == 0))),
                "missed": int(np.sum((w == 0) & (truth != 0))),
                "distance": float(np.linalg.norm(w - truth)),
                "error": float(min(errors)),
                "seconds": spent,
                "same": float(np.mean(same)),
                "above": float(np.max(above)),
                "below": float(np.min(above)),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1500)
    options = parser.parse_args()
    found: dict[str, list[dict[str, Any]]] = {}
    for name in PENALTIES:
        list(skglm_path(PENALTIES[name][0], *problem(99)[:2], [1.0]))  # numba compiles
        for seed in range(options.seeds):
            for row in measured(name, seed, options.steps):
                found.setdefault(row["method"], []).append(row)
    print("method          false  missed  distance  error  CPU s  same support  objective, ends")
    for method, rows in found.items():
        mean = {key: np.mean([row[key] for row in rows]) for key in rows[0] if key != "method"}
        line = f"{method:15s} {mean['false']:5.1f}  {mean['missed']:6.1f}  {mean['distance']:8.2f}"
        line += f"  {mean['error']:5.2f}  {mean['seconds']:5.1f}"
        if method.endswith("kreg"):
            highest, lowest = max(r["above"] for r in rows), min(r["below"] for r in rows)
            line += f"  {mean['same']:12.0%}  {highest:+.1e}  {lowest:+.1e}"
        print(line, flush=True)


if __name__ == "__main__":
    main()

"""The tables, splits and published numbers that `gal_ghahramani` reads; NumPy only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kreg.foreign import json_text, npz

FOLDER, RESULTS = "uci_regression", "reference_results.json"


@dataclass(frozen=True)
class Splits:
    """The splits of one table, stacked along axis 1: training and validation rows, standardized.

    `y_validation`, `shift` and `scale` are in the units of the table.
    """

    name: str
    folder: Path
    x: np.ndarray
    y: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    shift: np.ndarray
    scale: np.ndarray


def files(names: list[str]) -> list[str]:
    """What must lie in the data folder for some of the tables."""
    wanted = [*(f"{name}.npz" for name in names), RESULTS]
    return [f"{FOLDER}/{name}" for name in wanted]


def load(folder: Path, name: str, splits: int) -> Splits:
    """The first `splits` published splits: 90 % of the rows, of them 80 % for training."""
    file = npz.arrays(folder / f"{name}.npz")
    x, y, rows = file["X"], file["y"], int(file["n_train"])
    random = np.random.RandomState(1)
    chosen = [random.choice(len(y), len(y), replace=False)[:rows] for _ in range(splits)]
    orders = np.stack(chosen, axis=1)
    training = int(0.8 * rows)
    x, y = x[orders], y[orders]
    x = standard(x, *moments(x[:training]))
    shift, scale = moments(y[:training])
    return Splits(
        name=name,
        folder=folder,
        x=x[:training].astype("float32"),
        y=standard(y[:training], shift, scale).astype("float32"),
        x_validation=x[training:].astype("float32"),
        y_validation=y[training:],
        shift=shift,
        scale=scale,
    )


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation over the rows; a constant column has deviation 1."""
    deviation = values.std(axis=0)
    return values.mean(axis=0), np.where(deviation == 0, 1.0, deviation)


def standard(values: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    return np.asarray((values - mean) / deviation)


def published(folder: Path, name: str, rate: float, tau: float) -> dict[str, list[float]]:
    """Mean and standard error over 20 splits of the three published figures of one cell."""
    results = json_text.read(folder / RESULTS, list[dict[str, Any]])
    entry = next(entry for entry in results if entry["dataset"] == name)
    keys = {
        "mc_rmse": "validation_MC_rmse_mean",
        "rmse": "validation_rmse_mean",
        "log_likelihood": "validation_ll_mean",
    }
    return {
        ours: next(row[2:4] for row in entry[theirs] if row[:2] == [rate, tau])
        for ours, theirs in keys.items()
    }

"""Scripted runs: curves whose verdict is known."""

import numpy as np

from kreg.diagnostics import Record


def run(train, validation, *, rows=200, noise=0.01, seed=0, correct=None, **fields) -> Record:
    """A record of clean curves with per-example losses around the validation's mean."""
    rng = np.random.default_rng(seed)
    base = rng.exponential(1.0, rows)
    base = base / base.mean()
    record = Record(**{"name": "scripted", "task": "classification", **fields})
    for i, (t, v) in enumerate(zip(train, validation)):
        values = {"clean_loss": t, "val_clean_loss": v, "loss": t + 0.2, "val_loss": v + 0.1}
        values |= {"penalty": 0.1}
        finite = v is not None and np.isfinite(v)
        examples = v * base + noise * abs(v) * rng.normal(size=rows) if finite else None
        if finite:
            examples += v - examples.mean()
        right = None if correct is None else np.arange(rows) < correct[i] * rows
        record.append(i + 1, values, examples=examples, correct=right)
    return record


EPOCHS = np.arange(1, 31)
FALLING = 1 / EPOCHS + 0.05
FLAT = np.full(30, 0.5)
RISING = 0.5 + 0.02 * EPOCHS
VALLEY = 0.5 + np.abs(EPOCHS - 10) * 0.02

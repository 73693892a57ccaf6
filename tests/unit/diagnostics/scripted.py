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
SHEET = "data:image/png;base64,iVBORw0KGgo="  # as `kreg.pages.png` encodes a picture


def full() -> Record:
    """Everything that a page can show, with names that must be escaped."""
    record = run(FALLING, VALLEY, name="<script>alert(1)</script> & co", loss="mse")
    record.sizes = {"train": 1000, "validation": 200, "measured": 200, "classes": 10}
    record.layers = [
        {"name": "dense", "type": "Dense", "params": 100, "regularization": "", "norm": 1.0},
        {"name": "out", "type": "Dense", "params": 10, "regularization": "L2", "zeros": 0.5},
        {"name": "flat", "type": "Flatten", "params": 0},
    ]
    rng = np.random.default_rng(0)
    side = {"confidence": rng.random(50), "correct": rng.random(50) < 0.5}
    record.calibration = {"train": side, "validation": side}
    record.events = [{"epoch": 12, "kind": "stop", "text": "stopped"}]
    record.settings, record.provenance = {"seed": 1}, {"kreg": "0.1.0"}
    record.inputs = {
        "weak_evidence": [{"name": "sharpness", "value": 1.5, "note": "a hint"}],
        "class_names": ["<b>cat</b>", "dog"],
        "balance": {"train": {"0": 30, "1": 10}, "validation": {"0": 8}},
        "hardest": [{"index": 7, "loss": 3.5, "label": 1, "right": False}],
        "found": ["3 rows are in both splits."],
        "samples": {"picture": SHEET, "captions": ["record 0, epoch 1"]},
    }
    record.task = "classification"
    return record


def csv_text(rows=30, **extra):
    """A `history.csv` of the valley."""
    columns = {"loss": FALLING, "val_loss": VALLEY, **extra}
    lines = [",".join(["epoch", *columns])]
    lines += [",".join([str(i), *(str(c[i]) for c in columns.values())]) for i in range(rows)]
    return "\n".join(lines) + "\n"

"""The bias ledger: what stands between the logged losses and the true ones."""

import math
from typing import TypedDict

import numpy as np

from kreg.diagnostics.record import Record


class TrainSide(TypedDict):
    logged: float
    clean: float
    noise: float
    penalty: float


class ValidationSide(TypedDict):
    logged: float | None
    clean: float
    penalty: float
    rest: float | None


class Ledger(TypedDict):
    """Both sides at one epoch, and the gaps between them; `None` where nothing was logged."""

    epoch: int
    train: TrainSide
    validation: ValidationSide
    logged_gap: float | None
    clean_gap: float


def latest(record: Record, epoch: int) -> Ledger | None:
    """The ledger at the last epoch up to `epoch` in which everything was measured."""
    needed = [record.curve(name) for name in ("loss", "clean_loss", "val_clean_loss")]
    whole = np.isfinite(needed).all(axis=0) & (np.array(record.epochs) <= epoch)
    there = np.flatnonzero(whole)
    return entry(record, record.epochs[there[-1]]) if there.size else None


def entry(record: Record, epoch: int) -> Ledger | None:
    """Both sides of the ledger at one epoch; `None` where no clean losses were measured.

        loss     = clean_loss     + noise + penalty
        val_loss = val_clean_loss + penalty (+ rest)

    Noise is what dropout, augmentation and label smoothing add, and the mean over the epoch.

    >>> record = Record()
    >>> record.append(1, dict(loss=1.5, clean_loss=1.0, penalty=0.2, val_loss=1.4,
    ...                       val_clean_loss=1.2))
    >>> {k: round(v, 6) for k, v in entry(record, 1)["train"].items()}
    {'logged': 1.5, 'clean': 1.0, 'noise': 0.3, 'penalty': 0.2}
    """
    at = record.epochs.index(epoch)
    loss, val_loss, clean, val_clean, penalty = (
        float(record.curve(name)[at])
        for name in ("loss", "val_loss", "clean_loss", "val_clean_loss", "penalty")
    )
    if not all(map(math.isfinite, (loss, clean, val_clean))):
        return None
    penalty = penalty if math.isfinite(penalty) else 0.0
    train: TrainSide = {
        "logged": loss,
        "clean": clean,
        "noise": loss - penalty - clean,
        "penalty": penalty,
    }
    known = math.isfinite(val_loss)
    validation: ValidationSide = {
        "logged": val_loss if known else None,
        "clean": val_clean,
        "penalty": penalty,
        "rest": val_loss - val_clean - penalty if known else None,
    }
    return {
        "epoch": epoch,
        "train": train,
        "validation": validation,
        "logged_gap": val_loss - loss if known else None,
        "clean_gap": val_clean - clean,
    }

"""The bias ledger: what stands between the logged losses and the true ones."""

import math

import numpy as np

from kreg.diagnostics.record import Record


def latest(record: Record, epoch: int) -> dict | None:
    """The ledger at the last epoch up to `epoch` in which everything was measured."""
    needed = [record.curve(name) for name in ("loss", "clean_loss", "val_clean_loss")]
    whole = np.isfinite(needed).all(axis=0) & (np.array(record.epochs) <= epoch)
    there = np.flatnonzero(whole)
    return entry(record, record.epochs[there[-1]]) if there.size else None


def entry(record: Record, epoch: int) -> dict | None:
    """Both sides of the ledger at one epoch; `None` where no clean losses were measured.

        loss     = clean_loss     + running mean + noise and augmentation + penalty
        val_loss = val_clean_loss + penalty (+ rest)

    Without `noisy_loss` the first two parts cannot be told apart: `running_mean` is `None` and
    `noise` holds both.

    >>> record = Record()
    >>> record.append(1, dict(loss=1.5, clean_loss=1.0, penalty=0.2, val_loss=1.4,
    ...                       val_clean_loss=1.2, noisy_loss=1.1))
    >>> {k: v and round(v, 6) for k, v in entry(record, 1)["train"].items()}
    {'logged': 1.5, 'clean': 1.0, 'running_mean': 0.2, 'noise': 0.1, 'penalty': 0.2}
    """
    at = record.epochs.index(epoch)
    loss, val_loss, clean, val_clean, penalty, noisy = (
        float(record.curve(name)[at])
        for name in ("loss", "val_loss", "clean_loss", "val_clean_loss", "penalty", "noisy_loss")
    )
    if not all(map(math.isfinite, (loss, clean, val_clean))):
        return None
    penalty = penalty if math.isfinite(penalty) else 0.0
    split = math.isfinite(noisy)
    train = {
        "logged": loss,
        "clean": clean,
        "running_mean": loss - penalty - noisy if split else None,
        "noise": noisy - clean if split else loss - penalty - clean,
        "penalty": penalty,
    }
    known = math.isfinite(val_loss)
    validation = {
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

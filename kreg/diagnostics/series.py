"""The two curves that are judged, cleaned of epochs without a validation."""

import functools
import math
from dataclasses import dataclass

import numpy as np

from kreg.diagnostics.record import Record
from kreg.diagnostics.statistics import paired_se

CLEAN = ("clean_loss", "val_clean_loss")
LOGGED = ("loss", "val_loss")
ERROR = "train_standard_error"
REFINED = "val_refined_loss"


@dataclass(frozen=True)
class Series:
    """Training and validation loss at the epochs that have a validation loss.

    Args:
        epochs: Whole numbers of shape (t,).
        train: Floats of shape (t,); where it was not measured, the last measured one; NaN before
            the first.
        validation: Floats of shape (t,).
        examples: For each of the t epochs an array of shape (n,), or `None`.
        correct: For each of the t epochs a boolean array of shape (n,), or `None`.
        names: Names of the two curves.
        measured: Booleans of shape (t,): where the training loss was measured.
        penalty: Floats of shape (t,): the penalties' sum, 0 where there is none.
        train_error: Floats of shape (t,): standard error of the training loss, NaN where it is not
            known.
        refined: Floats of shape (t,): what one temperature leaves of the validation loss, NaN where
            it was not measured.
    """

    epochs: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    examples: list[np.ndarray | None]
    correct: list[np.ndarray | None]
    names: tuple[str, str]
    measured: np.ndarray
    penalty: np.ndarray
    train_error: np.ndarray
    refined: np.ndarray

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def honest(self) -> bool:
        """Whether the validation curve is the clean one."""
        return self.names[1] == CLEAN[1]

    @property
    def comparable(self) -> bool:
        """Whether both losses are of one kind, so that their difference means something."""
        return self.names in (CLEAN, LOGGED)

    @property
    def one_sided(self) -> bool:
        """Whether nothing is known of the training loss."""
        return not np.isfinite(self.train).any()

    @functools.cached_property
    def errors(self) -> np.ndarray:
        """Standard errors of the validation loss, shape (t,); NaN without per-example losses.

        Every check of a walk asks for those of many epochs: each is computed once.
        """
        return np.array([math.nan if rows is None else paired_se(rows) for rows in self.examples])

    @property
    def best(self) -> int | None:
        """Position of the smallest finite validation loss."""
        finite = np.where(np.isfinite(self.validation), self.validation, np.inf)
        return int(finite.argmin()) if np.isfinite(finite).any() else None


def judged(record: Record) -> Series:
    """The clean curves where they were measured, else the logged ones.

    Where the clean training loss is the only one that was not measured, Keras's `loss` without the
    penalty stands for it: noisy and late, but it tells a fall from a rest.
    """
    names = CLEAN if record.measured(CLEAN[1]).any() else LOGGED
    if names == CLEAN and not record.measured(CLEAN[0]).any() and record.measured(LOGGED[0]).any():
        names = LOGGED[0], CLEAN[1]
    there = np.flatnonzero(record.measured(names[1]))
    penalty = record.curve("penalty") if names[1] == CLEAN[1] else np.zeros(len(record.epochs))
    penalty = np.nan_to_num(penalty, nan=0.0, posinf=0.0, neginf=0.0)
    train = record.curve(names[0]) - (penalty if names == (LOGGED[0], CLEAN[1]) else 0.0)
    return Series(
        epochs=np.array(record.epochs, dtype=int)[there],
        train=carried(train, record.measured(names[0]))[there],
        validation=record.curve(names[1])[there],
        examples=[record.examples[i] for i in there],
        correct=[record.correct[i] for i in there],
        names=names,
        measured=record.measured(names[0])[there],
        penalty=penalty[there],
        train_error=carried(record.curve(ERROR), record.measured(ERROR))[there],
        refined=record.curve(REFINED)[there]
        if names[1] == CLEAN[1]
        else np.full(len(there), np.nan),
    )


def carried(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Each missing value replaced by the last one that is there.

    >>> carried(np.array([np.nan, 1.0, np.nan, 3.0]), np.array([False, True, False, True]))
    array([nan,  1.,  1.,  3.])
    """
    if not len(values):
        return values
    last = np.maximum.accumulate(np.where(there, np.arange(len(values)), -1))
    return np.where(last >= 0, values[np.maximum(last, 0)], np.nan)

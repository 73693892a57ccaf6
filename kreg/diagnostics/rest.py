"""Was a training over when it ended? What a schedule or a budget stops has not converged.

Two kinds of evidence: a restart at the end, on a copy of the weights; else, where the losses rest,
the word that was said while the learning rate was still high.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kreg.diagnostics.record import Record

WORTH = 0.02  # of a loss: less is no gain to train on for
NEAR = 1e-3  # of what guessing costs: with so little left to gain a training is at its end
Z = -1.64  # paired z of the validation rows below which their loss has fallen: 5 %, one-sided
HIGH = 0.5  # of the largest learning rate: below it the schedule may be what rests
STEADY = 0.9  # of the largest learning rate: above it no schedule was at work

# words that say "more training changes nothing", or blame something else for it
RESTING = ("CONVERGED", "UNDERFITTING", "MEMORISING", "GUESSING", "UNDECIDED")
# words that say "more training helps": at the end of a training that goes without saying no longer
MOVING = ("LEARNING", "LATE GAIN", "SETTLING")
# words that a few more steps can turn into UNDER-TRAINED
ASKED = (*RESTING, *MOVING)
# of these, those that a schedule alone can bring about
STOPPED = ("CONVERGED", "UNDERFITTING", "MEMORISING")


def falls_on(restart: Mapping[str, Any]) -> bool:
    """Whether both clean losses and the penalised training loss fall when training goes on.

    >>> falls_on({"train": [0.5, 0.1], "validation": [0.6, 0.2], "penalty": [0, 0], "z": -6.0})
    True
    >>> falls_on({"train": [0.5, 0.1], "validation": [0.6, 0.7], "penalty": [0, 0], "z": 2.0})
    False
    """
    known = restart.get("z") is None or restart["z"] < Z
    return known and fell(restart)


def fell(restart: Mapping[str, Any]) -> bool:
    """Whether they fell, be it by the chance of the validation rows."""
    objective = np.add(restart["train"], restart["penalty"])
    sides = (restart["train"], restart["validation"], objective)
    return all(fall(values) > WORTH for values in sides)


def cannot_tell(record: Record) -> bool:
    """Whether all of them fell, and the validation rows are too few to tell it from chance.

    >>> record = Record(baseline={"train": {"loss": 1.1}})
    >>> record.restart = {"train": [0.5, 0.3], "validation": [0.6, 0.5], "penalty": [0, 0]}
    >>> record.restart["z"] = -0.9
    >>> cannot_tell(record)
    True
    """
    found = record.restart
    return bool(found) and fell(found) and not falls_on(found) and not spent(record)


def fall(values: Sequence[float]) -> float:
    """The share of the value before by which it has fallen; negative for a rise.

    >>> fall([2.0, 1.0])
    0.5
    """
    before, after = values
    return float((before - after) / (abs(before) or 1.0))


def spent(record: Record) -> bool:
    """Whether the training objective has next to nothing left to fall to zero.

    What is learned by heart can go on to lower both losses by factors, of next to nothing.

    >>> record = Record(baseline={"train": {"loss": 1.1}})
    >>> record.restart = {"train": [1e-4, 1e-7], "penalty": [0.0, 0.0]}
    >>> spent(record)
    True
    """
    guess = record.baseline.get("train", {}).get("loss", 0.0)
    left = record.restart["train"][0] + record.restart["penalty"][0]
    return bool(0 <= left <= NEAR * guess)


def last_free(rates: np.ndarray) -> int | None:
    """Position of the last epoch with a high learning rate; `None` where no rate is known.

    Args:
        rates: Learning rates of shape (epochs,), NaN where not known.

    >>> last_free(np.array([0.1, 0.1, 0.06, 0.02, 0.0]))
    2
    """
    if not np.isfinite(rates).any():
        return None
    return int(np.flatnonzero(rates >= HIGH * np.nanmax(rates))[-1])


def decayed(record: Record) -> bool:
    """Whether the learning rate at the end is far below its maximum."""
    rates = record.curve("learning_rate")
    known = rates[np.isfinite(rates)]
    return bool(known.size) and known[-1] < HIGH * known.max()


def resolved(state: str, states: Sequence[str], epochs: Sequence[int], record: Record) -> str:
    """The word of the last epoch, once it is known whether its losses were free to move.

    Args:
        state: The word from the curves alone.
        states: The words of all validated epochs.
        epochs: Those epochs.
        record: What the run has measured.
    """
    if state in ASKED and record.restart:
        return "UNDER-TRAINED" if falls_on(record.restart) and not spent(record) else state
    if state not in STOPPED or not decayed(record):
        return state
    free = record.epochs[last_free(record.curve("learning_rate")) or 0]
    before = [word for word, epoch in zip(states, epochs, strict=True) if epoch <= free]
    return state if before and before[-1] in RESTING else "SCHEDULE ENDED"

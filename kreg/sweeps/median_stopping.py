"""When a running trial of a search is hopeless: the median rule."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kreg.config.root import AUTO
from kreg.sweeps import journal as journals
from kreg.sweeps.results import OBJECTIVE

Rule = Callable[[Sequence[float]], bool]  # a training's losses so far -> whether to end it
JOURNAL = "trials.jsonl"
ENOUGH = 5  # curves of others, before anything is called hopeless


def worse_than_half(curve: Sequence[float], others: Sequence[Sequence[float]]) -> bool:
    """Whether the best value so far is worse than the median of the others' best until then.

    The median rule of Golovin et al. (Vizier, 2017), here for best values.

    Args:
        curve: The running trial's losses, one an epoch.
        others: Finished trials' losses; those that are shorter than `curve` say nothing.
    """
    step = len(curve)
    reached = [min(other[:step]) for other in others if len(other) >= step]
    return len(reached) >= ENOUGH and min(curve) > float(np.median(reached))


def rule(sweeper: Mapping[str, Any], folder: str | Path, objective: str) -> Rule | None:
    """The rule for a job of a search, or `None` where nothing may be cut short.

    The other trials are read from the search's journal, so every launcher's jobs know them.

    Args:
        sweeper: Hydra's configuration of the sweeper.
        folder: The search's directory.
        objective: What the search compares: curves are those of the clean validation loss, and
            say nothing about another one than it, or than the error that goes with it.
    """
    if not sweeper.get("prune") or objective not in (AUTO, OBJECTIVE):
        return None
    curves = known_curves(Path(str(folder)) / JOURNAL)
    return lambda curve: worse_than_half(curve, curves)


def known_curves(journal: Path) -> list[list[float]]:
    """The curves of the good trials in a journal."""
    if not journal.is_file():
        return []
    trials = journals.trials(journals.whole(journal))
    return [t["curve"] for t in trials if t["curve"] and math.isfinite(t["value"])]

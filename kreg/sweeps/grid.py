"""A grid of settings: every combination once. A penalty without a strength has no place in two."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from kreg.config.strengths import KEY, WITHOUT

T = TypeVar("T")
IDLE = {f"reg={kind}" for kind in WITHOUT}


def once(jobs: Sequence[Sequence[T]], word: Callable[[T], str] = str) -> list[list[T]]:
    """The jobs of a grid; `reg=none` goes without the others' strengths, and stands there once.

    Where no job has a use for the strength all stay as they are: that is a mistake, and is told.

    Args:
        jobs: The overrides of each.
        word: An override as `key=value`.

    >>> once([["reg=none", "reg.strength=1"], ["reg=none", "reg.strength=2"],
    ...       ["reg=l1", "reg.strength=1"]])
    [['reg=none'], ['reg=l1', 'reg.strength=1']]
    """
    if all(is_idle(job, word) for job in jobs):
        return [list(job) for job in jobs]
    found: list[list[T]] = []
    seen = set()
    for job in jobs:
        kept = fitting(job, word)
        told = tuple(map(word, kept))
        if len(kept) == len(job) or told not in seen:
            found.append(kept)
        seen.add(told)
    return found


def fitting(job: Sequence[T], word: Callable[[T], str] = str) -> list[T]:
    """The overrides of one job of several kinds; without `reg.strength` where its kind has none."""
    idle = is_idle(job, word)
    return [part for part in job if not (idle and word(part).startswith(f"{KEY}="))]


def is_idle(job: Sequence[T], word: Callable[[T], str] = str) -> bool:
    """Whether a job's penalty has no strength."""
    return any(word(part) in IDLE for part in job)

"""Whether the runs of a sweep were trained to the end; else they compare speeds, not settings."""

import pandas as pd

from kreg.sweeps.reading import Sweep

UNFINISHED = ("UNDER-TRAINED", "SCHEDULE ENDED")
MARK = " *"  # behind the objective of a run that was not trained to the end
MOST = 0.5  # of the runs of a level


def unfinished(runs: pd.DataFrame) -> pd.Series:
    """Booleans: which runs stopped because of their budget or their schedule."""
    if "verdict" not in runs:
        return pd.Series(False, runs.index)
    return runs["verdict"].isin(UNFINISHED)


def at_the_end(runs: pd.DataFrame) -> pd.Series:
    """Booleans: in which runs the best epoch is the last one, so that a next one may be better."""
    if "best_epoch" not in runs or "epochs" not in runs:
        return pd.Series(False, runs.index)
    return runs["best_epoch"].notna() & (runs["best_epoch"] == runs["epochs"])


def sentences(sweep: Sweep) -> list[str]:
    """What must be said about the length of the trainings."""
    return cut_short(sweep.done) + still_falling(sweep)


def cut_short(done: pd.DataFrame) -> list[str]:
    """A sentence where runs are under-trained: their differences may be about that."""
    count = int(unfinished(done).sum())
    if not count:
        return []
    return [
        f"{count} of {len(done)} runs are under-trained or ended by their schedule (marked"
        f"{MARK}): what differs between settings may be how fast they train. Repeat the sweep "
        "with more epochs."
    ]


def still_falling(sweep: Sweep) -> list[str]:
    """A sentence for each level most of whose runs were best at their last epoch."""
    done = sweep.done
    last = at_the_end(done)
    levels = [
        (f"{factor}={level}", last[done[factor] == level])
        for factor in sweep.varied
        for level in done[factor].dropna().unique()
    ]
    found = [(name, runs) for name, runs in levels if runs.mean() > MOST]
    if len(found) == len(levels) and found:
        return [said("", last)]
    return [said(f" of {name}", runs) for name, runs in found]


def said(which: str, last: pd.Series) -> str:
    return (
        f"In {int(last.sum())} of {len(last)} runs{which} the best epoch is the last one: more "
        "epochs may be better still."
    )

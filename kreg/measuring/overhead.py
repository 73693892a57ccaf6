"""How much time measuring takes, and what to measure less of when it is too much."""

from collections.abc import Mapping
from typing import Any

FLOOR = 256  # fewer training rows than this say too little
LONGEST = 8  # epochs between two measurements of the training side
FEWEST, MOST = 512, 2048  # validation rows: below, the error hides what an onset is worth


def rows_for(train: int | None, budget: float) -> int:
    """Validation rows that cost four fifths of `budget`: a step costs three forward passes.

    Sizes decide and no clock: stopping rules read these rows, and they must be the same everywhere.

    >>> rows_for(6000, 0.05), rows_for(1257, 0.05), rows_for(60000, 0.05), rows_for(None, 0.05)
    (720, 512, 2048, 2048)
    """
    return MOST if train is None else min(MOST, max(FEWEST, round(0.8 * budget * 3 * train)))


class Overhead:
    """Keeps `seconds measuring / seconds training` below `budget` by thinning the training side.

    First the training rows are halved, down to 256, then they are measured every 2nd, 4th, 8th
    epoch; `sentence()` says what came of it. The validation side, which stopping rules read, is
    never thinned: clocks must not decide what a training does.

    Args:
        rows: Training rows at the start.
        budget: Number > 0, share of the training time. Defaults to `0.05`.
    """

    state = ("rows", "every", "seen", "measuring", "training", "exceeded")

    def __init__(self, rows: int, budget: float = 0.05) -> None:
        self.rows = rows
        self.all = rows
        self.budget = budget
        self.every = 1
        self.seen = 0
        self.measuring = self.training = 0.0
        self.exceeded = False

    def due(self, position: int) -> bool:
        """Whether the training side is measured at the position-th epoch of this training."""
        return position % self.every == 0

    def add(self, measuring: float, training: float) -> None:
        """Count an epoch's seconds; the first one compiles and is left out."""
        self.seen += 1
        if self.seen > 1:
            self.measuring += measuring
            self.training += training

    @property
    def share(self) -> float:
        """Seconds of measuring per second of training, first epoch left out."""
        return self.measuring / self.training if self.training > 0 else 0.0

    def adapt(self) -> None:
        """Thin by one step if the last epochs cost too much."""
        if self.seen < 3 or self.share <= self.budget or self.exceeded:
            return
        if self.rows // 2 >= FLOOR:
            self.rows //= 2
        elif self.every < LONGEST:
            self.every *= 2
        else:
            self.exceeded = True
            return
        self.seen, self.measuring, self.training = 1, 0.0, 0.0

    def sentence(self) -> str:
        """What was thinned and what measuring still costs, or nothing."""
        if self.rows == self.all and self.every == 1:
            return ""
        rows = f" uses {self.rows} of {self.all} rows" if self.rows < self.all else ""
        every = f" is measured every {self.every} epochs" if self.every > 1 else ""
        text = f"To save time the clean training curve{' and'.join(filter(None, (rows, every)))}."
        if not self.exceeded:
            return text
        return (
            f"{text} Measuring still takes {self.share:.0%} of the training time, most of it for "
            "validation: pass a smaller `rows` to spend less."
        )

    def get_state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.state}

    def set_state(self, state: Mapping[str, Any]) -> None:
        for name in self.state:
            setattr(self, name, state[name])

"""How much time measuring takes, and what to measure less of when it is too much."""

FLOOR = 256  # fewer training rows than this say too little
LONGEST = 8  # epochs between two measurements of the training side


class Overhead:
    """Keeps `seconds measuring / seconds training` below `budget` by thinning the training side.

    First the training rows are halved, down to 256, then they are measured every 2nd, 4th, 8th
    epoch. The validation side, which stopping rules read, is never thinned: clocks must not decide
    what a training does.

    Args:
        rows: Training rows at the start.
        budget: Number > 0, share of the training time. Defaults to `0.05`.
    """

    state = ("rows", "every", "seen", "measuring", "training", "exceeded")

    def __init__(self, rows: int, budget: float = 0.05):
        self.rows = rows
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

    def adapt(self) -> str:
        """Thin by one step if the last epochs cost too much; a sentence about it, or empty."""
        if self.seen < 3 or self.share <= self.budget or self.exceeded:
            return ""
        share = f"Measuring took {self.share:.0%} of the training time"
        self.seen, self.measuring, self.training = 1, 0.0, 0.0
        if self.rows // 2 >= FLOOR:
            self.rows //= 2
            return f"{share}; the clean training curve now uses {self.rows} rows."
        if self.every < LONGEST:
            self.every *= 2
            return f"{share}; the clean training curve is now measured every {self.every} epochs."
        self.exceeded = True
        return f"{share}, most of it for validation; pass a smaller `rows` to spend less."

    def get_state(self) -> dict:
        return {name: getattr(self, name) for name in self.state}

    def set_state(self, state: dict) -> None:
        for name in self.state:
            setattr(self, name, state[name])

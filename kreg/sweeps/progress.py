"""One line a job: which of how many, what it is told, and how long the rest will take."""

import sys


class Progress:
    """Prints to the error stream, so that a sweep's table can be piped.

    Args:
        total: How many jobs there are.
    """

    def __init__(self, total: int):
        self.total = total
        self.reached = 0
        self.seconds: list[float] = []

    def start(self, told: str) -> None:
        self.reached += 1
        self.say(f"job {self.reached} of {self.total}{self.left()}: {told}")

    def skip(self, told: str) -> None:
        self.reached += 1
        self.say(f"job {self.reached} of {self.total} is done already: {told}")

    def end(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def left(self) -> str:
        """The time that this job and those after it will take if they are like those before."""
        if not self.seconds:
            return ""
        mean = sum(self.seconds) / len(self.seconds)
        return f", about {spoken(mean * (self.total - self.reached + 1))} left"

    @staticmethod
    def say(line: str) -> None:
        print(f"kreg: {line}", file=sys.stderr, flush=True)


def spoken(seconds: float) -> str:
    """`40 s`, `12 min` or `3.5 h`.

    >>> spoken(40), spoken(700), spoken(12600)
    ('40 s', '12 min', '3.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"

"""One line a job: which of how many, the time left, what the job is told, and what came out."""

import sys

from kreg.printable import printable


class JobProgress:
    """Prints to the error stream, so that a sweep's table can be piped.

    Args:
        total: How many jobs there are.
        reached: How many of them an earlier process has done.
    """

    def __init__(self, total: int, reached: int = 0) -> None:
        self.total = total
        self.reached = reached
        self.seconds: list[float] = []

    def start(self, told: str) -> None:
        """The first half of the line, before the job."""
        self.reached += 1
        self.say(f"kreg: job {self.reached} of {self.total}{self.left()}: {told}")

    def end(self, seconds: float, outcome: str) -> None:
        """The second half of it, after the job."""
        self.seconds.append(seconds)
        self.say(f" -> {outcome}, {spoken(seconds)}\n")

    def skip(self, told: str) -> None:
        """The line of a job that has a result already."""
        self.reached += 1
        self.say(f"kreg: job {self.reached} of {self.total} is done already: {told}\n")

    def left(self) -> str:
        """The time that this job and those after it will take if they are like those before."""
        if not self.seconds:
            return ""
        mean = sum(self.seconds) / len(self.seconds)
        return f", about {spoken(mean * (self.total - self.reached + 1))} left"

    @staticmethod
    def say(text: str) -> None:
        print(printable(text), file=sys.stderr, end="", flush=True)


def spoken(seconds: float) -> str:
    """`4.2 s`, `40 s`, `12 min` or `3.5 h`.

    >>> spoken(4.21), spoken(40), spoken(700), spoken(12600)
    ('4.2 s', '40 s', '12 min', '3.5 h')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"

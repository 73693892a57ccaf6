"""How many jobs a command line is, told before the first one, and which of them are checked."""

import math
import time
from collections.abc import Callable, Iterator

from hydra.core.override_parser.types import Override

from kreg.config.validate import ConfigError
from kreg.launch import commandline
from kreg.launch.commandline import CommandLine
from kreg.printable import say
from kreg.sweeps.job_progress import spoken

Job = list[Override]
MOST = 10_000  # jobs of one sweep
MOST_SAMPLED = 64  # settings of a search that are checked beside one with each value
MANY = 100  # jobs, from which on composing all of them takes a while
PAUSE = 10.0  # seconds between two words about that


def is_enormous(line: CommandLine) -> bool:
    """Whether the product of all values is more than a sweep may have."""
    return math.prod(commandline.sizes(line).values()) > MOST


def refuse_enormous(line: CommandLine, check: Callable[[Job], object]) -> None:
    """Refuse a grid whose product is enormous, before it is made.

    Args:
        line: The command line.
        check: Checks a job; called once, to say how long checking all of them would take.

    Raises:
        ConfigError: With how many jobs there would be, and how long that takes.
    """
    if not (line.multirun and is_enormous(line)):
        return
    sizes = commandline.sizes(line)
    count, began = math.prod(sizes.values()), time.monotonic()
    check(commandline.first_values(line))
    takes = spoken((time.monotonic() - began) * count)
    product = " x ".join(f"{key} {size:,}" for key, size in sizes.items())
    raise ConfigError(
        f"This would be {count:,} jobs ({product}), and a sweep has at most {MOST:,}: checking "
        f"them alone would take about {takes}. Give fewer values, or let a search draw from them: "
        "hparams_search=random hydra.sweeper.trials=100."
    )


def of_search(line: CommandLine) -> list[Job]:
    """What is checked of a search, which draws a few of very many: each value, and some others."""
    return commandline.each_once(line) + commandline.some(line, MOST_SAMPLED)


def with_progress(jobs: list[Job]) -> Iterator[Job]:
    """The jobs; of many it is said how many there are, and how long checking them will take."""
    if len(jobs) <= MANY:
        yield from jobs
        return
    say(f"checking {len(jobs):,} jobs before the first one starts")
    began = said = time.monotonic()
    for number, overrides in enumerate(jobs):
        yield overrides
        now = time.monotonic()
        if now - said >= PAUSE:
            left = (now - began) / (number + 1) * (len(jobs) - number - 1)
            say(f"checked {number + 1:,} of {len(jobs):,} jobs, about {spoken(left)} left")
            said = now

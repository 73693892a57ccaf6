"""The lines on the terminal before a training and after it."""

import sys
from typing import Any

from kreg.config.root import Config
from kreg.printable import say
from kreg.runs import RunDirectory, summary
from kreg.training import averaging
from kreg.training.plan import Plan


def announce(training: Plan, device: str, config: Config) -> None:
    """The line before a training, and why its rule restores less than one might expect."""
    summary.announce(training.facts() | {"device": device}, config.trainer.verbose)
    if (alone := averaging.told(training, config)) and config.trainer.verbose != "quiet":
        summary.print_line(None, alone, style="dim")


def show(result: dict[str, Any], place: RunDirectory, config: Config) -> None:
    """The lines after a training; they are no reason to lose what is on the disk."""
    try:
        summary.show(result, place.path, config.trainer.verbose)
    except Exception as error:  # whatever it is, the run is done
        told = f"{place.path} is done; its summary failed ({type(error).__name__}: {error})."
        say(told, sys.stdout)

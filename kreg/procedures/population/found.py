"""The schedule that a population has found, as a configuration of one run and as an option file."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kreg import files
from kreg.config.root import Config
from kreg.config.validate import validate
from kreg.procedures import ingredients
from kreg.procedures.population import generations
from kreg.procedures.population.generations import Generation

OPTION = "population_best"
TRAINER = (*ingredients.LENGTH, "steps", "label_smoothing", "jit_compile")


def configuration(config: Config, done: Sequence[Generation], line: Sequence[int]) -> Config:
    """The configuration of one run whose numbers change as they did along a line.

    Args:
        config: Of a member.
        done: All generations.
        line: Whose place the state had in each of them.
    """
    tree = config.to_dict()
    for key in done[0].numbers[0]:
        group, name = key.split(".")
        tree[group][name] = moving(*generations.schedule(done, line, key))
    return validate(tree)


def moving(boundaries: list[int], values: list[float]) -> float | dict[str, Any]:
    """A schedule by epochs in the words of the configuration; a number where nothing changes.

    >>> moving([], [0.1]), moving([5], [0.1, 0.2])["values"]
    (0.1, [0.1, 0.2])
    """
    if not boundaries:
        return values[0]
    return {"kind": "piecewise", "unit": "epoch", "boundaries": boundaries, "values": values}


def command(folder: Path) -> str:
    """What trains it again."""
    return f"python train.py --config-dir {shlex.quote(str(folder))} experiment={OPTION}"


def write(config: Config, folder: Path) -> str:
    """Write the option file of a configuration; returns its text."""
    told = ingredients.as_yaml(config.to_dict(), command(folder), TRAINER)
    files.write(folder / "experiment" / f"{OPTION}.yaml", told)
    return told

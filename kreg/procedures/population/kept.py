"""What a population leaves on the disk while it trains: its journal, and the states to go on from.

`population.jsonl` has a line for the rows and one for each generation; `generations/` the states
of its epochs. Both are written when a generation has ended, so that a population that was killed
goes on after the last one, bit for bit.
"""

import dataclasses
import json
import math
import os
import shutil
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from kreg import archive, files
from kreg.foreign import json_text
from kreg.foreign.content import DamagedError, text
from kreg.procedures.population.generations import Generation

JOURNAL, FOLDER = "population.jsonl", "generations"


class Head(TypedDict):
    """The first line."""

    rows: str  # fingerprint of the data


class Line(TypedDict):
    """A generation; see `kreg.procedures.population.generations.Generation`."""

    epoch: int
    numbers: list[dict[str, float]]
    losses: list[float | None]  # null for one that is not finite
    copied: list[int]


class Kept:
    """The files of one population.

    Args:
        folder: Of the run.
        rows: The fingerprint of its data.

    Raises:
        ValueError: If the journal there is of other rows.
    """

    def __init__(self, folder: Path, rows: str) -> None:
        self.journal, self.folder, self.head = folder / JOURNAL, folder / FOLDER, Head(rows=rows)
        self.generations = self.read()

    def read(self) -> list[Generation]:
        """The generations that were written to their end; what is behind a damaged line is not."""
        if not os.path.lexists(self.journal):
            return []
        try:
            lines = text(self.journal, json_text.MOST, follow=False).splitlines()
            known: Head = json_text.parse(lines[0], Head, JOURNAL)
        except (DamagedError, IndexError):
            return []
        if known != self.head:
            raise ValueError(
                f"Since {self.journal.parent} was interrupted, the rows have changed. Start anew "
                "with resume=never."
            )
        found: list[Generation] = []
        for one in map(generation, lines[1:]):
            if one is None:
                break
            found.append(one)
        return found

    def states(self, number: int) -> list[list[np.ndarray]] | None:
        """The states of a generation's epochs, or `None` where they are missing or damaged."""
        try:
            found: list[list[np.ndarray]] = archive.read(self.path(number))["epochs"]
        except (OSError, DamagedError, KeyError):
            return None
        return found

    def add(self, states: list[list[np.ndarray]], done: list[Generation]) -> None:
        """Note the last of the generations that are done."""
        self.folder.mkdir(exist_ok=True)
        archive.save(self.path(len(done) - 1), {"epochs": states})
        self.generations = list(done)
        lines = [self.head, *map(line, done)]
        files.write(self.journal, "".join(json.dumps(one) + "\n" for one in lines))

    def let_go(self) -> None:
        """Remove the states: the journal stays."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, number: int) -> Path:
        return self.folder / f"{number:04d}.npz"


def line(generation: Generation) -> dict[str, Any]:
    """A generation as a line of the journal."""
    told = dataclasses.asdict(generation)
    return told | {"losses": [one if math.isfinite(one) else None for one in generation.losses]}


def generation(content: str) -> Generation | None:
    """A line of the journal as a generation; `None` for one that is damaged."""
    try:
        known: Line = json_text.parse(content, Line, JOURNAL)
    except DamagedError:
        return None
    losses = [math.nan if one is None else one for one in known["losses"]]
    return Generation(known["epoch"], known["numbers"], losses, known["copied"])

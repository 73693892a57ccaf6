"""Which event files belong to one training: TensorBoard shows each folder as a run of its own.

Keras writes `train/` and `validation/` into one folder a training. A file that begins after the
first step of the one before it goes on with it, as after a resume, and its steps replace those that
it repeats; a file that begins again is another training.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SIDES = ("train", "validation", "val", "eval")
Points = dict[str, dict[int, float]]  # curve -> step -> value


@dataclass
class Logged:
    """The curves of one training.

    Args:
        name: Its folder, as seen from the one that was asked for.
        points: Its numbers.
        ended: Wall time of the last one.
    """

    name: str
    points: Points = field(default_factory=dict)
    ended: float = 0.0

    @property
    def steps(self) -> list[int]:
        return sorted({step for curve in self.points.values() for step in curve})

    def add(self, other: "Logged") -> None:
        """Go on with what another file has: it replaces what it repeats."""
        for name, curve in other.points.items():
            kept = {k: v for k, v in self.points.get(name, {}).items() if k < min(curve)}
            self.points[name] = kept | curve
        self.ended = max(self.ended, other.ended)


def folder_of(path: Path) -> Path:
    """The folder of the training whose side an event file is."""
    return path.parent.parent if path.parent.name in SIDES else path.parent


def joined(files: Sequence[tuple[Path, Logged]]) -> list[Logged]:
    """The trainings that files of numbers belong to, the last one first.

    Args:
        files: Each with its numbers, in the order in which they were begun.
    """
    runs: dict[Path, dict[Path, list[Logged]]] = {}
    for path, logged in files:
        tries = runs.setdefault(folder_of(path), {}).setdefault(path.parent, [])
        if tries and min(logged.steps) > min(tries[-1].steps):
            tries[-1].add(logged)
        else:
            tries.append(logged)
    found = [run for sides in runs.values() for run in paired(list(sides.values()))]
    return sorted(found, key=lambda run: -run.ended)


def paired(sides: Sequence[list[Logged]]) -> Iterable[Logged]:
    """The first try of every side is one training, so is the second."""
    count = max(map(len, sides))
    for place in range(count):
        tries = [side[place] for side in sides if place < len(side)]
        whole = Logged(tries[0].name if count == 1 else f"{tries[0].name} #{place + 1}")
        for part in tries:
            whole.add(part)
        yield whole


def sentence(runs: Sequence[Logged], how: str = "Name its folder to have it judged.") -> str:
    """What is said where there is more than one training, and `how` another one is asked for.

    >>> sentence([Logged("b"), Logged("a")])
    'There are 2 trainings here: this is the last one, b; in grey the other one, a. Name its \
folder to have it judged.'
    """
    if len(runs) < 2:
        return ""
    others = ", ".join(run.name for run in runs[1:][:6]) + (", ..." if len(runs) > 7 else "")
    several = len(runs) > 2
    return (
        f"There are {len(runs)} trainings here: this is the last one, {runs[0].name}; in grey the "
        f"other {'ones' if several else 'one'}, {others}. {how}"
    )

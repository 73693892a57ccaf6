"""What lies in a folder of pictures: splits, classes, files; nothing is opened yet."""

import dataclasses
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.checks import MAX_ROWS
from kreg.data.grouping import Grouping
from kreg.data.own_splits import ROLES, TRAIN
from kreg.data.pictures.decoding import SUFFIXES

NAMED = 3  # files or endings that a sentence names


@dataclasses.dataclass
class Listing:
    """Picture files of a folder, in the order of their names.

    Args:
        root: The folder.
        names: Of each file, relative to the folder.
        stamps: Bytes and time of change of each file, `(files, 2)` int64.
        labels: Number of each file's class, `(files,)`, or its targets, `(files, ...)`.
        roles: `train`, `validation` or `test` for each file, `(files,)`.
        classes: The names of the classes.
        sentences: What was left out.
        grouping: What a table says of files that belong together or follow each other.
    """

    root: Path
    names: list[str]
    stamps: NDArray[np.int64]
    labels: NDArray[Any]
    roles: NDArray[np.object_]
    classes: list[str]
    sentences: list[str] = dataclasses.field(default_factory=list)
    grouping: Grouping = dataclasses.field(default_factory=Grouping)

    def path(self, row: int) -> Path:
        return self.root / self.names[row]

    def take(self, rows: NDArray[np.int64]) -> "Listing":
        """These files alone."""
        return dataclasses.replace(
            self,
            names=[self.names[row] for row in rows],
            stamps=self.stamps[rows],
            labels=self.labels[rows],
            roles=self.roles[rows],
            grouping=self.grouping.take(rows),
        )


class Walk:
    """The files below a folder, sorted; links are followed as long as they stay in it.

    Args:
        root: The folder.

    Attributes:
        found: Name, bytes and time of change of each picture.
        others: How many files have which other ending.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.home = root, root.resolve()
        self.found: list[tuple[str, int, int]] = []
        self.others: Counter[str] = Counter()

    def below(self, folder: Path) -> list[tuple[str, int, int]]:
        """The pictures of a folder and of all folders in it."""
        before = len(self.found)
        name = os.path.relpath(folder, self.root)
        self._into(folder, "" if name == os.curdir else name + os.sep, (self._inside(folder),))
        return self.found[before:]

    def _into(self, folder: str | Path, start: str, parents: tuple[Path, ...]) -> None:
        """Walk a folder; `start` is what the names of its files begin with."""
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if not entry.name.startswith("."):
                    self._take(entry, start, parents)

    def _take(self, entry: os.DirEntry[str], start: str, parents: tuple[Path, ...]) -> None:
        real = self._inside(Path(entry.path)) if entry.is_symlink() else None
        if entry.is_dir():
            here = real or parents[-1] / entry.name
            if here not in parents:  # a link to a folder that it lies in
                self._into(entry.path, f"{start}{entry.name}{os.sep}", (*parents, here))
            return
        if not entry.is_file():
            raise ValueError(f"{shown(entry.path)} is not a file.")
        ending = os.path.splitext(entry.name)[1].lower()
        if ending not in SUFFIXES:
            self.others[ending] += 1
            return
        facts = entry.stat()
        self.found.append((start + entry.name, facts.st_size, facts.st_mtime_ns))

    def _inside(self, path: Path) -> Path:
        real = path.resolve()
        if not real.is_relative_to(self.home):
            raise ValueError(
                f"{shown(path)} is a link that leaves {shown(self.home)}; kreg does not follow it."
            )
        return real

    def left_out(self) -> list[str]:
        """A sentence about files that are no pictures by their names."""
        count = self.others.total()
        endings = [ending or "no ending" for ending, _ in self.others.most_common(NAMED)]
        files = "file that is" if count == 1 else "files that are"
        told = f"{count} {files} no picture by name ({', '.join(endings)}) left out."
        return [told] if count else []


def listing(root: Path) -> Listing:
    """The pictures of `root/class/...`, or of `root/split/class/...`.

    A folder that has `train` and `validation` or `test` is split by these (`val` and further words:
    `kreg.data.own_splits.ROLES`). A class is known if any split has it.

    Raises:
        ValueError: For fewer than two classes, for a class without pictures, and for a link that
            leaves the folder.
    """
    walk = Walk(root)
    parts = _parts(root)
    classes = sorted({entry.name for folder, _ in parts for entry in _folders(folder)})
    if len(classes) < 2:
        raise ValueError(_too_few(root, parts, classes))
    labels: list[int] = []
    roles: list[str] = []
    for folder, role in parts:
        for label, name in enumerate(classes):
            found = walk.below(folder / name) if (folder / name).is_dir() else []
            labels += [label] * len(found)
            roles += [role] * len(found)
    for label in sorted(set(range(len(classes))) - set(labels)):
        raise ValueError(
            f"{shown(parts[0][0] / classes[label])} holds no image ({', '.join(SUFFIXES)})."
        )
    if len(labels) > MAX_ROWS:
        raise ValueError(f"{shown(root)} holds more than {MAX_ROWS:,} images.")
    return Listing(
        root,
        [name for name, _, _ in walk.found],
        np.array([facts for _, *facts in walk.found], np.int64).reshape(-1, 2),
        np.array(labels, np.int64),
        np.array(roles, object),
        [shown(name) for name in classes],
        [*_beside(root, parts), *walk.left_out()],
    )


def _folders(folder: Path) -> list[Path]:
    entries = (entry for entry in folder.iterdir() if not entry.name.startswith("."))
    return sorted(entry for entry in entries if entry.is_dir())


def _parts(root: Path) -> list[tuple[Path, str]]:
    """The folders of the splits with their roles, training first; or the folder itself."""
    named = [(entry, ROLES.get(entry.name.casefold(), "")) for entry in _folders(root)]
    roles = [role for _, role in named if role]
    if TRAIN not in roles or len(set(roles)) < 2:
        return [(root, TRAIN)]
    if len(set(roles)) < len(roles):
        twice = next(role for role in roles if roles.count(role) > 1)
        names = [entry.name for entry, role in named if role == twice]
        raise ValueError(f"{shown(root)}: {' and '.join(names)} are both for {twice}. Join them.")
    order = list(dict.fromkeys(ROLES.values()))
    found = [(entry, role) for entry, role in named if role]
    return sorted(found, key=lambda part: order.index(part[1]))


def _beside(root: Path, parts: list[tuple[Path, str]]) -> Iterator[str]:
    """A sentence about folders that stand beside the splits."""
    others = set() if parts == [(root, TRAIN)] else set(_folders(root)) - {p for p, _ in parts}
    if others:
        names = ", ".join(sorted(shown(entry.name) for entry in others)[:NAMED])
        yield f"beside the splits stands {names}: left out."


def _too_few(root: Path, parts: list[tuple[Path, str]], classes: list[str]) -> str:
    found = f"{len(classes)}" + (f", {shown(classes[0])!r}" if classes else "")
    within = root / classes[0] if classes else root
    inner = len(_folders(within)) if within.is_dir() and len(parts) == 1 and classes else 0
    advice = f" Did you mean data.path={shown(within)}?" if inner > 1 else ""
    return (
        f"{shown(root)} must have one sub-folder for each of at least two classes; it has {found}."
        f"{advice}"
    )


def shown(name: object) -> str:
    """A file's name that can be printed, also where it is not UTF-8."""
    return os.fsencode(str(name)).decode(errors="replace")

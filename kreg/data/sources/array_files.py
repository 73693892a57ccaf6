"""The arrays of an archive (`.npz`) or of a folder (`x.npy`, `y.npy`), by lower-case name."""

from pathlib import Path
from typing import Any

import numpy as np

from kreg import check
from kreg.data import paths
from kreg.foreign import array_file, npz
from kreg.foreign.array_file import ArrayFile
from kreg.foreign.content import DamagedError

AUTO, MEMORY, DISK = CACHES = ("auto", "memory", "disk")
LARGE = 2 * 2**30  # bytes of inputs: `auto` leaves larger ones on the disk, on every machine
MAX_BYTES = 16 * 2**30
INPUTS = ("x", "x_train", "x_test")
NPY = ".npy"


def place(path: str) -> Path:
    """The archive, or the folder of arrays."""
    there = Path(path).expanduser() if path else None
    if there is not None and "\0" not in path and there.is_dir():
        return paths.folder("data.path", path)
    return paths.plain("data.path", path)


def read(file: Path, cache: str = MEMORY) -> dict[str, Any]:
    """The arrays; inputs that stay on the disk as an `array_file.ArrayFile`.

    Args:
        file: The archive or folder.
        cache: One of `CACHES`.

    Raises:
        ValueError: If it is none, if its arrays do not fit into memory, or if they are to stay on
            the disk and cannot.
    """
    try:
        placed = {} if cache == MEMORY else _placed(file, DISK if cache == DISK else AUTO)
        return _members(file, set(placed)) | placed
    except (OSError, ValueError) as error:
        kind = "a folder of arrays" if file.is_dir() else "an npz archive"
        raise ValueError(f"{file} cannot be used as {kind}: {error}.") from error


def _placed(file: Path, cache: str) -> dict[str, Any]:
    """The inputs that stay on the disk: all of them, or none."""
    inside = _npy(file) if file.is_dir() else {name.lower(): file for name in npz.names(file)}
    if cache == AUTO and sum(inside[n].stat().st_size for n in INPUTS if n in inside) <= LARGE:
        return {}
    try:
        found = {name: _place_of(file, inside, name) for name in INPUTS if name in inside}
    except DamagedError:
        if cache == DISK:
            raise
        return {}  # compressed, say: it is read as before, or refused with its own sentence
    plain = not {"is_categorical", "categories"} <= inside.keys()
    ours = plain and all(a.ndim == 2 or a.dtype == np.uint8 for a in found.values())
    return found if ours or cache == DISK else {}


def _place_of(file: Path, inside: dict[str, Path], name: str) -> ArrayFile:
    return array_file.in_npy(inside[name]) if file.is_dir() else array_file.in_npz(file, name)


def _members(file: Path, without: set[str]) -> dict[str, Any]:
    if not file.is_dir():
        found = npz.arrays(file, most=MAX_BYTES, without=without)
        return {name.lower(): array for name, array in found.items()}
    return {n: npz.array(p, MAX_BYTES) for n, p in _npy(file).items() if n not in without}


def _npy(folder: Path) -> dict[str, Path]:
    """The arrays of a folder by lower-case name.

    Raises:
        ValueError: If there are none.
    """
    found = {p.stem.lower(): p for p in sorted(folder.glob(f"*{NPY}"))}
    if not found:
        raise check.invalid("data.path", "a folder with x.npy and y.npy", str(folder))
    return found

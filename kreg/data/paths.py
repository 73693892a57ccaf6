"""Opening a user's file: it must exist, be a plain file, and be no archive. Or several of them."""

from collections.abc import Sequence
from pathlib import Path

from kreg import check
from kreg.foreign import packing
from kreg.foreign.listing import are_several, listed

PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".npy_pickle")


def plain(key: str, path: str | None) -> Path:
    """The path of an existing plain file, or a sentence; `key` names the configuration key."""
    file = _existing(key, path)
    if not file.is_file():
        raise check.invalid(key, "a file", str(path))
    if file.suffix.lower() in PICKLES:
        raise check.invalid(
            key, "csv, parquet or npz", str(path), "A pickle can run code; kreg does not open it."
        )
    return file


def table(key: str, path: str | None) -> Path:
    """A plain file that is not packed."""
    file = plain(key, path)
    packing.refuse(key, file)
    return file


def tables(key: str, path: str, endings: Sequence[str]) -> list[Path]:
    """The table of a path, or those of a folder or a pattern: plain files, none of them packed."""
    if not are_several(path):
        return [table(key, path)]
    return [table(key, str(file)) for file in listed(key, path, endings)]


def folder(key: str, path: str | None) -> Path:
    """The path of an existing folder, or a sentence."""
    root = _existing(key, path)
    if root.is_dir():
        return root
    advice = "Unpack the archive yourself." if root.suffix.lower() in packing.ARCHIVES else ""
    raise check.invalid(key, "a folder", str(path), advice)


def _existing(key: str, path: str | None) -> Path:
    if not path:
        raise check.invalid(key, "a path", path, f"Say {key}=...")
    file = Path(path).expanduser()
    if "\0" in str(path) or not file.exists():
        near = _nearest(file)
        raise check.invalid(key, "a path that exists", str(path), near)
    return file


def _nearest(file: Path) -> str:
    if "\0" in str(file) or not file.parent.is_dir():
        return ""
    return check.did_you_mean(file.name, [entry.name for entry in file.parent.iterdir()])

"""Opening a user's file: it must exist, be a plain file, and be no archive. Or several of them."""

from collections.abc import Sequence
from pathlib import Path

from kreg import check
from kreg.foreign.listing import are_several, listed

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
MAGIC = {
    b"PK\x03\x04": "zip",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
    b"\x28\xb5\x2f\xfd": "zstd",
}
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
    with open(file, "rb") as opened:
        start = opened.read(8)
    packed = next((name for magic, name in MAGIC.items() if start.startswith(magic)), None)
    if packed or file.suffix.lower() in ARCHIVES:
        raise check.invalid(
            key,
            "an unpacked file",
            str(path),
            f"It is a {packed or file.suffix} archive: unpack it yourself.",
        )
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
    advice = "Unpack the archive yourself." if root.suffix.lower() in ARCHIVES else ""
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

"""The files that a folder or a pattern of names stands for."""

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from kreg import check
from kreg.files import AnyPath

PART = re.compile(r"-\d+-of-\d+$")


def are_several(path: AnyPath) -> bool:
    """Whether a path is a folder, or a pattern and not the name of a file."""
    name, there = os.fspath(path), Path(path).expanduser()
    return "\0" not in name and (there.is_dir() or (glob.has_magic(name) and not there.exists()))


def ending(path: Path) -> str:
    """The ending of a file's name, without the number of a part.

    >>> ending(Path("train.tfrecord-00000-of-00010")), ending(Path("a.CSV"))
    ('.tfrecord', '.csv')
    """
    return PART.sub("", path.suffix.lower())


def listed(key: str, path: str, endings: Sequence[str]) -> list[Path]:
    """The files of a folder with one of these endings, or those of a pattern; sorted by name.

    What begins with `.` or `_` is none of them: other programs leave such files.
    """
    whole = Path(path).expanduser()
    if whole.is_dir():
        found = [entry for entry in whole.iterdir() if ending(entry) in endings]
        apart = sorted(entry.name for entry in whole.iterdir() if entry.is_dir())
        within = whole / "**" / "*"
        advice = f"It has the folders {apart[:3]}: data.path='{within}'." if apart else ""
    else:
        found, advice = [Path(name) for name in glob.glob(str(whole), recursive=True)], ""
    found = sorted(e for e in found if e.is_file() and not e.name.startswith((".", "_")))
    if not found:
        what = f"a folder with files that end in {' or '.join(endings)}"
        raise check.invalid(key, what if whole.is_dir() else "a pattern of files", path, advice)
    return found

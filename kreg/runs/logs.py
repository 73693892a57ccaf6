"""Append-only logs that a resumed run goes on with: no gap, no double step.

A killed epoch has written events and rows that the resumed run writes again. So each state notes
how long every log was, and a resumed run cuts the logs back to that length. Writers must flush at
the end of an epoch, before the state is written.
"""

import os
from pathlib import Path


def lengths(folder, patterns: tuple[str, ...] = ("tensorboard/**/*", "history.csv")) -> dict:
    """`{relative path: bytes}` of the logs below a run directory."""
    folder = Path(folder)
    found = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return {str(p.relative_to(folder)): p.stat().st_size for p in found if p.is_file()}


def rewind(folder, saved: dict, patterns: tuple[str, ...] = ("tensorboard/**/*", "history.csv")):
    """Cut every log back to its saved length; a log that the state does not know is removed."""
    folder = Path(folder)
    for name, size in lengths(folder, patterns).items():
        path = folder / name
        if name not in saved:
            path.unlink()
        elif size > saved[name]:
            os.truncate(path, saved[name])

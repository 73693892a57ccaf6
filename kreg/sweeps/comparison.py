"""`kreg compare DIR`: one table on the terminal, one page, one CSV file."""

import sys
from collections.abc import Callable
from pathlib import Path

from kreg import check, files
from kreg.foreign import csv_text
from kreg.printable import printable, say
from kreg.sweeps import page, table
from kreg.sweeps.reading import Sweep, collect
from kreg.sweeps.results import PAGE, fingerprint

CSV = "sweep.csv"


def compare(directory: str | Path, *, quiet: bool = False, choose: str | None = None) -> int:
    """Compare the runs below a directory: print the table, write `sweep.html` and `sweep.csv`.

    Args:
        directory: A sweep's directory, or any folder of runs.
        quiet: Write the files only. Defaults to `False`.
        choose: `"min"` or `"1se"`; `None`: what the sweep was told.

    Returns:
        The exit code: 0 if all runs are done, 1 if some failed or are unfinished.

    Raises:
        ValueError: If no run lies below the directory.
    """
    known = fingerprint(Path(directory))  # before they are read: what ends meanwhile is not shown
    sweep = collect(directory)
    if choose is not None:
        sweep.choose = check.choice("choose", choose, ("min", "1se"))
    directory = Path(directory)
    if not quiet:
        table.show(sweep)
    _write(directory / CSV, lambda: csv(sweep), quiet)
    _write(directory / PAGE, lambda: page.render(sweep, known), quiet)  # last: complete
    return 0 if (sweep.runs["status"] == "done").all() else 1


def csv(sweep: Sweep) -> str:
    """All runs, as a spreadsheet may open them: no text in it is a formula."""
    runs = sweep.runs.drop(columns="path").rename(columns=csv_text.defused)
    return str(runs.map(csv_text.defused).to_csv(index=False))


def _write(path: Path, content: Callable[[], str], quiet: bool) -> None:
    """A page that fails costs that page: the runs that it is about have ended well."""
    try:
        files.write(path, content())
    except Exception as error:  # whatever it is, there are a table and results
        told = f"{path} could not be written ({type(error).__name__}: {error})."
        say(told, sys.stdout)
    else:
        if path.name == PAGE and not quiet:
            print(f"page: {printable(path)}")

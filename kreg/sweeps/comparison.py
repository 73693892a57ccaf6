"""`kreg compare DIR`: one table on the terminal, one page, one CSV file."""

from collections.abc import Callable
from pathlib import Path

from kreg import check, files
from kreg.sweeps import page, table
from kreg.sweeps.reading import collect
from kreg.sweeps.results import PAGE

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
    sweep = collect(directory)
    if choose is not None:
        sweep.choose = check.choice("choose", choose, ("min", "1se"))
    directory = Path(directory)
    if not quiet:
        table.show(sweep)
    csv = sweep.runs.drop(columns="path").to_csv
    _write(directory / CSV, lambda: csv(index=False), quiet)
    _write(directory / PAGE, lambda: page.render(sweep), quiet)  # last: it says: complete
    return 0 if (sweep.runs["status"] == "done").all() else 1


def _write(path: Path, content: Callable[[], str], quiet: bool) -> None:
    """A page that fails costs that page: the runs that it is about have ended well."""
    try:
        files.write(path, content())
    except Exception as error:  # whatever it is, there are a table and results
        print(f"kreg: {path} could not be written ({type(error).__name__}: {error}).")
    else:
        if path.name == PAGE and not quiet:
            print(f"page: {path}")

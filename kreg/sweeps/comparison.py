"""`kreg compare DIR`: one table on the terminal, one page, one CSV file."""

from pathlib import Path

from kreg import files
from kreg.sweeps import page, table
from kreg.sweeps.reading import collect
from kreg.sweeps.results import PAGE

CSV = "sweep.csv"


def compare(directory: str | Path, *, quiet: bool = False) -> int:
    """Compare the runs below a directory: print the table, write `sweep.html` and `sweep.csv`.

    Args:
        directory: A sweep's directory, or any folder of runs.
        quiet: Write the files only. Defaults to `False`.

    Returns:
        The exit code: 0 if all runs are done, 1 if some failed or are unfinished.

    Raises:
        ValueError: If no run lies below the directory.
    """
    sweep = collect(directory)
    directory = Path(directory)
    files.write(directory / CSV, sweep.runs.drop(columns="path").to_csv(index=False))
    files.write(directory / PAGE, page.render(sweep))  # last: it says that the sweep is complete
    if not quiet:
        table.show(sweep)
        print(f"page: {directory / PAGE}")
    return 0 if (sweep.runs["status"] == "done").all() else 1

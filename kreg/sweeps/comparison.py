"""`kreg compare DIR`: one table on the terminal, one page, one CSV file."""

from pathlib import Path

from kreg.sweeps import page, table
from kreg.sweeps.reading import collect

PAGE, CSV = "sweep.html", "sweep.csv"


def compare(directory, *, quiet: bool = False) -> int:
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
    sweep.runs.drop(columns="path").to_csv(directory / CSV, index=False)
    (directory / PAGE).write_text(page.render(sweep), encoding="utf-8")
    if not quiet:
        table.show(sweep)
        print(f"page: {directory / PAGE}")
    return 0 if (sweep.runs["status"] == "done").all() else 1

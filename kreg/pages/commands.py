"""`kreg report` and `kreg replay`: what the command line calls. Exit codes, no tracebacks."""

import contextlib
import sys
from os import PathLike
from pathlib import Path

from rich.console import Console

from kreg import check
from kreg.diagnostics import criteria
from kreg.diagnostics.report_document import Document
from kreg.diagnostics.sources import load
from kreg.diagnostics.states import PAST_BEST, RENAMED, STATES
from kreg.diagnostics.stopping_replay import RULES
from kreg.diagnostics.stopping_replay import replay as replay_record
from kreg.pages import Report, terminal, watching, write_all
from kreg.pages.reporting import beside, other
from kreg.pages.sections.replay import table
from kreg.printable import printable

OK, NO, BAD_INPUT = 0, 1, 2


def report(
    path: str | PathLike[str],
    out: str | PathLike[str] | None = None,
    fail_on: str | None = None,
    watch: bool = False,
    baseline: str | PathLike[str] | None = None,
) -> int:
    """Print the report of a run and write its files.

    Args:
        path: Whatever `kreg.report` reads.
        out: Folder for the files. Defaults to the run directory itself, and to nothing for a
            single file.
        fail_on: Comma-separated states, `"overfitting,unstable"` say; `"past-best"` stands for
            overfitting, overconfident and drift.
        watch: First follow the run: the verdict so far after every epoch, to its end or Ctrl-C.
        baseline: Another run to hold this one against, or `None`.

    Returns:
        0; 1 when the state is one of `fail_on` or a file could not be written; 2 when nothing
        could be read.
    """
    try:
        states = parsed_states(fail_on)
        before = other(baseline)  # a wrong one is told before the watch
        if watch:
            with contextlib.suppress(KeyboardInterrupt):
                watching.until_the_end(path)
        document = beside(load(path), before)
    except (ValueError, OSError) as error:
        print(printable(error), file=sys.stderr)
        return BAD_INPUT
    try:
        terminal.show(Report(document).view)
    except Exception as error:  # a report that fits the schema, with numbers of nobody's
        print(printable(f"{path} cannot be shown ({told(error)})."), file=sys.stderr)
        return BAD_INPUT
    folder = out if out is not None else (path if Path(path).is_dir() else None)
    problems: list[str] = []
    if folder is not None:
        files, problems = write_all(document, folder)
        for line in [*map(str, files), *problems, *without_card(document, Path(path))]:
            print(printable(line))
    return NO if problems or document["verdict"]["state"] in states else OK


def without_card(document: Document, path: Path) -> list[str]:
    """A sentence where a run of kreg is too old to have a card."""
    if document["about"] or not (path / "data.json").is_file():
        return []
    return [
        "card.md is not written, and the page has no scores row by row: an earlier version of kreg "
        f"has trained the run. `kreg evaluate {path} ROWS` has the scores."
    ]


def replay(path: str | PathLike[str], rules: str | None = None) -> int:
    """Print where each stopping rule would have stopped a run; 0, or 2 when it cannot be read.

    Args:
        path: Whatever `kreg.report` reads.
        rules: Rules, comma-separated, or `None` for those of the report.
    """
    rules = rules or RULES
    try:
        for rule in criteria.split(rules):
            criteria.parse(rule)
        document, record = load(path, rules=rules)
    except (ValueError, OSError) as error:
        print(printable(error), file=sys.stderr)
        return BAD_INPUT
    if record is None:
        print("The run kept its report only: these are the rules replayed when it was written.")
    console = Console()
    try:
        rows = document["replay"] if record is None else replay_record(record, rules)
        console.print(terminal.table(table(rows, document["curves"]["epochs"]), console))
    except Exception as error:  # as above
        print(printable(f"{path} cannot be replayed ({told(error)})."), file=sys.stderr)
        return BAD_INPUT
    return OK


def told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def parsed_states(text: str | None) -> set[str]:
    """State names from the command line, in any case, with hyphens or underscores for blanks."""
    found = set()
    for part in (text or "").split(","):
        name = part.strip().upper().replace("_", " ")
        if not name:
            continue
        if name == "PAST-BEST":
            found |= set(PAST_BEST)
            continue
        name = name if name in STATES else name.replace("-", " ")
        name = RENAMED.get(name, name)
        check.choice("fail-on", name, STATES)
        found.add(name)
    return found

"""`kreg.report`: the page for a finished run, or for somebody else's history."""

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kreg.diagnostics.markdown import markdown
from kreg.diagnostics.page import fragment, page, style
from kreg.diagnostics.picture import png
from kreg.diagnostics.replay import RULES
from kreg.diagnostics.sources import load
from kreg.diagnostics.terminal import plain
from kreg.files import write

NAMES = ("report.json", "report.html", "report.png", "report.md")


@dataclass(frozen=True)
class Report:
    """A document and its renderings. In a notebook it shows itself.

    Args:
        document: The versioned JSON document.
    """

    document: dict
    files: list = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.document["verdict"]["state"]

    @property
    def onset_epoch(self) -> int | None:
        return self.document["verdict"]["onset"]

    def html(self) -> str:
        return page(self.document)

    def markdown(self) -> str:
        return markdown(self.document)

    def save(self, folder) -> "Report":
        """Write `report.json`, `report.html`, `report.md` and `report.png` into a folder."""
        files, problems = write_all(self.document, folder)
        for problem in problems:
            print(problem)
        return Report(self.document, files)

    def __str__(self) -> str:
        return plain(self.document)

    def _repr_html_(self) -> str:
        return f"<style>{style()}</style><div class='kreg'>{fragment(self.document)}</div>"


def report(source, out=None, *, rules: str = RULES) -> Report:
    """The report on a run: is it overfitting, since when, how sure, why, and what to change.

    Args:
        source: A run directory, a `history.csv`, a `report.json`, a TensorBoard directory, a Keras
            `History` (or its dict of lists), or a `kreg.Diagnostics` after training. Where the
            clean losses are missing the logged ones are judged, and the report says so.
        out: A folder for `report.json`, `.html`, `.md` and `.png`, or `None` to write nothing.
        rules: Stopping rules to replay, comma-separated.

    Returns:
        A `Report`. It prints as a table, and shows itself in a notebook.

    >>> history = {"loss": [1.0, 0.8, 0.6], "val_loss": [1.1, 1.0, 1.2]}
    >>> report(history).state
    'NOT ENOUGH DATA'
    """
    found = Report(load(source, rules=rules)[0])
    return found if out is None else found.save(out)


def write_all(document: dict, folder, names=NAMES) -> tuple[list[Path], list[str]]:
    """`(files written, sentences about those that failed)`. The JSON goes first.

    A figure that fails costs that figure: nothing here can lose a training's result.

    Args:
        document: The report.
        folder: Where the files go.
        names: Of `report.json`, `report.html`, `report.png` and `report.md`. Defaults to all; the
            picture starts matplotlib.
    """
    folder = Path(folder)
    makers: dict[str, Callable[[], str | bytes]] = {
        "report.json": lambda: json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n",
        "report.html": lambda: page(document),
        "report.png": lambda: png(document),
        "report.md": lambda: markdown(document, "report.png"),
    }
    files, problems = [], []
    for name in names:
        try:
            files.append(write(folder / name, makers[name]()))
        except Exception as error:  # whatever it is, the other files are still wanted
            problems.append(f"{name} could not be written ({type(error).__name__}: {error}).")
            traceback.print_exc()
    return files, problems

"""`kreg.report`: the page for a finished run, or for somebody else's history."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path

from kreg.diagnostics.against import against
from kreg.diagnostics.record import Record
from kreg.diagnostics.report_document import Document, jsonable
from kreg.diagnostics.sources import load
from kreg.diagnostics.stopping_replay import RULES
from kreg.files import write
from kreg.pages import card, html, loss_figure, markdown, terminal
from kreg.pages.sections import view_of
from kreg.pages.views import View
from kreg.printable import printable

NAMES = ("report.json", "report.html", "report.png", "report.md", card.FILE)


@dataclass(frozen=True)
class Report:
    """A document and its renderings. In a notebook it shows itself.

    Args:
        document: The versioned JSON document.
        files: What has been written of it.
    """

    document: Document
    files: list[Path] = field(default_factory=list)

    @property
    def state(self) -> str:
        return str(self.document["verdict"]["state"])

    @property
    def onset_epoch(self) -> int | None:
        onset: int | None = self.document["verdict"]["onset"]
        return onset

    @cached_property
    def view(self) -> View:
        """What all renderings say."""
        return view_of(self.document)

    def html(self, theme: str = "") -> str:
        """The page; `theme` is `"light"`, `"dark"` or empty for the reader's own."""
        return html.page(self.view, theme)

    def markdown(self, picture: str | None = None) -> str:
        """The report in brief; `picture` is the path of its loss figure, if there is one."""
        return markdown.text(self.view, picture)

    def save(self, folder: str | PathLike[str]) -> "Report":
        """Write `report.json`, `.html`, `.md`, `.png` and, of a run, `card.md` into a folder."""
        files, problems = write_all(self.document, folder)
        for problem in problems:
            print(problem)
        return Report(self.document, files)

    def __str__(self) -> str:
        return terminal.plain(self.view)

    def _repr_html_(self) -> str:
        return html.inside(html.fragment(self.view))


def report(
    source: object,
    out: str | PathLike[str] | None = None,
    *,
    rules: str = RULES,
    baseline: object | None = None,
) -> Report:
    """The report on a run: is it overfitting, since when, how sure, why, and what to change.

    Args:
        source: A run directory, a `history.csv`, a `report.json`, a TensorBoard directory, the log
            or store of Lightning, Hugging Face, MLflow or W&B, a Keras `History` (or its dict of
            lists), or a `kreg.Diagnostics` after training. Where the clean losses are missing the
            logged ones are judged, and the report says so.
        out: A folder for `report.json`, `.html`, `.md` and `.png`, and of a run the model card
            `card.md`; or `None` to write nothing.
        rules: Stopping rules to replay, comma-separated.
        baseline: Another such source: the report says what is better than there, by how much and
            how sure that is. Defaults to none: a run's report then has no such section, also where
            an earlier one had.

    Returns:
        A `Report`. It prints as a table, and shows itself in a notebook.

    >>> history = {"loss": [1.0, 0.8, 0.6], "val_loss": [1.1, 1.0, 1.2]}
    >>> report(history).state
    'TOO EARLY'
    """
    found = Report(beside(load(source, rules=rules), other(baseline)))
    return found if out is None else found.save(out)


@dataclass(frozen=True)
class Baseline:
    """Another run, and how it was asked for."""

    asked: object
    document: Document
    record: Record | None


def other(baseline: object | None) -> Baseline | None:
    """The run that another one is held against, if there is one."""
    return None if baseline is None else Baseline(baseline, *load(baseline))


def beside(loaded: tuple[Document, Record | None], baseline: Baseline | None) -> Document:
    """The document of a run, with what a baseline says of it; as it was without one."""
    document = loaded[0]
    if baseline is None:
        return document
    found = against(loaded, (baseline.document, baseline.record))
    if found["name"] == document["name"] and isinstance(baseline.asked, (str, PathLike)):
        found["name"] = printable(baseline.asked)  # two runs of one name
    return {**document, "against": jsonable(found)}


def write_all(
    document: Document,
    folder: str | PathLike[str],
    names: Sequence[str] = NAMES,
    record: Record | None = None,
) -> tuple[list[Path], list[str]]:
    """`(files written, sentences about those that failed)`. The JSON goes first.

    A figure that fails costs that figure: nothing here can lose a training's result.

    Args:
        document: The report.
        folder: Where the files go.
        names: Of `report.json`, `report.html`, `report.png`, `report.md` and `card.md`. Defaults
            to all; the picture starts matplotlib. A report that does not know what was trained
            has no card.
        record: Written as `record.npz` as well, for `kreg replay`, or `None`.
    """
    found = Report(document)
    makers: dict[str, Callable[[], str | bytes]] = {
        "report.json": lambda: json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n",
        "report.html": found.html,
        "report.png": lambda: loss_figure.png(document),
        "report.md": lambda: found.markdown("report.png"),
        card.FILE: lambda: card.text(document),
    }
    names = [name for name in names if name != card.FILE or document["about"]]
    if record is not None:
        makers["record.npz"] = record.packed
        names.append("record.npz")
    files, problems = [], []
    for name in names:
        try:
            files.append(write(Path(folder) / name, makers[name]()))
        except Exception as error:  # whatever it is, the other files are still wanted
            problems.append(f"{name} could not be written ({type(error).__name__}: {error}).")
            logging.getLogger("kreg").debug("%s could not be written.", name, exc_info=True)
    return files, problems

"""CSV: a run as three tables that any spreadsheet opens."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kreg import files
from kreg.files import AnyPath
from kreg.foreign import csv_text
from kreg.loggers import words
from kreg.loggers.protocol import Config, Document, EpochRecord, Result, Run

FOLDER, METRICS = "csv", "metrics.csv"


class CSV:
    """`metrics.csv`, `config.csv` and `result.csv` in a folder of the run.

    `metrics.csv` has one row an epoch: the numbers of `history.csv`, and the penalty and the share
    of exact zeros of every layer, which `history.csv` has not. The two others have a key and a
    value a row. A resumed run goes on below the epochs that it has kept.

    Args:
        directory: The folder, or `None` for `csv` in the run's own. Defaults to `None`.
    """

    def __init__(self, directory: AnyPath | None = None) -> None:
        self.directory = directory
        self.rows: list[dict[str, Any]] = []

    def begin(self, config: Config, run: Run) -> None:
        self.folder = Path(self.directory or run.directory / FOLDER)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rows = kept(self.folder / METRICS, run.epoch)
        self.outcome: dict[str, Any] = {}
        self._pairs("config.csv", words.flat(config))

    def epoch(self, record: EpochRecord) -> None:
        self.rows.append({"epoch": record.epoch, **record.numbers, **record.layers})
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        files.write(self.folder / METRICS, text(names, self.rows))

    def report(self, document: Document) -> None:
        self.outcome = {**words.tags(document), "note": words.note(document)}

    def end(self, result: Result) -> None:
        facts = {"status": result.get("status"), **self.outcome, **words.outcome(result)}
        self._pairs("result.csv", facts)

    def _pairs(self, name: str, values: Mapping[str, Any]) -> None:
        rows = [{"key": key, "value": csv_text.defused(value)} for key, value in values.items()]
        files.write(self.folder / name, text(["key", "value"], rows))


def text(columns: list[str], rows: list[dict[str, Any]]) -> str:
    """The text of a table."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def kept(path: Path, epochs: int) -> list[dict[str, Any]]:
    """The rows of an earlier process, up to the epoch with which the run goes on."""
    if not epochs or not files.is_regular(path):
        return []
    names, *rows = csv_text.rows(csv_text.log(path, follow=False))
    known = [{n: cell for n, cell in zip(names, row) if cell} for row in rows]
    return [row for row in known if (csv_text.number(row.get("epoch", "")) or 0) <= epochs]

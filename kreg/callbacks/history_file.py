"""HistoryFile: every epoch's numbers in a CSV file that survives a resume."""

import csv
import io
import os
from pathlib import Path
from typing import Any

import keras

from kreg import files
from kreg.callbacks.shared_values import shared
from kreg.measuring.keras_numbers import Logs, scalars


class HistoryFile(keras.callbacks.Callback):
    """One row an epoch: `epoch` (from 1), then all names of the logs, in full precision.

    Keras's CSVLogger truncates the file on resume, or writes replayed epochs twice, and drops names
    that appear later. Here the rows are part of the state: a resumed training writes the same file
    as an uninterrupted one. A row is in the file when its epoch is over; it is forced to the disk
    at the end, because a power cut loses no more than what the state brings back.

    Args:
        path: The CSV file; replaced at the start of a fresh training.
    """

    def __init__(self, path: files.AnyPath) -> None:
        super().__init__()
        self.path = Path(path)
        self.rows: list[dict[str, Any]] = []
        self.columns: list[str] = []
        self._resumed = self._training = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self._resumed:
            self.rows, self.columns = [], []
        self._resumed, self._training = False, True
        self._rewrite()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if shared(self.model).partial:
            return
        row = {"epoch": epoch + 1, **scalars(logs)}
        new = [name for name in row if name not in self.columns]
        self.rows.append(row)
        self.columns += new
        if new:
            self._rewrite()
        else:
            self._append(self.path, self._text([row], header=False))

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._training = False
        self._append(self.path, "", sync=True)

    def get_state(self) -> dict[str, Any]:
        names = list(self.columns)
        return {"names": names, "rows": [[row.get(n) for n in names] for row in self.rows]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from `get_state`; before `fit` or from a callback's `on_train_begin`."""
        self.rows = [
            {n: v for n, v in zip(state["names"], row, strict=True) if v is not None}
            for row in state["rows"]
        ]
        self.columns = list(state["names"])
        self._resumed = not self._training
        self._rewrite()

    def _text(self, rows: list[dict[str, Any]], header: bool = True) -> str:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, self.columns, restval="", lineterminator="\n")
        if header and self.columns:
            writer.writeheader()
        writer.writerows(rows)
        return buffer.getvalue()

    def _rewrite(self) -> None:
        """The whole file, in one piece: a name has appeared, or a run goes on."""
        files.write(self.path, self._text(self.rows))

    @staticmethod
    def _append(path: Path, text: str, sync: bool = False) -> None:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if sync:
                os.fsync(file.fileno())

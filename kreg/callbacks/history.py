"""HistoryFile: every epoch's numbers in a CSV file that survives a resume."""

import csv
import io
import os
from pathlib import Path

import keras

from kreg.callbacks.board import board
from kreg.callbacks.logs import scalars


class HistoryFile(keras.callbacks.Callback):
    """One row an epoch: `epoch` (from 1), then all names of the logs, in full precision.

    Keras's CSVLogger truncates the file on resume, or writes replayed epochs twice, and drops names
    that appear later. Here the rows are part of the state: a resumed training writes the same file
    as an uninterrupted one.

    Args:
        path: The CSV file; replaced at the start of a fresh training.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)
        self.rows: list[dict] = []
        self._resumed = self._training = False

    def on_train_begin(self, logs=None):
        if not self._resumed:
            self.rows = []
        self._resumed, self._training = False, True
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._rewrite()

    def on_epoch_end(self, epoch, logs=None):
        if board(self.model).partial:
            return
        known = self.names()
        self.rows.append({"epoch": epoch + 1, **scalars(logs)})
        if self.names() == known:
            self._append(self.path, self._text([self.rows[-1]], header=False))
        else:
            self._rewrite()

    def on_train_end(self, logs=None):
        self._training = False

    def names(self) -> list[str]:
        """The columns, in the order in which they first appeared."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def get_state(self) -> dict:
        names = self.names()
        return {"names": names, "rows": [[row.get(n) for n in names] for row in self.rows]}

    def set_state(self, state: dict) -> None:
        """Continue from `get_state`; before `fit` or from a callback's `on_train_begin`."""
        self.rows = [
            {n: v for n, v in zip(state["names"], row, strict=True) if v is not None}
            for row in state["rows"]
        ]
        self._resumed = not self._training
        self._rewrite()

    def _text(self, rows: list[dict], header: bool = True) -> str:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, self.names(), restval="", lineterminator="\n")
        if header and self.names():
            writer.writeheader()
        writer.writerows(rows)
        return buffer.getvalue()

    def _rewrite(self) -> None:
        """The whole file, in one piece: a name has appeared, or a run goes on."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".tmp")
        temporary.unlink(missing_ok=True)
        self._append(temporary, self._text(self.rows))
        temporary.replace(self.path)

    @staticmethod
    def _append(path: Path, text: str) -> None:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

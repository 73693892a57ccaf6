"""What `kreg.fit` returns: Keras's `History`, with the verdict and the report."""

from collections.abc import Sequence
from os import PathLike
from typing import Any

import keras

from kreg import pages
from kreg.callbacks import Diagnostics
from kreg.diagnostics import Record, Verdict


class History(keras.callbacks.History):
    """`.history` and `.epoch` as in Keras; `.verdict`, `.report()`, `.diagnostics`, `.stopping`.

    Args:
        diagnostics: The `kreg.Diagnostics` of the training.
        stopping: Its early stopping, kreg's or Keras's, or `None`.
        sentences: What Diagnostics shall say when the training begins.
    """

    def __init__(
        self,
        diagnostics: Diagnostics,
        stopping: keras.callbacks.Callback | None = None,
        sentences: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.diagnostics, self.stopping = diagnostics, stopping
        self._sentences = tuple(sentences)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        for sentence in self._sentences:
            self.diagnostics.note(sentence)

    @property
    def verdict(self) -> Verdict | None:
        """Whether the model overfits, since when and why: a `kreg.diagnostics.Verdict`."""
        return self.diagnostics.verdict

    @property
    def record(self) -> Record:
        """All numbers of the training, clean ones included."""
        return self.diagnostics.record

    def report(self, out: "str | PathLike[str] | None" = None) -> pages.Report:
        """The report on this training; it prints as a table.

        Args:
            out: A folder for `report.html`, `.json`, `.md` and `.png`, or `None`.
        """
        return pages.report(self.diagnostics, out)

"""TensorBoard: the callback for anyone's script; what it writes is `kreg.loggers.TensorBoard`'s."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kreg.callbacks.loggers import Loggers
from kreg.files import AnyPath
from kreg.loggers.protocol import Run
from kreg.loggers.tensorboard import TensorBoard as Logger


class TensorBoard(Loggers):
    """Clean curves, penalties, sparsity, weights, samples and the report, for TensorBoard.

    See `kreg.loggers.TensorBoard` for the tags. Put it after `Diagnostics` and `EarlyStopping`.

    Args:
        directory: The run's one event directory.
        histograms: Weight histograms every so many epochs; 0 for none. Defaults to `5`.
        samples: Function `epoch (from 0) -> array (n, height, width, 1 or 3)` of augmented images,
            uint8 or in [0, 1], or `None`. Called at the first epoch; 16 are shown.
    """

    def __init__(
        self,
        directory: AnyPath,
        *,
        histograms: int = 5,
        samples: Callable[[int], Any] | None = None,
    ) -> None:
        logger = Logger(directory, histograms=histograms)
        super().__init__([logger], Run(Path(directory), samples=samples))
        self.directory = directory

    @property
    def problem(self) -> str:
        """Why nothing more is written; empty while all is well."""
        return self.problems[0] if self.problems else ""

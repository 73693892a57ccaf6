"""One line on the terminal that moves: epoch, clean losses, time left."""

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from kreg.measuring.keras_numbers import Logs

SHOWN = (("train", "clean_loss"), ("val", "val_clean_loss"))


class ProgressBar(keras.callbacks.Callback):
    """A progress bar over epochs, gone when training ends; silent where there is no terminal.

    It is moved at epoch ends only: a training step never waits for the terminal.

    Args:
        epochs: Whole number >= 1: epochs at most.
        first_epoch: Epochs that an earlier process has done.
        console: A `rich.console.Console`. Defaults to one on standard error.
    """

    def __init__(self, epochs: int, first_epoch: int = 0, console: Console | None = None) -> None:
        super().__init__()
        self.epochs, self.first_epoch = epochs, first_epoch
        self.console = console or Console(stderr=True)
        self.progress: Progress | None = None
        self.bar = TaskID(0)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.progress = Progress(
            TextColumn("epoch {task.completed:.0f}/{task.total:.0f}"),
            BarColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.progress.start()
        self.bar = self.progress.add_task(
            "train", total=self.epochs, completed=self.first_epoch, losses=""
        )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        known = [(name, (logs or {}).get(key)) for name, key in SHOWN]
        losses = "  ".join(f"{name} {value:.4f}" for name, value in known if value is not None)
        if self.progress is not None:
            self.progress.update(self.bar, completed=epoch + 1, losses=losses)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.close()

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar off the terminal, also after a training that failed."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None

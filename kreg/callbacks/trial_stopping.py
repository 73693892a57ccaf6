"""TrialStopping: end a trial of a search that has fallen too far behind the others."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from kreg.callbacks.shared_values import shared
from kreg.measuring.keras_numbers import Logs


class TrialStopping(keras.callbacks.Callback):
    """Keeps the clean validation losses and ends a trial that is hopeless or not finite.

    The rule comes from the search: the median rule of `kreg.sweeps`, say. This callback stands
    after whoever measures `val_clean_loss`.

    Args:
        hopeless: A function of the list of losses so far, or `None` to keep them only.
        earliest: Whole number >= 1: the first epoch after which it is asked. Strong noise and
            strong penalties begin slowly.

    After training: `ended`, whether the trial was ended as hopeless, `sentence` and `curve`.
    """

    state_name = "Pruner"  # as it was called when the first states were written

    def __init__(
        self, hopeless: Callable[[Sequence[float]], bool] | None = None, earliest: int = 1
    ) -> None:
        super().__init__()
        self.hopeless, self.earliest = hopeless, earliest
        self.curve: list[float] = []
        self.ended = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if shared(self.model).partial:
            return
        value = float((logs or {}).get("val_clean_loss", np.nan))
        if not np.isfinite(value):
            self.model.stop_training = True
            return
        self.curve.append(value)
        if self.hopeless is None or len(self.curve) < self.earliest:
            return
        if self.hopeless(self.curve):
            self.ended = self.model.stop_training = True

    @property
    def sentence(self) -> str:
        """What happened; empty where nothing did."""
        if not self.ended:
            return ""
        best = min(self.curve)
        return (
            f"Ended as hopeless after epoch {len(self.curve)}: half of the other settings of the "
            f"search had a smaller clean validation loss by then than {best:.4g}."
        )

    def get_state(self) -> dict[str, Any]:
        return {"curve": list(self.curve), "pruned": self.ended}

    def set_state(self, state: dict[str, Any]) -> None:
        self.curve, self.ended = [float(v) for v in state["curve"]], bool(state["pruned"])

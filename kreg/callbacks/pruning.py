"""Pruning: end a training of a search that has fallen too far behind the others."""

import keras
import numpy as np

from kreg.callbacks.board import board


class Pruner(keras.callbacks.Callback):
    """Keeps the clean validation losses and ends a training that is hopeless or not finite.

    It stands after whoever measures `val_clean_loss`.

    Args:
        hopeless: A function of the list of losses so far, or `None` to keep them only.
        earliest: Whole number >= 1: the first epoch after which it is asked. Strong noise and
            strong penalties begin slowly.
    """

    def __init__(self, hopeless=None, earliest: int = 1):
        super().__init__()
        self.hopeless, self.earliest = hopeless, earliest
        self.curve: list[float] = []
        self.pruned = False

    def on_epoch_end(self, epoch, logs=None):
        if board(self.model).partial:
            return
        value = float((logs or {}).get("val_clean_loss", np.nan))
        if not np.isfinite(value):
            self.model.stop_training = True
            return
        self.curve.append(value)
        asked = self.hopeless is not None and len(self.curve) >= self.earliest
        if asked and self.hopeless(self.curve):
            self.pruned = self.model.stop_training = True

    @property
    def sentence(self) -> str:
        """What happened; empty where nothing did."""
        if not self.pruned:
            return ""
        best = min(self.curve)
        return (
            f"Pruned after epoch {len(self.curve)}: half of the other settings of the search had a "
            f"smaller clean validation loss by then than {best:.4g}."
        )

    def get_state(self) -> dict:
        return {"curve": list(self.curve), "pruned": self.pruned}

    def set_state(self, state: dict) -> None:
        self.curve, self.pruned = [float(v) for v in state["curve"]], bool(state["pruned"])

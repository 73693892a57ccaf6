"""LowRank: the rank of the low-rank changes, epoch by epoch."""

from typing import Any

import keras

from kreg import lora
from kreg.callbacks.own_rates import take_zeros


class LowRank(keras.callbacks.Callback):
    """Logs `rank`, the sum over all layers of the ranks that a group lasso has left.

    `kreg.finetune(model, how="lora")` returns one; it belongs before what reads the logs. After
    training, `ranks` says it layer by layer. Exact zeros take an optimizer of `kreg.optimizers`:
    where that of the model is one of Keras, the one with the same steps takes its place, and a
    warning says so.

    Raises:
        ValueError: At the start of training, for a model without low-rank changes, or with changes
            that Keras has merged into the kernels of a file.

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="hidden")])
    >>> model.get_layer("hidden").enable_lora(2)
    >>> callback = LowRank()
    >>> callback.set_model(model)
    >>> callback.ranks
    {'hidden': (0, 2)}
    """

    @property
    def ranks(self) -> dict[str, tuple[int, int]]:
        """By path of a layer the rank of its change, and the most that it can be."""
        return lora.ranks(self.model)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not self.ranks:
            raise ValueError(
                f"The model {self.model.name!r} has no low-rank changes: give `fit` the model that "
                "kreg.finetune(model, how='lora') was given."
            )
        if merged := lora.spent(self.model):
            raise ValueError(lora.merged_before(merged))
        if lora.are_penalised(self.model):
            take_zeros(self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["rank"] = sum(rank for rank, _ in self.ranks.values())

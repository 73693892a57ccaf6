"""`kreg.finetune`: penalties and phases for a model that others have trained."""

from collections.abc import Sequence
from typing import Any

import keras

from kreg import check
from kreg.callbacks import Finetune
from kreg.surgery import regularize

HOW = ("head", "gradual")


def finetune(
    model: keras.Model,
    rules: Any = None,
    how: str = "gradual",
    *,
    epochs: int = 3,
    head: Sequence[str] | None = None,
    rate: float = 0.1,
    norms: bool = False,
) -> Finetune:
    """Penalties on a pretrained model, and the callback that trains its head before the rest.

    Args:
        model: Any built `keras.Model` with its new head.
        rules: As in `kreg.regularize`, `kreg.L2SP(0.01)` say; `None` leaves the penalties as they
            are. Those of frozen layers become active when these are thawed.
        how: `"head"`: the head alone, all the time. `"gradual"`: the head first, then all layers.
            Defaults to `"gradual"`.
        epochs: Whole number >= 1: how many epochs of `"gradual"` train the head alone. Defaults to
            `3`.
        head: Names of the layers of the head. Defaults to `None`: the last one with weights.
        rate: Number in (0, 1]: what the learning rate is multiplied by when all layers are trained;
            `1` where it is a schedule. Defaults to `0.1`.
        norms: Whether batch normalisations are trained, too. Defaults to `False`.

    Returns:
        The callback to give to `model.fit` or `kreg.fit`.

    Raises:
        ValueError: As `kreg.regularize` and `kreg.callbacks.Finetune` do.

    >>> model = keras.Sequential(
    ...     [keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2, name="head")]
    ... )
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(
    ...     keras.ops.ones((8, 3)), keras.ops.ones((8, 2)), verbose=0, callbacks=[
    ...         finetune(model, keras.regularizers.L2(1e-3), how="head")]
    ... )
    >>> [len(layer.trainable_variables) for layer in model.layers]
    [0, 2]
    """
    check.choice("how", how, HOW)
    if rules is not None:
        regularize(model, rules)
    alone = epochs if how == "gradual" else None
    return Finetune(alone, head, rate=rate, norms=norms)

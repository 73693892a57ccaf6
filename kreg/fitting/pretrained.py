"""`kreg.finetune`: penalties and phases for a model that others have trained."""

import warnings
from collections.abc import Sequence
from typing import Any

import keras

from kreg import check
from kreg.callbacks import Finetune, LowRank
from kreg.callbacks.finetune import below_the_head
from kreg.surgery import regularize
from kreg.surgery.low_rank import change_by_low_rank, described
from kreg.surgery.regularization import retrace

HOW = ("head", "gradual", "lora")


def finetune(
    model: keras.Model,
    rules: Any = None,
    how: str = "gradual",
    *,
    epochs: int = 3,
    head: str | Sequence[str] | None = None,
    rate: float = 1.0,
    layer_decay: float = 0.385,
    lowest: float = 0.01,
    norms: bool = False,
    rank: int = 16,
    l1: float = 5e-4,
) -> Finetune | LowRank:
    """Penalties on a pretrained model, and the callback that trains its head before the rest.

    With `"lora"` a layer below the head keeps its weights; a product `A B` of low rank is added to
    its kernel and trained in its place, with the head. B starts at zero and has a group lasso on
    its rows, whose exact zeros choose the rank, for which an optimizer of Keras is replaced by the
    one of `kreg.optimizers` that takes the same steps, and a warning says so. Dense,
    EinsumDense, Embedding and Conv layers can have one; a warning names the others. `kreg.strip`
    is the model with its changes merged into the kernels: save that. Keras's `model.save` writes
    merged kernels too, with the same outputs, but what is loaded from it cannot train its changes.

    Args:
        model: Any built `keras.Model` with its new head.
        rules: As in `kreg.regularize`, `kreg.L2SP(0.01)` say; `None` leaves the penalties as they
            are. Those of frozen layers become active when these are thawed; under `"lora"` that is
            never, and those of the head alone are felt.
        how: `"head"`: the head alone, all the time. `"gradual"`: the head first, then all layers.
            `"lora"`: low-rank changes and the head. Defaults to `"gradual"`.
        epochs: Whole number >= 1: how many epochs of `"gradual"` train the head alone. Defaults to
            `3`.
        head: Name, or names, of the layers of the head. Defaults to `None`: the last one with
            weights.
        rate: Number in (0, 1]: what the learning rate is multiplied by when all layers are trained;
            `1` where it is a schedule. Defaults to `1`.
        layer_decay: Number in (0, 1]: the share of the next layer's rate that a layer below the
            head gets then. Below 1 an optimizer of Keras, which has one rate, is replaced by the
            one of `kreg.optimizers` that takes the same steps, and a warning says so. Defaults to
            `0.385`.
        lowest: Number in (0, 1]: the smallest share of the head's rate. Defaults to `0.01`.
        norms: Whether batch normalisations are trained, too. Defaults to `False`.
        rank: Whole number >= 1: of `"lora"`, the most that a rank can be. Defaults to `16`.
        l1: Number >= 0: of `"lora"`, the strength of the group lasso, times the root of a layer's
            outputs. Defaults to `5e-4`.

    Returns:
        The callback to give to `model.fit` or `kreg.fit`; that of `"lora"` has the `ranks`.

    Raises:
        ValueError: As `kreg.regularize` and `kreg.callbacks.Finetune` do. For `"lora"`, if no layer
            can have such a change, or the model's optimizer has trained it already.

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
    if how == "lora":
        return low_rank(model, head, rank, l1)
    alone = epochs if how == "gradual" else None
    found = Finetune(alone, head, rate=rate, layer_decay=layer_decay, lowest=lowest, norms=norms)
    if keras.backend.backend() != "tensorflow" and getattr(model, "optimizer", None) is not None:
        found.prepare(model)
    return found


def low_rank(model: keras.Model, head: str | Sequence[str] | None, rank: int, l1: float) -> LowRank:
    """Low-rank changes below the head; what was compiled without them is compiled anew."""
    check.integer("rank", rank, low=1)
    check.number("l1", l1, low=0)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        raise ValueError(
            f"The optimizer of {model.name!r} has a place for the weights that it had, not for "
            "those of low-rank changes. Call `model.compile` with a new optimizer first."
        )
    _, left = change_by_low_rank(below_the_head(model, head), rank, l1)
    if left:
        names = ", ".join(map(described, left))
        warnings.warn(f"No low-rank change, and frozen: {names}.", UserWarning, stacklevel=3)
    retrace(model)
    model.predict_function = None  # it has the kernels without their changes
    return LowRank()

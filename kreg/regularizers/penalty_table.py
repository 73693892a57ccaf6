"""Which weight has which regularizer, as plain values for a file, and back onto the weights.

A layer that another layer makes for itself (the projections of a `MultiHeadAttention`, the blocks
of a layer of your own) writes no regularizer into a saved file. This table does, weight by weight.
"""

import warnings
from collections.abc import Sequence
from typing import Any, TypedDict

import keras


class Row(TypedDict):
    """One weight: its path, its place among so many weights, and its serialised regularizer."""

    path: str
    position: int
    of: int
    regularizer: dict[str, Any]


def written(weights: Sequence[keras.Variable]) -> list[Row]:
    """A row for each weight that has a regularizer.

    Args:
        weights: Weights in an order that the model has again after loading.

    >>> written(keras.layers.Dense(1).weights)
    []
    """
    return [
        Row(
            path=weight.path,
            position=position,
            of=len(weights),
            regularizer=keras.regularizers.serialize(weight.regularizer),
        )
        for position, weight in enumerate(weights)
        if weight.regularizer is not None
    ]


def restore(
    rows: Sequence[Row],
    weights: Sequence[keras.Variable],
    custom_objects: dict[str, Any] | None = None,
) -> list[keras.Variable]:
    """Give weights the regularizers that loading has lost; one that is there already stays.

    A weight is found by its place where there are as many weights as before, because a layer
    without a name of its own is numbered anew by each process; else by its path.

    Args:
        rows: What `written` returned.
        weights: The weights of the loaded model, in the same order.
        custom_objects: As in `keras.models.load_model`.

    Returns:
        The weights that were given one.
    """
    by_path = {weight.path: weight for weight in weights}
    given: list[keras.Variable] = []
    lost: list[str] = []
    for row in rows:
        same = row["of"] == len(weights)
        weight = weights[row["position"]] if same else by_path.get(row["path"])
        if weight is None:
            lost += [] if is_change(row["path"]) else [row["path"]]
        elif weight.regularizer is None:
            config = row["regularizer"]
            weight.regularizer = keras.regularizers.deserialize(config, custom_objects)
            given.append(weight)
    if lost:
        warnings.warn(
            f"The file has a penalty for {', '.join(map(repr, lost))}, and the loaded model has no "
            "such weight. Put it on with `kreg.regularize`.",
            stacklevel=3,
        )
    return given


def is_change(path: str) -> bool:
    """Whether the weight is of a low-rank change, which files have merged into the kernel.

    >>> is_change("hidden/lora_kernel_a"), is_change("hidden/kernel")
    (True, False)
    """
    return path.rpartition("/")[2].startswith("lora_")

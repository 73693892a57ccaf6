"""Low-rank changes of kernels: the layers of a model that have one, and the rank of each.

Hu et al., LoRA: low-rank adaptation of large language models, 2021. A layer with `enable_lora` on
computes with `kernel + A B`; row r of B and column r of A are one rank of the change.
"""

import keras
from keras import ops

from kreg import private_keras


def holders(layer: keras.Layer) -> list[keras.Layer]:
    """The layer and those below it that have a low-rank change, in the order of the model."""
    found = private_keras.layers_in_order(layer)
    return [one for one in found if getattr(one, "lora_enabled", False)]


def pair(layer: keras.Layer) -> tuple[keras.Variable, keras.Variable]:
    """A of shape `(..., rank)` and B of shape `(rank, outputs)` of a layer with such a change."""
    what = "embeddings" if isinstance(layer, keras.layers.Embedding) else "kernel"
    return getattr(layer, f"lora_{what}_a"), getattr(layer, f"lora_{what}_b")


def ranks(model: keras.Model) -> dict[str, tuple[int, int]]:
    """By path of a layer the rank of its change and the most it may have: rows of B not all zero.

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="hidden")])
    >>> model.get_layer("hidden").enable_lora(2)
    >>> ranks(model)
    {'hidden': (0, 2)}
    """
    return {path_in(model, layer): rank(pair(layer)[1]) for layer in holders(model)}


def spent(model: keras.Model) -> list[str]:
    """Paths of the layers whose change can never be trained, because A and B are both zero.

    Keras's `model.save` and `save_weights` merge the change into the kernel that they write: what
    is loaded says the same, and no gradient reaches its A and B any more.

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="hidden")])
    >>> model.get_layer("hidden").enable_lora(2, a_initializer="zeros")
    >>> spent(model)
    ['hidden']
    """
    nothing = lambda weight: not bool(ops.any(ops.not_equal(weight, 0)))  # noqa: E731
    return [path_in(model, one) for one in holders(model) if all(map(nothing, pair(one)))]


def are_penalised(model: keras.Model) -> bool:
    """Whether a group lasso chooses the ranks of the changes.

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    >>> model.layers[0].enable_lora(2)
    >>> are_penalised(model)
    False
    """
    penalties = [getattr(pair(one)[1], "regularizer", None) for one in holders(model)]
    return any(getattr(penalty, "l1", 0) for penalty in penalties)


def merged_before(paths: list[str]) -> str:
    """A sentence on such layers."""
    shown = ", ".join(map(repr, paths[:3])) + (" and others" if len(paths) > 3 else "")
    return (
        f"The low-rank changes of {shown} were merged into the kernels when Keras wrote the model: "
        "its outputs are the same, but the changes are zero and cannot be trained on. Go on with "
        "kreg.strip(model), the plain model, and kreg.finetune for new ones; to interrupt a "
        "training use kreg.callbacks.Saver, which keeps A and B."
    )


def path_in(model: keras.Model, layer: keras.Layer) -> str:
    """The layer's path as seen from `model`: a Sequential puts its own name in front."""
    return str(layer.path).removeprefix(f"{model.name}/")


def rank(b: keras.Variable) -> tuple[int, int]:
    """Rows of B that are not all zero, and rows."""
    alive = ops.any(ops.not_equal(b, 0), axis=-1)
    return int(ops.sum(ops.cast(alive, "int32"))), int(b.shape[0])

"""Low-rank changes in the place of training: a group lasso chooses the rank of each."""

import math
from collections.abc import Sequence
from typing import TypeAlias

import keras

from kreg import lora, private_keras
from kreg.regularizers import L2, GroupLasso
from kreg.surgery import copying
from kreg.weight_names import is_kernel

Layers: TypeAlias = list[keras.Layer]


def change_by_low_rank(
    layers: Sequence[tuple[keras.Layer, bool]], rank: int, l1: float
) -> tuple[Layers, Layers]:
    """Freeze layers, and give each kernel a change `A B` of low rank that is trained in its place.

    B starts at zero, and its rows have a group lasso: a rank that the data do not ask for is
    exactly zero. The columns of A start orthogonal, of length 1, and have a ridge, else a growing A
    would undo what the penalty takes from B. With `s = l1 * sqrt(outputs)` the penalty is

        s * sum_r (||b_r|| + ||a_r||**2 / 2),

    and the least penalty of a change is `1.5 * s` times the sum of its singular values to the power
    of 2/3 (a Schatten quasi-norm). That is concave: one rank costs less than two that share it.

    Biases, normalisations and layers that cannot have such a change stay as they are.

    Args:
        layers: Each layer, outer ones before those inside them, and whether it was trained.
        rank: Whole number >= 1: the most that a rank can be. A small kernel has less.
        l1: Number >= 0: strength, times the root of the number of outputs.

    Returns:
        The layers that have a change, and those with a kernel that cannot have one.

    Raises:
        ValueError: If no layer can have one, or one has it already.

    Sources: Hu et al., LoRA, 2021. The penalty: Fan, Ding, Chen & Udell, Factor group-sparse
    regularization for efficient low-rank matrix recovery, 2019.
    """
    wanted = [layer for layer, trained in layers if trained and has_kernel(layer)]
    refuse_changed(wanted)
    changed = [layer for layer in wanted if can_have(layer)]
    left = [layer for layer in wanted if not can_have(layer)]
    if not changed:
        raise ValueError(
            "No layer below the head can have a low-rank change: Dense, EinsumDense, Embedding and "
            "Conv layers without a constraint on the kernel can. Received: "
            f"{', '.join(map(described, left)) or 'no layer that is trained'}."
        )
    freeze_but([layer for layer, _ in layers], changed)
    for layer in changed:
        enable(layer, rank, l1)
    return changed, left


def has_kernel(layer: keras.Layer) -> bool:
    return any(is_kernel(weight) for weight in private_keras.own_weights(layer))


def can_have(layer: keras.Layer) -> bool:
    """Whether Keras offers `enable_lora` for the layer as it is."""
    names = ("kernel_constraint", "embeddings_constraint", "quantization_mode")
    obstacles = [getattr(layer, name, None) for name in names]
    return hasattr(layer, "enable_lora") and not any(obstacles)


def described(layer: keras.Layer) -> str:
    return f"{layer.path!r} ({type(layer).__name__})"


def refuse_changed(layers: Layers) -> None:
    """Keras enables a change once; one that a file brought is merged and cannot learn again."""
    known = [layer for layer in layers if getattr(layer, "lora_enabled", False)]
    if known:
        raise ValueError(
            f"{', '.join(map(described, known))} has a low-rank change already. "
            "kreg.strip(model) is the model with it merged into the kernels: start from that."
        )


def freeze_but(layers: Layers, changed: Layers) -> None:
    """Freeze all weights; the layers that will have a change, and those around them, stay open."""
    chosen = set(changed)
    for layer in layers:  # setting it sets it for all inside, which come after
        layer.trainable = not chosen.isdisjoint(private_keras.all_layers(layer))
    for layer in layers:
        for weight in private_keras.own_weights(layer):
            weight.trainable = False


def enable(layer: keras.Layer, rank: int, l1: float) -> None:
    """Give a built layer its A and B, with what keeps and what removes them."""
    embedding = isinstance(layer, keras.layers.Embedding)
    *entering, leaving = (layer.embeddings if embedding else layer.kernel).shape
    most = min(rank, math.prod(entering), leaving)
    layer.enable_lora(most, a_initializer=keras.initializers.Orthogonal())
    a, b = lora.pair(layer)
    a.regularizer = L2(l1 * math.sqrt(leaving) / 2)  # in the place of the kernel's
    b.regularizer = GroupLasso(l1)


def merged(model: keras.Model) -> keras.Model:
    """A copy whose kernels hold their low-rank changes, not compiled; the model if it has none.

    Raises:
        ValueError: If the model is subclassed.
    """
    if not lora.holders(model):
        return model
    copied, pairs = copying.rebuild(model, copying.from_config)
    for old, new in pairs:
        copying.copy_weights(old, new)
    return copied

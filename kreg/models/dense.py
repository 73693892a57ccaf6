"""Dense networks: no hidden layer, one, many, and wide ones."""

from collections.abc import Sequence
from typing import Any

import keras

from kreg import check
from kreg.models import inputs_and_head
from kreg.models.inputs_and_head import Rescale
from kreg.models.noise_places import DropoutDial, NoisePlaces
from kreg.models.options import COUNT
from kreg.models.size import scaled


def linear(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    dropout: DropoutDial = 0.0,
    rescale: Rescale | None = None,
) -> keras.Model:
    """`y = W x + b`: linear or (multinomial) logistic regression. It has no dial but noise.

    The noise stands on the features; dropout there is an adaptive ridge (Wager et al., 2013).

    Args:
        input_shape: Shape of one example; images are flattened.
        outputs: Whole number >= 1: classes, 1 for a binary task, labels or regression targets.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`. Defaults to `0`.
        rescale: Factor on the inputs, `1 / 255` for byte images, or `(scale, offset)`, of numbers
            or arrays. Defaults to `None`.
    """
    inputs, x = inputs_and_head.flat(input_shape, rescale)
    x = NoisePlaces(dropout, dense=1).dense(x)
    return keras.Model(inputs, inputs_and_head.head(x, outputs, task), name="linear")


def shallow(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int = 1,
    width: int = 64,
    **options: Any,
) -> keras.Model:
    """One small hidden layer. Arguments as in `deep`."""
    return dense("shallow", input_shape, outputs, task, depth=depth, width=width, **options)


def wide(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int = 2,
    width: int = 1024,
    **options: Any,
) -> keras.Model:
    """Few hidden layers of very many units. Arguments as in `deep`."""
    return dense("wide", input_shape, outputs, task, depth=depth, width=width, **options)


def deep(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int = 4,
    width: int = 128,
    **options: Any,
) -> keras.Model:
    """Several hidden layers of equal width.

    Args:
        input_shape: Shape of one example; images are flattened.
        outputs: Whole number >= 1: classes, 1 for a binary task, labels or regression targets.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        depth: Whole number >= 1 of hidden layers. Defaults to `4`.
        width: Whole number >= 1 of units in each. Defaults to `128`.
        scale: Number from 0.25 to 4 that multiplies `width`. Defaults to `1`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`, asked after every hidden
            activation. Defaults to `0`.
        activation: Name of a Keras activation. Defaults to `"relu"`.
        batch_norm: Whether to normalise before each activation. Defaults to `False`.
        skip: Whether hidden layers from the second on are residual, `x + f(x)`: a place of kind
            `"residual"` each. Defaults to `False`.
        rescale: Factor on the inputs, `1 / 255` for byte images, or `(scale, offset)`, of numbers
            or arrays. Defaults to `None`.

    >>> deep((64,), 10, "classification", depth=2, width=16).output_shape
    (None, 10)
    """
    return dense("deep", input_shape, outputs, task, depth=depth, width=width, **options)


def dense(
    name: str,
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int,
    width: int,
    scale: float = 1.0,
    dropout: DropoutDial = 0.0,
    activation: str = "relu",
    batch_norm: bool = False,
    skip: bool = False,
    rescale: Rescale | None = None,
) -> keras.Model:
    """The common form of `shallow`, `deep` and `wide`; they differ in their defaults."""
    depth = check.integer("depth", depth, **COUNT)
    width = scaled(width, scale)
    skip = check.flag("skip", skip)
    noise = NoisePlaces(dropout, dense=depth, residual=depth - 1 if skip else 0)
    inputs, x = inputs_and_head.flat(input_shape, rescale)
    for index in range(1, depth + 1):
        branch = hidden(x, f"hidden_{index}", width, activation, batch_norm)
        branch = noise.dense(branch)
        if skip and index > 1:
            branch = keras.layers.Add(name=f"hidden_{index}_add")([x, noise.residual(branch)])
        x = branch
    return keras.Model(inputs, inputs_and_head.head(x, outputs, task), name=name)


def hidden(
    x: keras.KerasTensor, name: str, units: int, activation: str, batch_norm: bool
) -> keras.KerasTensor:
    """Dense, normalisation if asked for, activation."""
    batch_norm = check.flag("batch_norm", batch_norm)
    initializer = "lecun_normal" if activation == "selu" else "he_normal"
    x = keras.layers.Dense(
        units,
        activation=None if batch_norm else activation,
        use_bias=not batch_norm,
        kernel_initializer=initializer,
        name=name,
    )(x)
    if not batch_norm:
        return x
    x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
    return keras.layers.Activation(activation, name=f"{name}_{activation}")(x)

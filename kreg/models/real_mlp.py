"""RealMLP for tables (Holzmueller, Grinsztajn & Steinwart, NeurIPS 2024), of stock Keras layers."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

from kreg import check
from kreg.models import categories as levels_of
from kreg.models import data_start, inputs_and_head
from kreg.models.inputs_and_head import Rescale
from kreg.models.noise_places import DropoutDial, NoisePlaces
from kreg.models.options import COUNT, FEATURES
from kreg.models.size import scaled
from kreg.models.within_range import within_range_of

FORMS = ("small", "full")
REACH = 3.0  # the smooth clip: no number is larger
FREQUENCIES, EMBEDDED, DEVIATION = 16, 3, 0.1  # of the embedding of a number
NORMAL = {"stddev": 1.0}


def realmlp(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    form: str = "small",
    depth: int = 3,
    width: int = 256,
    scale: float = 1.0,
    dropout: DropoutDial = 0.0,
    rescale: Rescale | None = None,
    rows: ArrayLike | None = None,
    targets: ArrayLike | None = None,
    categories: Sequence[Sequence[int]] = (),
) -> keras.Model:
    """Robust scaling, smooth clip, a learned scale for each feature, wide layers of large weights.

        x = clip((x - median) / (q75 - q25)),  clip(u) = u / sqrt(1 + (u / 3)^2)
        x = s * x,                             s starts at 1
        x = act(x W / sqrt(inputs) + b),       W and b start at N(0, 1): "NTK parametrisation"
        y = x W / sqrt(width) + b,             starts at 0

    `form="full"` adds embeddings of numbers before `s`, `(x, L cos(2 pi w x + b))` with 16
    frequencies and three outputs a number; eight learned numbers for each category of more than
    nine levels; activations `x + a (act(x) - x)` with `a` learned for each unit; and a start at
    which every unit has deviation 1 on `rows`. It is made for a recipe of its own:
    `recipe=realmlp`. The scale is the kernel of the layer `features`.

    Args:
        input_shape: `(features,)`.
        outputs: Whole number >= 1: classes, 1 for a binary task, labels or regression targets.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        form: `"small"` (the paper's TD-S) or `"full"` (TD). Defaults to `"small"`.
        depth: Whole number >= 1 of hidden layers. Defaults to `3`.
        width: Whole number >= 1 of units in each. Defaults to `256`.
        scale: Number from 0.25 to 4 that multiplies `width`. Defaults to `1`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`, asked after every hidden
            activation. Defaults to `0`.
        rescale: Factor on the inputs, or `(scale, offset)`. Defaults to `None`.
        rows: The training rows `(rows, features)`, of which medians and quartiles are kept in the
            model. Defaults to `None`: the inputs are clipped as they are.
        targets: The training targets of a regression, `(rows,)` or `(rows, targets)`: predictions
            stay within their range. Defaults to `None`: they may leave it.
        categories: Lists of places: the columns of 0 and 1 that stand for the levels of a category.
            Defaults to `()`.

    Raises:
        ValueError: If the inputs are not rows of a table, or `rows` do not fit to them.

    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> realmlp((3,), 2, "classification", width=8, rows=x).output_shape
    (None, 2)
    """
    form = check.choice("form", form, FORMS)
    depth, width = check.integer("depth", depth, **COUNT), scaled(width, scale)
    noise = NoisePlaces(dropout, dense=depth)
    inputs, x = inputs_and_head.features("realmlp", input_shape, rescale)
    seen = None if rows is None else checked_rows(rows, inputs.shape[-1])
    many = levels_of.large(categories, x.shape[-1])
    clipped = smoothly_clipped(x, *robust_scale(seen if seen is not None else neutral(x.shape[-1])))
    x = embedded(x, clipped, numbers_of(seen, x.shape[-1]), many) if form == "full" else clipped
    x = per_feature(x, FEATURES)
    activation = "mish" if task == "regression" else "selu"
    for index in range(1, depth + 1):
        x = noise.dense(hidden(x, f"hidden_{index}", width, activation, form == "full"))
    x = keras.layers.Rescaling(width**-0.5, name="head_share")(x)
    x = inputs_and_head.head(x, outputs, task)
    if targets is not None:
        x = within_range_of(targets, name="within_range")(x)
    model = keras.Model(inputs, x, name="realmlp")
    if form == "full" and seen is not None:
        data_start.fit_units(model, [f"hidden_{i}" for i in range(1, depth + 1)], seen)
    data_start.set_zero(model.get_layer("head"))
    return model


def hidden(
    x: keras.KerasTensor, name: str, units: int, activation: str, learned: bool
) -> keras.KerasTensor:
    """`act(x W / sqrt(inputs) + b)`; with a learned activation, `z + a * (act(z) - z)`."""
    x = keras.layers.Rescaling(x.shape[-1] ** -0.5, name=f"{name}_share")(x)
    z = keras.layers.Dense(
        units,
        kernel_initializer=keras.initializers.RandomNormal(**NORMAL),
        bias_initializer=keras.initializers.RandomNormal(**NORMAL),
        name=name,
    )(x)
    bent = keras.layers.Activation(activation, name=f"{name}_{activation}")(z)
    if not learned:
        return bent
    difference = keras.layers.Subtract(name=f"{name}_bend")([bent, z])
    share = per_feature(difference, f"{name}_activation")
    return keras.layers.Add(name=f"{name}_out")([z, share])


def per_feature(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """`s * x` with a learned factor for each feature, 1 at the start."""
    return keras.layers.EinsumDense(
        "bd,d->bd", output_shape=(x.shape[-1],), kernel_initializer="ones", name=name
    )(x)


# --- the entrance ---------------------------------------------------------------------------------


def robust_scale(rows: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor and offset of each column: `x * factor + offset = (x - median) / (q75 - q25)`.

    Where the quartiles are equal, half of the range stands in their place; a constant column
    becomes 0.

    Args:
        rows: `(rows, features)`.

    >>> factor, offset = robust_scale([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [4.0, 5.0]])
    >>> factor.tolist(), (offset + 0.0).tolist()
    ([0.5, 0.0], [-1.0, 0.0])
    """
    values = np.asarray(rows, np.float64)
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    spread = np.where(high > low, high - low, np.ptp(values, axis=0) / 2)
    factor = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    return factor, -median * factor


def smoothly_clipped(
    x: keras.KerasTensor, factor: NDArray[np.float64], offset: NDArray[np.float64]
) -> keras.KerasTensor:
    """`u / sqrt(1 + (u / 3)^2)` with `u = factor * x + offset`.

    It is written as `3 sin(arctan(u / 3))`, which is the same number: functions of one argument,
    which `kreg.compress` follows.
    """
    layer = keras.layers.Rescaling(
        (factor / REACH).tolist(), (offset / REACH).tolist(), name="robust_scale"
    )
    return keras.layers.Rescaling(REACH, name="clip")(ops.sin(ops.arctan(layer(x))))


def neutral(features: int) -> NDArray[np.float64]:
    """Rows that leave the inputs as they are."""
    return np.repeat([[-0.5], [0.0], [0.5]], features, axis=1) * 2.0


def checked_rows(rows: ArrayLike, features: int) -> NDArray[np.float32]:
    values = np.asarray(rows, np.float32)
    if values.ndim != 2 or values.shape[1] != features or not len(values):
        raise check.invalid("rows", f"an array (rows, {features})", values.shape)
    if not np.isfinite(values).all():
        raise ValueError("`rows` has values that are not finite. Fill or drop them first.")
    return values


# --- embeddings of numbers ------------------------------------------------------------------------


def numbers_of(rows: NDArray[np.float32] | None, features: int) -> list[int]:
    """The columns of more than two values; without rows, all."""
    if rows is None:
        return list(range(features))
    return [place for place in range(features) if len(np.unique(rows[:, place])) > 2]


def embedded(
    levels: keras.KerasTensor, x: keras.KerasTensor, numbers: list[int], many: list[list[int]]
) -> keras.KerasTensor:
    """The row with `(x, L cos(2 pi w x + b))` in the place of each number.

    Behind them stand the other columns as they are, then the vectors of categories of many levels.

    Args:
        levels: The columns before they are scaled: of a category 0 and 1.
        x: The scaled and clipped columns.
        numbers: The places of numbers.
        many: The places of the columns of each category that has many levels.
    """
    spoken_for = {place for places in many for place in places}
    numbers = [place for place in numbers if place not in spoken_for]
    others = [p for p in range(x.shape[-1]) if p not in spoken_for.union(numbers)]
    parts = [with_waves(ops.take(x, numbers, axis=-1))] if numbers else []
    if others:
        parts.append(ops.take(x, others, axis=-1) if numbers or many else x)
    for index, places in enumerate(many, 1):
        start, name = keras.initializers.RandomNormal(**NORMAL), f"category_activation_{index}"
        parts.append(levels_of.embedded(levels, places, name, start))
    return keras.layers.Concatenate(name="row")(parts) if len(parts) > 1 else parts[0]


def with_waves(values: keras.KerasTensor) -> keras.KerasTensor:
    """Each number and its embedding, as one vector."""
    count = values.shape[-1]
    waves = periodic(values, count)
    values = keras.layers.Reshape((count, 1), name="numbers")(values)
    found = keras.layers.Concatenate(name="number_and_waves")([values, waves])
    return keras.layers.Flatten(name="embedded")(found)


def periodic(values: keras.KerasTensor, count: int) -> keras.KerasTensor:
    """`cos(2 pi w x + b)` with 16 frequencies, and a linear map to three numbers, for each column.

    `w` starts at N(0, 0.1^2), `b` uniformly in +-pi: "periodic bias linear densenet" embeddings.
    """
    turned = keras.layers.Rescaling(2 * np.pi, name="turns")(values)
    waves = keras.layers.EinsumDense(
        "bd,df->bdf",
        output_shape=(count, FREQUENCIES),
        bias_axes="df",
        kernel_initializer=keras.initializers.RandomNormal(stddev=DEVIATION),
        bias_initializer=keras.initializers.RandomUniform(-np.pi, np.pi),
        name="periodic_activation",
    )(turned)
    shared = keras.layers.Rescaling(FREQUENCIES**-0.5, name="periodic_share")(ops.cos(waves))
    return keras.layers.EinsumDense(
        "bdf,dfo->bdo",
        output_shape=(count, EMBEDDED),
        bias_axes="do",
        kernel_initializer=keras.initializers.RandomNormal(**NORMAL),
        name="periodic_activation_linear",
    )(shared)

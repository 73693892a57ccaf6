"""TabM-mini for tables: members that share a network, and numbers bent at their quantiles."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

from kreg import check
from kreg.models import categories as levels_of
from kreg.models import inputs_and_head
from kreg.models.inputs_and_head import Rescale
from kreg.models.members import MeanOfMembers
from kreg.models.noise_places import DropoutDial, NoisePlaces
from kreg.models.options import BINS, COUNT
from kreg.models.size import scaled

CLIP = 5.0  # the linear part of an embedding sees no number beyond it; the bent part sees all
NARROW = 1e-5  # of an edge's size: float32 cannot place a number in a narrower bin


def tabm(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    members: int = 16,
    depth: int = 2,
    width: int = 128,
    scale: float = 1.0,
    embedding: int = 16,
    bins: int = 48,
    dropout: DropoutDial = 0.0,
    rescale: Rescale | None = None,
    rows: ArrayLike | None = None,
    targets: ArrayLike | None = None,
    categories: Sequence[Sequence[int]] = (),
) -> keras.Model:
    """Members that share hidden layers, differ by a scale in front of them, and have own heads.

    A number of more than two values becomes `embedding` numbers: a linear map, plus a linear map
    of its piecewise-linear encoding, whose bins end at quantiles of `rows`. A category of more than
    nine levels becomes eight learned numbers. Member `k` multiplies all by `r_k`, then come `depth`
    shared layers and its head. The answer is the members' mean.
    Compile it with `kreg.models.members_loss(loss)`: each member is trained on its own loss.

    Sources: Gorishniy et al., TabM, 2025; On embeddings for numerical features, 2022.

    Args:
        input_shape: `(features,)`, standardised numbers and columns of 0 and 1.
        outputs: Whole number >= 1: classes, 1 for a binary task, labels or regression targets.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        members: Whole number >= 1. Defaults to `16`.
        depth: Whole number >= 1 of hidden layers. Defaults to `2`.
        width: Whole number >= 1 of units in each. Defaults to `128`.
        scale: Number from 0.25 to 4 that multiplies `width`. Defaults to `1`.
        embedding: Whole number >= 1: what a number becomes. Defaults to `16`.
        bins: Whole number >= 2 of bins a number at most. Defaults to `48`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`, asked after every hidden
            activation. Defaults to `0`.
        rescale: Factor on the inputs, or `(scale, offset)`. Defaults to `None`.
        rows: The training rows `(rows, features)`, from which the bins are taken. Defaults to
            `None`: embeddings are linear, and every column has one.
        targets: The training targets of a regression, `(rows,)` or `(rows, targets)`: predictions
            stay within their range. Defaults to `None`: they may leave it.
        categories: Lists of places: the columns of 0 and 1 that stand for the levels of a category.
            Defaults to `()`.

    Raises:
        ValueError: If the inputs are not rows of a table, or `rows` do not fit to them.

    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> tabm((3,), 2, "classification", members=4, width=8, rows=x).output_shape
    (None, 2)
    """
    members, depth = (
        check.integer(name, value, **COUNT)
        for name, value in {"members": members, "depth": depth}.items()
    )
    width = scaled(width, scale)
    inputs, x = inputs_and_head.features("tabm", input_shape, rescale)
    many = levels_of.large(categories, inputs.shape[-1])
    x, initializer = embedded(x, edges_of(rows, inputs.shape[-1], bins), embedding, many)
    x = keras.layers.RepeatVector(members, name="repeat")(x)
    x = member_scale(x, members, initializer)
    noise = NoisePlaces(dropout, dense=depth)
    for index in range(1, depth + 1):
        layer = keras.layers.Dense(
            width, activation="relu", name=f"hidden_{index}", **uniform(x.shape[-1])
        )
        x = noise.dense(layer(x))
    x = heads(x, inputs_and_head.checked_outputs(outputs, task))
    low, high = (None, None) if targets is None else target_range(targets)
    return keras.Model(inputs, MeanOfMembers(task, low, high, name="mean")(x), name="tabm")


def member_scale(x: keras.KerasTensor, members: int, initializer: Any) -> keras.KerasTensor:
    """`r_k * x`: the one place where the members differ before their heads."""
    layer = keras.layers.EinsumDense(
        "bkd,kd->bkd",
        output_shape=(members, x.shape[-1]),
        kernel_initializer=initializer,
        name="members",
    )
    return layer(x)


def heads(x: keras.KerasTensor, outputs: int) -> keras.KerasTensor:
    """A linear layer for each member, in the precision of the weights, as `inputs_and_head`'s."""
    layer = keras.layers.EinsumDense(
        "bkd,kdc->bkc",
        output_shape=(x.shape[1], outputs),
        bias_axes="kc",
        dtype=keras.config.dtype_policy().variable_dtype,
        name="head",
        **uniform(x.shape[-1]),
    )
    return layer(x)


def uniform(inputs: int) -> dict[str, Any]:
    """Kernel and bias start uniformly in `+-1 / sqrt(inputs)`, as in the paper's code."""
    bound = inputs**-0.5
    start = keras.initializers.RandomUniform
    return {
        "kernel_initializer": start(-bound, bound),
        "bias_initializer": start(-bound, bound),
    }


def target_range(targets: ArrayLike) -> tuple[list[float], list[float]]:
    """The least and the largest training target, one of each a target."""
    values = np.asarray(targets, np.float64).reshape(len(np.asarray(targets)), -1)
    return values.min(axis=0).tolist(), values.max(axis=0).tolist()


# --- numbers that are bent at quantiles -----------------------------------------------------------

Edges = list[NDArray[np.float64]]  # of each column; empty for one that enters as it is


def quantile_edges(rows: ArrayLike, bins: int = 48) -> Edges:
    """The ends of each column's bins: quantiles, each once.

    Args:
        rows: `(rows, features)`.
        bins: Whole number >= 2 of bins a column at most.

    Returns:
        An increasing array for each column, of `bins + 1` numbers at most. It is empty for a column
        of at most two values: there is nothing to bend.

    >>> [edges.tolist() for edges in quantile_edges([[0, 1], [1, 0], [4, 1]], bins=2)]
    [[0.0, 1.0, 4.0], []]
    """
    table = np.asarray(rows, np.float64)
    bins = check.integer("bins", bins, **BINS)
    shares = np.linspace(0, 1, bins + 1)
    return [_apart(_quantiles(column, shares)) for column in table.T]


def _quantiles(column: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantiles of a column; of two values those two, since between them lies no third one."""
    values = np.unique(column)
    return np.quantile(column, shares) if len(values) > 2 else values


def _apart(quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantiles that differ enough; none if they are fewer than three."""
    kept = [quantiles[0]]
    for value in quantiles[1:]:
        if value - kept[-1] > NARROW * max(abs(value), abs(kept[-1])):
            kept.append(value)
    return np.array(kept if len(kept) > 2 else [])


def edges_of(rows: ArrayLike | None, features: int, bins: int) -> Edges | None:
    """The edges from training rows, which must have the model's features."""
    bins = check.integer("bins", bins, **BINS)
    if rows is None:
        return None
    shape = np.shape(rows)
    if len(shape) != 2 or shape[1] != features:
        raise check.invalid("rows", f"an array (rows, {features})", f"one of shape {shape}")
    return quantile_edges(rows, bins)


def embedded(
    x: keras.KerasTensor, edges: Edges | None, length: int, many: list[list[int]]
) -> tuple[keras.KerasTensor, keras.initializers.Initializer]:
    """The row as one vector, and what the members' scales of it start from.

    Columns with bins become `length` numbers each. Behind them the others enter as they are, then
    the vectors of categories of many levels, whose columns are the lists of `many`.
    """
    length = check.integer("embedding", length, **COUNT)
    features = x.shape[-1]
    spoken_for = {place for places in many for place in places}
    own = [i for i in range(features) if i not in spoken_for]
    bent = [i for i in own if edges is None or len(edges[i])]
    plain = [i for i in own if i not in set(bent)]
    parts = []
    if bent:
        part = x if len(bent) == features else ops.take(x, bent, axis=1)
        parts.append(embedding_of(part, edges and [edges[i] for i in bent], length))
    if plain:
        parts.append(x if len(plain) == features else ops.take(x, plain, axis=1))
    for index, places in enumerate(many, 1):
        start = uniform(levels_of.LENGTH)["kernel_initializer"]
        parts.append(levels_of.embedded(x, places, f"category_{index}", start))
    joined = parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="row")(parts)
    sizes = [length] * len(bent) + [1] * len(plain) + [levels_of.LENGTH] * len(many)
    return joined, MemberScales(sizes, signs=not bent and not many)


def embedding_of(x: keras.KerasTensor, edges: Edges | None, length: int) -> keras.KerasTensor:
    """`a_i x_i + b_i + W_i encoding(x_i)` for each column, as one vector; `W` starts at zero."""
    shape = (x.shape[-1], length)
    linear = keras.layers.EinsumDense(
        "bd,do->bdo", output_shape=shape, bias_axes="do", name="linear", **uniform(length)
    )
    numbers = linear(ops.clip(x, -CLIP, CLIP))
    if edges is not None:
        layer = keras.layers.EinsumDense(
            "btd,tdo->bdo", output_shape=shape, kernel_initializer="zeros", name="bent"
        )
        numbers = keras.layers.Add(name="embedding")([numbers, layer(piecewise(x, edges))])
    return keras.layers.Reshape((shape[0] * length,), name="columns")(numbers)


def piecewise(x: keras.KerasTensor, edges: Edges) -> keras.KerasTensor:
    """The piecewise-linear encoding, `(batch, bins, features)`.

    `e_t = min(max((x - b_(t-1)) / (b_t - b_(t-1)), 0), 1)`: how much of bin `t` lies below `x`. A
    number outside of all bins has the encoding of their end, so that an outlier moves nothing.
    Columns with fewer bins than the others have zeros behind theirs.
    """
    most = max(map(len, edges)) - 1
    slope, offset = np.zeros((2, most, len(edges)))
    for i, ends in enumerate(edges):
        slope[: len(ends) - 1, i] = 1 / np.diff(ends)
        offset[: len(ends) - 1, i] = -ends[:-1] / np.diff(ends)
    x = keras.layers.RepeatVector(most, name="bins")(x)
    x = keras.layers.Rescaling(slope.tolist(), offset.tolist(), name="place_in_bin")(x)
    return keras.layers.ReLU(max_value=1.0, name="share_of_bin")(x)


@keras.saving.register_keras_serializable(package="kreg")
class MemberScales(keras.initializers.Initializer):
    """`(members, sum(sizes))`: a draw for each member and column, repeated over its embedding.

    Args:
        sizes: How many numbers each column has become.
        signs: Whether to draw -1 and 1 instead of N(0, 1): for columns that are not embedded.
        seed: Whole number or `None`, as in `keras.initializers.RandomNormal`.

    >>> scales = keras.ops.convert_to_numpy(MemberScales([2, 1])((4, 3)))
    >>> bool((scales[:, 0] == scales[:, 1]).all()), bool((scales[:, 1] == scales[:, 2]).any())
    (True, False)
    """

    def __init__(self, sizes: Sequence[int], signs: bool = False, seed: int | None = None):
        self.sizes = [check.integer("sizes", size, **COUNT) for size in sizes]
        self.signs = check.flag("signs", signs)
        self.seed = seed
        self._normal = keras.initializers.RandomNormal(stddev=1.0, seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> keras.KerasTensor:
        drawn = self._normal((shape[0], len(self.sizes)), dtype=dtype)
        drawn = (
            ops.where(drawn < 0, -ops.ones_like(drawn), ops.ones_like(drawn))
            if self.signs
            else drawn
        )
        column = np.repeat(np.arange(len(self.sizes)), self.sizes)
        return ops.take(drawn, column, axis=1)

    def get_config(self) -> dict[str, Any]:
        return {"sizes": self.sizes, "signs": self.signs, "seed": self.seed}

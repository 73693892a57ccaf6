"""Residual networks for small images: the original, the pre-activation and the wide form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from kreg import check
from kreg.models import inputs_and_head
from kreg.models.inputs_and_head import Rescale
from kreg.models.noise_places import DropoutDial, NoisePlaces
from kreg.models.options import COUNT
from kreg.models.size import scaled

STAGES = 3
WIDE_STEM = 16


def resnet(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int = 1,
    width: int = 16,
    scale: float = 1.0,
    dropout: DropoutDial = 0.0,
    rescale: Rescale | None = None,
) -> keras.Model:
    """The residual network of small images: 3 stages of `depth` blocks, 6 * depth + 2 layers.

    Stage `s` has `width * 2**s` filters on a map of half the rows and columns of the one before.
    Source: He et al., Deep residual learning for image recognition, 2016.

    Args:
        input_shape: `(height, width, channels)`.
        outputs: Whole number >= 1: classes, 1 for a binary task, labels or regression targets.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        depth: Whole number >= 1 of blocks in each stage: 3 is ResNet-20. Defaults to `1`.
        width: Whole number >= 1 of filters in the first stage. Defaults to `16`.
        scale: Number from 0.25 to 4 that multiplies `width`. Defaults to `1`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`, asked between the two
            convolutions of a block (`"conv"`), at its branch's end (`"residual"`) and before the
            head (`"dense"`). Defaults to `0`.
        rescale: Factor on the inputs, `1 / 255` for byte images, or `(scale, offset)`, of numbers
            or arrays. Defaults to `None`.

    Raises:
        ValueError: If the inputs are not images.

    >>> resnet((8, 8, 1), 10, "classification", width=4).output_shape
    (None, 10)
    """
    width = scaled(width, scale)
    plan = Plan("resnet", width, depth, width, dropout)
    inputs, x = inputs_and_head.images(plan.name, input_shape, rescale)
    x = normed_relu(conv(x, "stem", width), "stem")
    for block in plan.blocks():
        x = post_activation(x, block, plan.noise)
    return finish(inputs, x, plan, outputs, task)


def preact_resnet(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int = 1,
    width: int = 16,
    **options: Any,
) -> keras.Model:
    """The residual network whose shortcuts are identities: normalise and activate first.

    Source: He et al., Identity mappings in deep residual networks, 2016. Arguments as in `resnet`.
    """
    return pre_activated("preact_resnet", input_shape, outputs, task, depth, width, **options)


def wide_resnet(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int = 2,
    width: int = 64,
    **options: Any,
) -> keras.Model:
    """Pre-activation blocks of many filters after a stem of 16.

    `depth=2, width=64` is WRN-16-4, `depth=4, width=160` WRN-28-10. Source: Zagoruyko &
    Komodakis, Wide residual networks, 2016. Arguments as in `resnet`.
    """
    return pre_activated(
        "wide_resnet", input_shape, outputs, task, depth, width, stem=WIDE_STEM, **options
    )


def pre_activated(
    name: str,
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    depth: int,
    width: int,
    *,
    stem: int | None = None,
    scale: float = 1.0,
    dropout: DropoutDial = 0.0,
    rescale: Rescale | None = None,
) -> keras.Model:
    """The common form of `preact_resnet` and `wide_resnet`."""
    width = scaled(width, scale)
    plan = Plan(name, stem or width, depth, width, dropout)
    inputs, x = inputs_and_head.images(name, input_shape, rescale)
    x = conv(x, "stem", plan.stem)
    for block in plan.blocks():
        x = pre_activation(x, block, plan.noise)
    return finish(inputs, normed_relu(x, "last"), plan, outputs, task)


@dataclass
class Plan:
    """The sizes of a residual network and the noise in it."""

    name: str
    stem: int
    depth: int
    width: int
    dropout: DropoutDial
    noise: NoisePlaces = field(init=False)

    def __post_init__(self) -> None:
        self.depth = check.integer("depth", self.depth, **COUNT)
        blocks = STAGES * self.depth
        self.noise = NoisePlaces(self.dropout, conv=blocks, residual=blocks, dense=1)

    def blocks(self) -> "Iterator[Block]":
        """The blocks in the order of the forward pass."""
        for stage in range(STAGES):
            for index in range(self.depth):
                yield Block(
                    name=f"stage_{stage + 1}_block_{index + 1}",
                    filters=self.width * 2**stage,
                    stride=2 if stage and not index else 1,
                )


@dataclass(frozen=True)
class Block:
    """One residual block: its layers' common name, its filters and its first stride."""

    name: str
    filters: int
    stride: int

    def keeps_shape_of(self, x: keras.KerasTensor) -> bool:
        return bool(self.stride == 1 and x.shape[-1] == self.filters)


def post_activation(x: keras.KerasTensor, block: Block, noise: NoisePlaces) -> keras.KerasTensor:
    """`relu(shortcut(x) + norm(conv(relu(norm(conv(x))))))`."""
    name, filters = block.name, block.filters
    branch = normed_relu(conv(x, f"{name}_conv_1", filters, block.stride), f"{name}_1")
    branch = conv(noise.conv(branch), f"{name}_conv_2", filters)
    branch = noise.residual(keras.layers.BatchNormalization(name=f"{name}_2_norm")(branch))
    if not block.keeps_shape_of(x):
        x = conv(x, f"{name}_shortcut", filters, block.stride, size=1)
        x = keras.layers.BatchNormalization(name=f"{name}_shortcut_norm")(x)
    x = keras.layers.Add(name=f"{name}_add")([x, branch])
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def pre_activation(x: keras.KerasTensor, block: Block, noise: NoisePlaces) -> keras.KerasTensor:
    """`shortcut + conv(relu(norm(conv(relu(norm(x))))))`; a projection sees the activated input."""
    name, filters = block.name, block.filters
    activated = normed_relu(x, f"{name}_1")
    branch = normed_relu(conv(activated, f"{name}_conv_1", filters, block.stride), f"{name}_2")
    branch = noise.residual(conv(noise.conv(branch), f"{name}_conv_2", filters))
    if not block.keeps_shape_of(x):
        x = conv(activated, f"{name}_shortcut", filters, block.stride, size=1)
    return keras.layers.Add(name=f"{name}_add")([x, branch])


def conv(
    x: keras.KerasTensor, name: str, filters: int, stride: int = 1, size: int = 3
) -> keras.KerasTensor:
    """A convolution without bias: normalisation follows it."""
    return keras.layers.Conv2D(
        filters,
        size,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)


def normed_relu(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Batch normalisation and ReLU."""
    x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def finish(
    inputs: keras.KerasTensor, x: keras.KerasTensor, plan: Plan, outputs: int, task: str
) -> keras.Model:
    """Global average, noise, head."""
    x = plan.noise.dense(keras.layers.GlobalAveragePooling2D(name="average")(x))
    return keras.Model(inputs, inputs_and_head.head(x, outputs, task), name=plan.name)

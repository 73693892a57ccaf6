"""Stages that hide parts of an image. Masks are products of one factor per row and per column."""

from dataclasses import dataclass

import tensorflow as tf

from kreg import check
from kreg.augment import ranges
from kreg.augment.engine.input_spec import ImageSpec
from kreg.augment.stage import Params, Pointwise


def segment(start: tf.Tensor, length: tf.Tensor, size: int) -> tf.Tensor:
    """1.0 at the whole positions in [start, start + length), else 0.0; (records, size)."""
    position = tf.range(size, dtype=tf.float32)[None]
    inside = (position >= start[:, None]) & (position < (start + length)[:, None])
    return tf.cast(inside, tf.float32)


def rectangle(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The mask of a rectangle, (records, height, width, 1), from its two factors."""
    return rows[:, :, None, None] * columns[:, None, :, None]


def placed(u: tf.Tensor, length: tf.Tensor, size: int) -> tf.Tensor:
    """A start such that `length` positions fit into `size`, uniform over whole numbers."""
    return tf.floor(u * (size - length + 1.0))


@dataclass(eq=False)
class RandomErasing(Pointwise):
    """With probability p, fill one rectangle at a random place (Zhong et al., 2020; Cutout).

    Args:
        scale: Number or pair in [0, 1] or epoch schedules: the share of the area. Defaults to
            `(0.02, 0.33)`, as in torchvision.
        ratio: Pair > 0: height over width, drawn log-uniformly; `(1, 1)` is a square. Defaults to
            `(0.3, 3.3)`.
        fill_value: Number in the value range. Defaults to `0.0`.
        p: Number or epoch schedule in [0, 1]. Defaults to `0.5`.
    """

    scale: ranges.RangeSetting = ranges.pair((0.02, 0.33), low=0, high=1)
    ratio: tuple[float, float] = (0.3, 3.3)
    fill_value: float = 0.0
    p: ranges.BoundSetting = ranges.fraction(0.5)

    columns = 5
    neutral = {"height": 0.0, "width": 0.0, "top": 0.0, "left": 0.0}

    def __post_init__(self) -> None:
        self.log_ratio = ranges.log_uniform("ratio", self.ratio)
        self.fill_value = check.number("fill_value", self.fill_value)

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        on = tf.cast(ranges.toss(u[:, 4], self.p, epoch), tf.float32)
        area = self.scale.draw(u[:, 0], epoch) * (spec.height * spec.width) * on
        ratio = tf.exp(self.log_ratio.draw(u[:, 1], epoch))
        height = tf.minimum(tf.round(tf.sqrt(area * ratio)), float(spec.height))
        width = tf.minimum(tf.round(tf.sqrt(area / ratio)), float(spec.width))
        return {
            "height": height,
            "width": width,
            "top": placed(u[:, 2], height, spec.height),
            "left": placed(u[:, 3], width, spec.width),
        }

    def pixels(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        rows = segment(params["top"], params["height"], spec.height)
        columns = segment(params["left"], params["width"], spec.width)
        return hide(z, rectangle(rows, columns), self.fill_value)


def hide(z: tf.Tensor, mask: tf.Tensor, fill_value: float) -> tf.Tensor:
    """Fill where the mask is 1; what stays is not touched by rounding."""
    shown = z * (1.0 - mask)
    return shown + fill_value * mask if fill_value else shown


@dataclass(eq=False)
class GridMask(Pointwise):
    """With probability p, hide a regular grid of squares at a random offset (Chen et al., 2020).

    The grid is not rotated; put it before a RandomRotation for that.

    Args:
        period: Pair or number in (0, 1]: the distance of squares as a share of the shorter side.
            Defaults to `(0.25, 0.5)`.
        ratio: Number in [0, 1] or epoch schedule: the side of a square as a share of the period.
            Defaults to `0.5`.
        fill_value: Number in the value range. Defaults to `0.0`.
        p: Number or epoch schedule in [0, 1]. Defaults to `0.5`.
    """

    period: ranges.RangeSetting = ranges.pair((0.25, 0.5), low=1e-3, high=1)
    ratio: ranges.BoundSetting = ranges.fraction(0.5)
    fill_value: float = 0.0
    p: ranges.BoundSetting = ranges.fraction(0.5)

    columns = 4
    neutral = {"side": 0.0}

    def __post_init__(self) -> None:
        self.fill_value = check.number("fill_value", self.fill_value)

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        period = self.period.draw(u[:, 0], epoch) * float(min(spec.size))
        period = tf.maximum(tf.round(period * tf.ones_like(u[:, 0])), 2.0)
        on = tf.cast(ranges.toss(u[:, 3], self.p, epoch), tf.float32)
        return {
            "period": period,
            "side": tf.round(period * ranges.at(self.ratio, epoch)) * on,
            "top": tf.floor(u[:, 1] * period),
            "left": tf.floor(u[:, 2] * period),
        }

    def pixels(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        rows = self.stripes(params, "top", spec.height)
        columns = self.stripes(params, "left", spec.width)
        return hide(z, rectangle(rows, columns), self.fill_value)

    def stripes(self, params: Params, offset: str, size: int) -> tf.Tensor:
        position = tf.range(size, dtype=tf.float32)[None] + params[offset][:, None]
        phase = tf.math.floormod(position, params["period"][:, None])
        return tf.cast(phase < params["side"][:, None], tf.float32)

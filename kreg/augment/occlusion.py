"""Stages that hide parts of an image. Masks are products of one factor per row and per column."""

import math
from dataclasses import dataclass

import tensorflow as tf

from kreg import check
from kreg.augment import ranges
from kreg.augment.coin import toss
from kreg.augment.stage import Pointwise


def segment(start, length, size: int):
    """1.0 at the whole positions in [start, start + length), else 0.0; (records, size)."""
    position = tf.range(size, dtype=tf.float32)[None]
    inside = (position >= start[:, None]) & (position < (start + length)[:, None])
    return tf.cast(inside, tf.float32)


def rectangle(rows, columns):
    """The mask of a rectangle, (records, height, width, 1), from its two factors."""
    return rows[:, :, None, None] * columns[:, None, :, None]


def placed(u, length, size: int):
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

    scale: ranges.Range = (0.02, 0.33)
    ratio: tuple[float, float] = (0.3, 3.3)
    fill_value: float = 0.0
    p: ranges.Bound = 0.5

    columns = 5
    neutral = {"height": 0.0, "width": 0.0, "top": 0.0, "left": 0.0}

    def __post_init__(self):
        self.scale = ranges.pair("scale", self.scale, low=0, high=1)
        low, high = (check.number("ratio", r, low=0, low_open=True) for r in self.ratio)
        self.log_ratio = ranges.Uniform(math.log(low), math.log(high))
        self.fill_value = check.number("fill_value", self.fill_value)
        self.p = ranges.probability("p", self.p)

    def draw(self, u, epoch, spec):
        on = tf.cast(toss(u[:, 4], self.p, epoch), tf.float32)
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

    def pixels(self, z, params, spec):
        rows = segment(params["top"], params["height"], spec.height)
        columns = segment(params["left"], params["width"], spec.width)
        return hide(z, rectangle(rows, columns), self.fill_value)


def hide(z, mask, fill_value: float):
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

    period: ranges.Range = (0.25, 0.5)
    ratio: ranges.Bound = 0.5
    fill_value: float = 0.0
    p: ranges.Bound = 0.5

    columns = 4
    neutral = {"side": 0.0}

    def __post_init__(self):
        self.period = ranges.pair("period", self.period, low=1e-3, high=1)
        self.ratio = ranges.bound("ratio", self.ratio, low=0, high=1)
        self.fill_value = check.number("fill_value", self.fill_value)
        self.p = ranges.probability("p", self.p)

    def draw(self, u, epoch, spec):
        period = self.period.draw(u[:, 0], epoch) * float(min(spec.size))
        period = tf.maximum(tf.round(period * tf.ones_like(u[:, 0])), 2.0)
        on = tf.cast(toss(u[:, 3], self.p, epoch), tf.float32)
        return {
            "period": period,
            "side": tf.round(period * ranges.at(self.ratio, epoch)) * on,
            "top": tf.floor(u[:, 1] * period),
            "left": tf.floor(u[:, 2] * period),
        }

    def pixels(self, z, params, spec):
        rows = self.stripes(params, "top", spec.height)
        columns = self.stripes(params, "left", spec.width)
        return hide(z, rectangle(rows, columns), self.fill_value)

    def stripes(self, params, offset: str, size: int):
        position = tf.range(size, dtype=tf.float32)[None] + params[offset][:, None]
        phase = tf.math.floormod(position, params["period"][:, None])
        return tf.cast(phase < params["side"][:, None], tf.float32)

"""Stages on single grey values: posterize, solarize, and two that look at the histogram."""

from dataclasses import dataclass

import tensorflow as tf

from kreg.augment import ranges
from kreg.augment.coin import Switched, toss
from kreg.augment.stage import Filter, Pointwise

LEVELS = 256


def levels(spec) -> float:
    """The width of one of 255 grey levels."""
    return spec.high / (LEVELS - 1)


def per_pixel(value):
    """(records,) to (records, 1, 1, 1)."""
    return value[:, None, None, None]


@dataclass(eq=False)
class RandomPosterize(Pointwise):
    """With probability p, keep only the highest bits of each value.

    Args:
        bits: Number in [1, 8], a pair or epoch schedules; whole numbers are drawn from it, 8
            changes nothing. Defaults to `4`.
        p: Number or epoch schedule in [0, 1]. Defaults to `0.5`.
    """

    bits: ranges.Range = 4
    p: ranges.Bound = 0.5

    columns = 2
    neutral = {"step": 1.0}
    commutes = True

    def __post_init__(self):
        self.bits = ranges.pair("bits", self.bits, low=1, high=8)
        self.p = ranges.probability("p", self.p)

    def draw(self, u, epoch, spec):
        step = tf.pow(2.0, tf.round(8.0 - self.bits.draw(u[:, 0], epoch)))
        return {"step": tf.where(toss(u[:, 1], self.p, epoch), step, 1.0)}

    def pixels(self, z, params, spec):
        step = per_pixel(params["step"])
        width = step * levels(spec)
        return tf.where(step > 1.0, tf.floor(z / width) * width, z)


@dataclass(eq=False)
class RandomSolarize(Pointwise):
    """With probability p, invert the values at or above a threshold.

    Args:
        threshold: Number in [0, 1], a pair or epoch schedules: a share of the value range;
            1 changes nothing. Defaults to `0.5`.
        p: Number or epoch schedule in [0, 1]. Defaults to `0.5`.
    """

    threshold: ranges.Range = 0.5
    p: ranges.Bound = 0.5

    columns = 2
    neutral = {"threshold": float("inf")}
    commutes = True

    def __post_init__(self):
        self.threshold = ranges.pair("threshold", self.threshold, low=0, high=1)
        self.p = ranges.probability("p", self.p)

    def draw(self, u, epoch, spec):
        share = self.threshold.draw(u[:, 0], epoch)
        on = (toss(u[:, 1], self.p, epoch)) & (share < 1.0)
        return {"threshold": tf.where(on, share * spec.high, float("inf"))}

    def pixels(self, z, params, spec):
        return tf.where(z >= per_pixel(params["threshold"]), spec.high - z, z)


@dataclass(eq=False)
class AutoContrast(Switched, Filter):
    """With probability p, stretch each channel so that it uses the whole value range.

    Args:
        p: Number or epoch schedule in [0, 1]. Defaults to `1.0`.
    """

    p: ranges.Bound = 1.0

    def passes(self):
        return [self.stretch]

    def stretch(self, z, params, spec):
        low = tf.reduce_min(z, axis=[1, 2], keepdims=True)
        spread = tf.reduce_max(z, axis=[1, 2], keepdims=True) - low
        stretched = (z - low) * tf.math.divide_no_nan(spec.high, spread)
        use = (per_pixel(params["on"]) > 0) & (spread > 0)
        return tf.where(use, tf.minimum(stretched, spec.high), z)


@dataclass(eq=False)
class Equalize(Switched, Filter):
    """With probability p, make the histogram of each channel flat (the table of PIL).

    Floating-point images are equalized on 256 levels. Runs uncompiled on the chosen images alone.

    Args:
        p: Number or epoch schedule in [0, 1]. Defaults to `1.0`.
    """

    p: ranges.Bound = 1.0

    dynamic = True

    def passes(self):
        return [self.chosen]

    def chosen(self, z, params, spec):
        rows = tf.where(params["on"] > 0)
        equalized = self.equalized(tf.gather_nd(z, rows), spec)
        return tf.tensor_scatter_nd_update(z, rows, equalized)

    def equalized(self, z, spec):
        """Look each value up in the table of its image and channel."""
        level = tf.cast(tf.floor(z / levels(spec) + 0.5), tf.int32)
        images, channels = tf.shape(z)[0], z.shape[3]
        table_number = tf.range(images)[:, None] * channels + tf.range(channels)[None]
        cell = table_number[:, None, None, :] * LEVELS + level
        counts = tf.math.bincount(
            tf.reshape(cell, [-1]), minlength=images * channels * LEVELS, dtype=tf.int32
        )
        tables = equalizing_tables(tf.reshape(counts, [-1, LEVELS]))
        found = tf.gather(tf.reshape(tables, [-1]), cell)
        return tf.cast(found, tf.float32) * levels(spec)


def equalizing_tables(counts):
    """The new level of each old one, from histograms (tables, 256); as PIL computes it."""
    last = tf.argmax(tf.cast(counts[:, ::-1] > 0, tf.int32), axis=1, output_type=tf.int32)
    highest = tf.gather(counts, LEVELS - 1 - last, batch_dims=1)
    step = (tf.reduce_sum(counts, axis=1) - highest) // (LEVELS - 1)
    below = tf.cumsum(counts, axis=1, exclusive=True)
    table = (below + step[:, None] // 2) // tf.maximum(step, 1)[:, None]
    identity = tf.range(LEVELS)[None]
    return tf.where(step[:, None] > 0, tf.clip_by_value(table, 0, LEVELS - 1), identity)

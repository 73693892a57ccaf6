"""Stages on single pixel values: noise, posterize, solarize, and two that look at the histogram."""

from dataclasses import dataclass

import tensorflow as tf

from kreg.augment import ranges
from kreg.augment.engine import random_numbers
from kreg.augment.engine.batch import per_record
from kreg.augment.engine.input_spec import ImageSpec
from kreg.augment.stage import Filter, Noisy, Params, Pass, Pointwise, Switched

LEVELS = 256


def levels(spec: ImageSpec) -> float:
    """The width of one of 255 grey levels."""
    return spec.high / (LEVELS - 1)


@dataclass(eq=False)
class GaussianNoise(Noisy, Pointwise):
    """Add normal noise, independent for each pixel and channel, then clip to the value range.

    Args:
        stddev: Number >= 0, a pair or epoch schedules: a share of the value range; a pair draws the
            strength for each image. Defaults to `0.05`.
    """

    stddev: ranges.RangeSetting = ranges.pair(0.05, low=0)

    def pixels(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        values = spec.height * spec.width * spec.channels
        noise = tf.reshape(random_numbers.normals(params["key"], values), tf.shape(z))
        strength = per_record(params["stddev"], 4) * spec.high
        return tf.clip_by_value(z + strength * noise, 0.0, spec.high)


@dataclass(eq=False)
class RandomPosterize(Pointwise):
    """With probability p, keep only the highest bits of each value.

    Args:
        bits: Number in [1, 8], a pair or epoch schedules; whole numbers are drawn from it, 8
            changes nothing. Defaults to `4`.
        p: Number or epoch schedule in [0, 1]. Defaults to `0.5`.
    """

    bits: ranges.RangeSetting = ranges.pair(4, low=1, high=8)
    p: ranges.BoundSetting = ranges.fraction(0.5)

    columns = 2
    neutral = {"step": 1.0}
    commutes = True

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        step = tf.pow(2.0, tf.round(8.0 - self.bits.draw(u[:, 0], epoch)))
        return {"step": tf.where(ranges.toss(u[:, 1], self.p, epoch), step, 1.0)}

    def pixels(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        step = per_record(params["step"], 4)
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

    threshold: ranges.RangeSetting = ranges.pair(0.5, low=0, high=1)
    p: ranges.BoundSetting = ranges.fraction(0.5)

    columns = 2
    neutral = {"threshold": float("inf")}
    commutes = True

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        share = self.threshold.draw(u[:, 0], epoch)
        on = ranges.toss(u[:, 1], self.p, epoch) & (share < 1.0)
        return {"threshold": tf.where(on, share * spec.high, float("inf"))}

    def pixels(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        return tf.where(z >= per_record(params["threshold"], 4), spec.high - z, z)


@dataclass(eq=False)
class AutoContrast(Switched, Filter):
    """With probability p, stretch each channel so that it uses the whole value range.

    Args:
        p: Number or epoch schedule in [0, 1]. Defaults to `1.0`.
    """

    p: ranges.BoundSetting = ranges.fraction(1.0)

    def passes(self) -> list[Pass]:
        return [self.stretch]

    def stretch(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        low = tf.reduce_min(z, axis=[1, 2], keepdims=True)
        spread = tf.reduce_max(z, axis=[1, 2], keepdims=True) - low
        stretched = (z - low) * tf.math.divide_no_nan(spec.high, spread)
        use = (per_record(params["on"], 4) > 0) & (spread > 0)
        return tf.where(use, tf.minimum(stretched, spec.high), z)


@dataclass(eq=False)
class Equalize(Switched, Filter):
    """With probability p, make the histogram of each channel flat (the table of PIL).

    Floating-point images are equalized on 256 levels. Runs uncompiled on the chosen images alone.

    Args:
        p: Number or epoch schedule in [0, 1]. Defaults to `1.0`.
    """

    p: ranges.BoundSetting = ranges.fraction(1.0)

    dynamic = True

    def passes(self) -> list[Pass]:
        return [self.chosen]

    def chosen(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        rows = tf.where(params["on"] > 0)
        equalized = self.equalized(tf.gather_nd(z, rows), spec)
        return tf.tensor_scatter_nd_update(z, rows, equalized)

    def equalized(self, z: tf.Tensor, spec: ImageSpec) -> tf.Tensor:
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


def equalizing_tables(counts: tf.Tensor) -> tf.Tensor:
    """The new level of each old one, from histograms (tables, 256); as PIL computes it."""
    last = tf.argmax(tf.cast(counts[:, ::-1] > 0, tf.int32), axis=1, output_type=tf.int32)
    highest = tf.gather(counts, LEVELS - 1 - last, batch_dims=1)
    step = (tf.reduce_sum(counts, axis=1) - highest) // (LEVELS - 1)
    below = tf.cumsum(counts, axis=1, exclusive=True)
    table = (below + step[:, None] // 2) // tf.maximum(step, 1)[:, None]
    identity = tf.range(LEVELS)[None]
    return tf.where(step[:, None] > 0, tf.clip_by_value(table, 0, LEVELS - 1), identity)

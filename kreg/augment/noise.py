"""Additive noise from the same keys as everything else: pixel by pixel a function of the record."""

from dataclasses import dataclass

import tensorflow as tf

from kreg.augment import keys, ranges
from kreg.augment.stage import Pointwise
from kreg.augment.tone import per_pixel


def normal(uniform):
    """Standard normal numbers from uniform ones in [0, 1): the inverse distribution function."""
    centred = (uniform + 2.0**-25) * 2.0 - 1.0  # the middle of each grid cell: never +-1
    return 2.0**0.5 * tf.math.erfinv(centred)


@dataclass(eq=False)
class GaussianNoise(Pointwise):
    """Add normal noise, independent for each pixel and channel, then clip to the value range.

    Args:
        stddev: Number >= 0, a pair or epoch schedules: a share of the value range; a pair draws the
            strength for each image. Defaults to `0.05`.
    """

    stddev: ranges.Range = 0.05

    columns = 3
    neutral = {"stddev": 0.0}

    def __post_init__(self):
        self.stddev = ranges.pair("stddev", self.stddev, low=0)

    def draw(self, u, epoch, spec):
        stddev = self.stddev.draw(u[:, 0], epoch) * tf.ones_like(u[:, 0])
        return {"stddev": stddev, "key": u[:, 1:3]}

    def pixels(self, z, params, spec):
        values = spec.height * spec.width * spec.channels
        noise = tf.reshape(normal(keys.field(keys.field_keys(params["key"]), values)), tf.shape(z))
        strength = per_pixel(params["stddev"]) * spec.high
        return tf.clip_by_value(z + strength * noise, 0.0, spec.high)

"""Stages for the rows of a table: noise and masking of features. MixUp works on tables as it is."""

from dataclasses import dataclass

import tensorflow as tf

from kreg.augment import keys, ranges
from kreg.augment.noise import normal
from kreg.augment.stage import Rows


@dataclass(eq=False)
class FeatureNoise(Rows):
    """Add normal noise to each feature; scale the features first.

    Args:
        stddev: Number >= 0, a pair or epoch schedules, in units of the features. Defaults to `0.1`.
    """

    stddev: ranges.Range = 0.1

    columns = 3
    neutral = {"stddev": 0.0}

    def __post_init__(self):
        self.stddev = ranges.pair("stddev", self.stddev, low=0)

    def draw(self, u, epoch, spec):
        stddev = self.stddev.draw(u[:, 0], epoch) * tf.ones_like(u[:, 0])
        return {"stddev": stddev, "key": u[:, 1:3]}

    def rows(self, x, params, spec):
        noise = normal(keys.field(keys.field_keys(params["key"]), spec.features))
        return x + params["stddev"][:, None] * noise


@dataclass(eq=False)
class FeatureMask(Rows):
    """Replace each feature with probability `rate` by a constant: the mean of scaled features.

    Unlike dropout the others are not magnified: a row with gaps is still a row.

    Args:
        rate: Number or epoch schedule in [0, 1]. Defaults to `0.1`.
        fill_value: Number. Defaults to `0.0`.
    """

    rate: ranges.Bound = 0.1
    fill_value: float = 0.0

    columns = 2
    neutral = {"rate": 0.0}

    def __post_init__(self):
        self.rate = ranges.probability("rate", self.rate)

    def draw(self, u, epoch, spec):
        rate = ranges.at(self.rate, epoch) * tf.ones_like(u[:, 0])
        return {"rate": rate, "key": u}

    def rows(self, x, params, spec):
        drawn = keys.field(keys.field_keys(params["key"]), spec.features)
        hidden = drawn < params["rate"][:, None]
        return tf.where(hidden, self.fill_value, x)

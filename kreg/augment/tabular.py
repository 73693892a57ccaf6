"""Stages for the rows of a table: noise and masking of features. MixUp works on tables as it is."""

from dataclasses import dataclass

import tensorflow as tf

from kreg.augment import ranges
from kreg.augment.engine import random_numbers
from kreg.augment.engine.input_spec import TableSpec
from kreg.augment.stage import Noisy, Params, Rows


@dataclass(eq=False)
class FeatureNoise(Noisy, Rows):
    """Add normal noise to each feature; scale the features first.

    Args:
        stddev: Number >= 0, a pair or epoch schedules, in units of the features. Defaults to `0.1`.
    """

    stddev: ranges.RangeSetting = ranges.pair(0.1, low=0)

    def rows(self, x: tf.Tensor, params: Params, spec: TableSpec) -> tf.Tensor:
        noise = random_numbers.normals(params["key"], spec.features)
        return x + params["stddev"][:, None] * noise


@dataclass(eq=False)
class FeatureMask(Rows):
    """Replace each feature with probability `rate` by a constant: the mean of scaled features.

    Unlike dropout the others are not magnified: a row with gaps is still a row.

    Args:
        rate: Number or epoch schedule in [0, 1]. Defaults to `0.1`.
        fill_value: Number. Defaults to `0.0`.
    """

    rate: ranges.BoundSetting = ranges.fraction(0.1)
    fill_value: float = 0.0

    columns = 2
    neutral = {"rate": 0.0}

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: TableSpec) -> Params:
        rate = ranges.at(self.rate, epoch) * tf.ones_like(u[:, 0])
        return {"rate": rate, "key": u}

    def rows(self, x: tf.Tensor, params: Params, spec: TableSpec) -> tf.Tensor:
        drawn = random_numbers.field(random_numbers.field_keys(params["key"]), spec.features)
        hidden = drawn < params["rate"][:, None]
        return tf.where(hidden, self.fill_value, x)

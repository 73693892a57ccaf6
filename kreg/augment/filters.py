"""Stages that look at neighbouring pixels: sharpness and Gaussian blur."""

from dataclasses import dataclass

import tensorflow as tf

from kreg import check
from kreg.augment import ranges
from kreg.augment.engine.batch import per_record
from kreg.augment.engine.input_spec import ImageSpec
from kreg.augment.stage import Changed, Filter, Params, Pass


def lines(z: tf.Tensor) -> tf.Tensor:
    """Images as lines of values, (records, height, width * channels): long inner loops."""
    return tf.reshape(z, [-1, z.shape[1], z.shape[2] * z.shape[3]])


@dataclass(eq=False)
class RandomSharpness(Changed, Filter):
    """`s + (1 + d) * (z - s)` with s the image smoothed by (1 1 1; 1 5 1; 1 1 1) / 13 (as in PIL).

    d = -1 smooths, d > 0 sharpens; border pixels stay.

    Args:
        factor: Number in [0, 1], a pair >= -1 or epoch schedules. Defaults to `0.5`.
    """

    factor: ranges.RangeSetting = ranges.symmetric(0.5, low=-1)

    def passes(self) -> list[Pass]:
        return [self.sharpen]

    def sharpen(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        if min(spec.size) < 3:
            return z
        columns = z[:, :, :-2] + z[:, :, 1:-1] + z[:, :, 2:]
        block = columns[:, :-2] + columns[:, 1:-1] + columns[:, 2:]
        inner = z[:, 1:-1, 1:-1]
        # inner - smooth = (9 * inner - block) / 13: zero exactly where the image is flat
        detail = (9.0 * inner - block) * (1.0 / 13.0)
        detail = tf.pad(detail, [[0, 0], [1, 1], [1, 1], [0, 0]])
        sharpened = z + per_record(params["change"], 4) * detail
        return tf.clip_by_value(sharpened, 0.0, spec.high)


@dataclass(eq=False)
class RandomGaussianBlur(Filter):
    """With probability p, convolve with a normal density of random width; borders are repeated.

    Args:
        sigma: Number > 0, a pair or epoch schedules: standard deviation in pixels. Defaults to
            `(0.1, 2.0)`.
        kernel_size: Odd whole number >= 3, in pixels. Defaults to `5`.
        p: Number or epoch schedule in [0, 1]. Defaults to `0.5`.
    """

    sigma: ranges.RangeSetting = ranges.pair((0.1, 2.0), low=0)
    kernel_size: int = 5
    p: ranges.BoundSetting = ranges.fraction(0.5)

    columns = 2
    neutral = {"sigma": 0.0}

    def __post_init__(self) -> None:
        self.kernel_size = check.integer("kernel_size", self.kernel_size, low=3)
        if self.kernel_size % 2 == 0:
            raise check.invalid("kernel_size", "an odd number", self.kernel_size)

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        on = ranges.toss(u[:, 1], self.p, epoch)
        return {"sigma": tf.where(on, self.sigma.draw(u[:, 0], epoch), 0.0)}

    def taps(self, sigma: tf.Tensor) -> tf.Tensor:
        """The weights of each record, (records, kernel_size); a single one where sigma is 0."""
        distance = tf.range(self.kernel_size, dtype=tf.float32) - self.kernel_size // 2
        scaled = tf.math.divide_no_nan(distance[None], sigma[:, None])
        weight = tf.exp(-0.5 * scaled * scaled)
        weight = tf.where((sigma[:, None] > 0) | (distance[None] == 0), weight, 0.0)
        return weight / tf.reduce_sum(weight, axis=1, keepdims=True)

    def passes(self) -> list[Pass]:
        return [self.down, self.across]

    def down(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        """Each column by itself."""
        padded = repeated_border(lines(z), self.kernel_size // 2, axis=1)
        windows = [padded[:, k : k + spec.height] for k in range(self.kernel_size)]
        return tf.reshape(self.weighted(windows, params), tf.shape(z))

    def across(self, z: tf.Tensor, params: Params, spec: ImageSpec) -> tf.Tensor:
        """Each row by itself; neighbours in a row lie `channels` values apart."""
        padded = lines(repeated_border(z, self.kernel_size // 2, axis=2))
        starts = [k * spec.channels for k in range(self.kernel_size)]
        windows = [padded[:, :, s : s + spec.width * spec.channels] for s in starts]
        blurred = tf.reshape(self.weighted(windows, params), tf.shape(z))
        return tf.minimum(blurred, spec.high)

    def weighted(self, windows: list[tf.Tensor], params: Params) -> tf.Tensor:
        taps = self.taps(params["sigma"])
        return tf.add_n([taps[:, k, None, None] * window for k, window in enumerate(windows)])


def repeated_border(z: tf.Tensor, reach: int, axis: int) -> tf.Tensor:
    """`z` with its first and last slice along `axis` repeated `reach` times."""
    first, last = (tf.gather(z, [at], axis=axis) for at in (0, z.shape[axis] - 1))
    return tf.concat([first] * reach + [z] + [last] * reach, axis=axis)

"""Stages that move whole pixels, so that nothing is blended: flip, crop, translation."""

from dataclasses import dataclass

import tensorflow as tf

from kreg import check
from kreg.augment import ranges
from kreg.augment.engine import matrices
from kreg.augment.engine.input_spec import ImageSpec
from kreg.augment.engine.matrices import Matrix
from kreg.augment.stage import Geometry, Params

FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")


def whole(u: tf.Tensor, low: int, high: int) -> tf.Tensor:
    """A whole number drawn uniformly from low to high, both included, as float32."""
    return tf.floor(low + u * (high - low + 1.0))


@dataclass(eq=False)
class RandomFlip(Geometry):
    """Mirror images left-right, top-bottom or both; each axis tosses its own coin.

    Args:
        mode: `"horizontal"`, `"vertical"` or `"horizontal_and_vertical"`. Defaults to
            `"horizontal"`.
        p: Number or epoch schedule in [0, 1]: the probability of each axis. Defaults to `0.5`.
    """

    mode: str = "horizontal"
    p: ranges.BoundSetting = ranges.fraction(0.5)

    columns = 2
    exact = True
    neutral = {"x": 1.0, "y": 1.0}

    def __post_init__(self) -> None:
        check.choice("mode", self.mode, FLIPS)

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        signs = tf.where(ranges.toss(u, self.p, epoch), -1.0, 1.0)
        one = tf.ones_like(signs[:, 0])
        return {
            "x": one if self.mode == "vertical" else signs[:, 0],
            "y": one if self.mode == "horizontal" else signs[:, 1],
        }

    def inverse(self, params: Params, spec: ImageSpec) -> Matrix:
        mirror = matrices.linear(params["x"], 0.0, 0.0, params["y"])
        return matrices.about_centre(mirror, *spec.size)


@dataclass(eq=False)
class RandomCrop(Geometry):
    """Cut a window of the given size at a random place, for each image its own.

    Args:
        height: Whole number >= 1: rows of the window.
        width: Whole number >= 1: columns of the window.
        padding: Whole number >= 0: rows and columns of fill around the image before the cut.
            `RandomCrop(32, 32, padding=4)` is the usual recipe for 32x32. Defaults to `0`.
        fill_mode: `"constant"`, `"nearest"`, `"reflect"` or `"wrap"`. Defaults to `"constant"`.
        fill_value: Number in the value range. Defaults to `0.0`.
    """

    height: int
    width: int
    padding: int = 0
    fill_mode: str | None = "constant"
    fill_value: float = 0.0

    columns = 2
    exact = True
    neutral = {"x": 0.0, "y": 0.0}

    def __post_init__(self) -> None:
        self.height = check.integer("height", self.height, low=1)
        self.width = check.integer("width", self.width, low=1)
        self.padding = check.integer("padding", self.padding, low=0)
        self.check_fill()
        if self.padding == 0:
            self.fill_mode = None

    def output(self, spec: ImageSpec) -> ImageSpec:
        return spec.resized(self.height, self.width)

    def check(self, spec: ImageSpec) -> None:
        super().check(spec)
        room = spec.height + 2 * self.padding, spec.width + 2 * self.padding
        if self.height > room[0] or self.width > room[1]:
            raise ValueError(
                f"RandomCrop cannot cut {self.height}x{self.width} out of images of "
                f"{spec.height}x{spec.width} with padding={self.padding}. "
                f"Choose a smaller window or more padding."
            )

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        pad = self.padding
        return {
            "x": whole(u[:, 0], -pad, spec.width + pad - self.width),
            "y": whole(u[:, 1], -pad, spec.height + pad - self.height),
        }

    def inverse(self, params: Params, spec: ImageSpec) -> Matrix:
        return matrices.shift(params["x"], params["y"])


@dataclass(eq=False)
class RandomTranslation(Geometry):
    """Shift images by whole pixels, so that nothing is blurred.

    Args:
        height_factor: Number in [0, 1], a pair in [-1, 1] or epoch schedules: the largest shift
            up or down as a share of the height; positive is down. Defaults to `0.1`.
        width_factor: The same for the width; `None` takes `height_factor`. Defaults to `None`.
        fill_mode: `"constant"`, `"nearest"`, `"reflect"` or `"wrap"`. Defaults to `"constant"`.
        fill_value: Number in the value range. Defaults to `0.0`.
    """

    height_factor: ranges.RangeSetting = ranges.symmetric(0.1, low=-1, high=1)
    width_factor: ranges.OptionalRangeSetting = ranges.optional(low=-1, high=1)
    fill_mode: str | None = "constant"
    fill_value: float = 0.0

    columns = 2
    exact = True
    neutral = {"x": 0.0, "y": 0.0}

    def __post_init__(self) -> None:
        self.check_fill()

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        width_factor = self.width_factor or self.height_factor
        return {
            "x": tf.round(width_factor.draw(u[:, 0], epoch) * spec.width),
            "y": tf.round(self.height_factor.draw(u[:, 1], epoch) * spec.height),
        }

    def inverse(self, params: Params, spec: ImageSpec) -> Matrix:
        return matrices.shift(-params["x"], -params["y"])

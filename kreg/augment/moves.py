"""Stages that move whole pixels and blend none: flip, crop, translation."""

from dataclasses import dataclass

import tensorflow as tf

from kreg import check
from kreg.augment import geometry, ranges
from kreg.augment.coin import toss
from kreg.augment.stage import Geometry

FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")
FILL_MODES = ("constant", "nearest", "reflect", "wrap")


def whole(u, low, high):
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
    p: ranges.Bound = 0.5

    columns = 2
    exact = True
    neutral = {"x": 1.0, "y": 1.0}

    def __post_init__(self):
        check.choice("mode", self.mode, FLIPS)
        self.p = ranges.probability("p", self.p)

    def draw(self, u, epoch, spec):
        signs = tf.where(toss(u, self.p, epoch), -1.0, 1.0)
        one = tf.ones_like(signs[:, 0])
        return {
            "x": one if self.mode == "vertical" else signs[:, 0],
            "y": one if self.mode == "horizontal" else signs[:, 1],
        }

    def inverse(self, params, spec):
        mirror = geometry.linear(params["x"], 0.0, 0.0, params["y"])
        return geometry.about_centre(mirror, *spec.size)


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
    fill_mode: str = "constant"
    fill_value: float = 0.0

    columns = 2
    exact = True
    neutral = {"x": 0.0, "y": 0.0}

    def __post_init__(self):
        self.height = check.integer("height", self.height, low=1)
        self.width = check.integer("width", self.width, low=1)
        self.padding = check.integer("padding", self.padding, low=0)
        check.choice("fill_mode", self.fill_mode, FILL_MODES)
        self.fill_value = check.number("fill_value", self.fill_value)
        if self.padding == 0:
            self.fill_mode = None

    def output(self, spec):
        return spec.resized(self.height, self.width)

    def check(self, spec):
        super().check(spec)
        room = spec.height + 2 * self.padding, spec.width + 2 * self.padding
        if self.height > room[0] or self.width > room[1]:
            raise ValueError(
                f"RandomCrop cannot cut {self.height}x{self.width} out of images of "
                f"{spec.height}x{spec.width} with padding={self.padding}. "
                f"Choose a smaller window or more padding."
            )

    def draw(self, u, epoch, spec):
        pad = self.padding
        return {
            "x": whole(u[:, 0], -pad, spec.width + pad - self.width),
            "y": whole(u[:, 1], -pad, spec.height + pad - self.height),
        }

    def inverse(self, params, spec):
        return geometry.shift(params["x"], params["y"])


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

    height_factor: ranges.Range = 0.1
    width_factor: ranges.Range | None = None
    fill_mode: str = "constant"
    fill_value: float = 0.0

    columns = 2
    exact = True
    neutral = {"x": 0.0, "y": 0.0}

    def __post_init__(self):
        if self.width_factor is None:
            self.width_factor = self.height_factor
        for name in ("height_factor", "width_factor"):
            setattr(self, name, ranges.symmetric(name, getattr(self, name), low=-1, high=1))
        check.choice("fill_mode", self.fill_mode, FILL_MODES)
        self.fill_value = check.number("fill_value", self.fill_value)

    def draw(self, u, epoch, spec):
        return {
            "x": tf.round(self.width_factor.draw(u[:, 0], epoch) * spec.width),
            "y": tf.round(self.height_factor.draw(u[:, 1], epoch) * spec.height),
        }

    def inverse(self, params, spec):
        return geometry.shift(-params["x"], -params["y"])

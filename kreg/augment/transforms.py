"""Stages that resample: rotation, zoom, shear, resized crop, perspective."""

import math
from dataclasses import dataclass

import tensorflow as tf

from kreg import check
from kreg.augment import geometry, ranges
from kreg.augment.coin import toss
from kreg.augment.moves import FILL_MODES
from kreg.augment.stage import Geometry

INTERPOLATIONS = ("bilinear", "nearest")


@dataclass(eq=False, kw_only=True)
class Resampling(Geometry):
    """What all stages of this file share: how to read between pixels and beyond the border."""

    fill_mode: str = "constant"
    fill_value: float = 0.0
    interpolation: str = "bilinear"

    def __post_init__(self):
        check.choice("fill_mode", self.fill_mode, FILL_MODES)
        self.fill_value = check.number("fill_value", self.fill_value)
        check.choice("interpolation", self.interpolation, INTERPOLATIONS)


@dataclass(eq=False)
class RandomRotation(Resampling):
    """Turn images about their centre.

    Args:
        factor: Number in [0, 1], a pair in [-1, 1] or epoch schedules: the largest angle as a share
            of a full turn, as in Keras; positive is counter-clockwise. Defaults to `0.04`, about 15
            degrees.
        fill_mode: `"constant"`, `"nearest"`, `"reflect"` or `"wrap"`. Defaults to `"constant"`.
        fill_value: Number in the value range. Defaults to `0.0`.
        interpolation: `"bilinear"` or `"nearest"`. Defaults to `"bilinear"`.
    """

    factor: ranges.Range = 0.04

    columns = 1
    neutral = {"turn": 0.0}

    def __post_init__(self):
        super().__post_init__()
        self.factor = ranges.symmetric("factor", self.factor, low=-1, high=1)

    def draw(self, u, epoch, spec):
        return {"turn": self.factor.draw(u[:, 0], epoch)}

    def inverse(self, params, spec):
        angle = params["turn"] * (2.0 * math.pi)
        cos, sin = tf.cos(angle), tf.sin(angle)
        return geometry.about_centre(geometry.linear(cos, -sin, sin, cos), *spec.size)


@dataclass(eq=False)
class RandomZoom(Resampling):
    """Magnify or shrink images about their centre.

    Args:
        height_factor: Number in [0, 1), a pair > -1 or epoch schedules, as in Keras: -0.2 shows
            0.8 of the height (zoom in), 0.2 shows 1.2 of it (zoom out). Defaults to `0.1`.
        width_factor: The same for the width; `None` keeps the aspect ratio. Defaults to `None`.
        fill_mode, fill_value, interpolation: As in `RandomRotation`.
    """

    height_factor: ranges.Range = 0.1
    width_factor: ranges.Range | None = None

    columns = 2
    neutral = {"x": 1.0, "y": 1.0}

    def __post_init__(self):
        super().__post_init__()
        for name in ("height_factor", "width_factor"):
            if getattr(self, name) is not None:
                setattr(self, name, ranges.symmetric(name, getattr(self, name), low=-0.99))

    def draw(self, u, epoch, spec):
        y = 1.0 + self.height_factor.draw(u[:, 0], epoch)
        x = y if self.width_factor is None else 1.0 + self.width_factor.draw(u[:, 1], epoch)
        return {"x": x, "y": y}

    def inverse(self, params, spec):
        return geometry.about_centre(
            geometry.linear(params["x"], 0.0, 0.0, params["y"]), *spec.size
        )


@dataclass(eq=False)
class RandomShear(Resampling):
    """Slant images about their centre: x moves by `x_factor * y`, or y by `y_factor * x`.

    Args:
        x_factor: Number >= 0, a pair or epoch schedules: the largest slope. Defaults to `0.1`.
        y_factor: The same for the other axis. Defaults to `0.0`.
        fill_mode, fill_value, interpolation: As in `RandomRotation`.
    """

    x_factor: ranges.Range = 0.1
    y_factor: ranges.Range = 0.0

    columns = 2
    neutral = {"x": 0.0, "y": 0.0}

    def __post_init__(self):
        super().__post_init__()
        for name in ("x_factor", "y_factor"):
            setattr(self, name, ranges.symmetric(name, getattr(self, name)))

    def draw(self, u, epoch, spec):
        return {
            "x": self.x_factor.draw(u[:, 0], epoch),
            "y": self.y_factor.draw(u[:, 1], epoch),
        }

    def inverse(self, params, spec):
        one = tf.ones_like(params["x"])
        slanted = geometry.linear(one, params["x"], params["y"], one)
        return geometry.about_centre(slanted, *spec.size)


@dataclass(eq=False)
class RandomResizedCrop(Resampling):
    """Cut a window of random area and aspect ratio and resize it (Szegedy et al., 2015).

    Bilinear without a low-pass filter: shrink images that are much larger than the output before.

    Args:
        height: Whole number >= 1: rows of the output.
        width: Whole number >= 1: columns of the output.
        scale: Pair in (0, 1]: the share of the area that is cut. Defaults to `(0.08, 1.0)`.
        ratio: Pair > 0: width over height, drawn log-uniformly. Defaults to `(3/4, 4/3)`.
        interpolation: `"bilinear"` or `"nearest"`. Defaults to `"bilinear"`.
    """

    height: int
    width: int
    scale: ranges.Range = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)

    columns = 4

    def __post_init__(self):
        super().__post_init__()
        self.fill_mode = None
        self.height = check.integer("height", self.height, low=1)
        self.width = check.integer("width", self.width, low=1)
        self.scale = ranges.pair("scale", self.scale, low=1e-4, high=1)
        low, high = (check.number("ratio", r, low=0, low_open=True) for r in self.ratio)
        self.log_ratio = ranges.Uniform(math.log(low), math.log(high))

    def output(self, spec):
        return spec.resized(self.height, self.width)

    def draw(self, u, epoch, spec):
        area = self.scale.draw(u[:, 0], epoch) * (spec.height * spec.width)
        ratio = tf.exp(self.log_ratio.draw(u[:, 1], epoch))
        height = tf.minimum(tf.sqrt(area / ratio), float(spec.height))
        width = tf.minimum(tf.sqrt(area * ratio), float(spec.width))
        return {
            "height": height,
            "width": width,
            "top": u[:, 2] * (spec.height - height),
            "left": u[:, 3] * (spec.width - width),
        }

    def inverse(self, params, spec):
        x, y = params["width"] / self.width, params["height"] / self.height
        # pixel centres: output -0.5 is the left edge of the window, not its first pixel
        return (
            (x, 0.0, params["left"] + 0.5 * x - 0.5),
            (0.0, y, params["top"] + 0.5 * y - 0.5),
            (0.0, 0.0, 1.0),
        )


@dataclass(eq=False)
class RandomPerspective(Resampling):
    """See images as if from aside: each corner of the view moves inwards at random.

    Args:
        factor: Number or epoch schedule in [0, 1]: how far a corner may move, as a share of half
            the image. Defaults to `0.5`.
        p: Number or epoch schedule in [0, 1]: the probability. Defaults to `0.5`.
        fill_mode, fill_value, interpolation: As in `RandomRotation`.
    """

    factor: ranges.Bound = 0.5
    p: ranges.Bound = 0.5

    columns = 9
    neutral = {f"{axis}{corner}": 0.0 for axis in "xy" for corner in range(4)}

    def __post_init__(self):
        super().__post_init__()
        self.factor = ranges.bound("factor", self.factor, low=0, high=1)
        self.p = ranges.probability("p", self.p)

    def draw(self, u, epoch, spec):
        on = tf.cast(toss(u[:, 8], self.p, epoch), tf.float32)
        reach = 0.5 * ranges.at(self.factor, epoch) * on
        return {name: reach * u[:, k] for k, name in enumerate(self.neutral)}

    def inverse(self, params, spec):
        """The map of the output rectangle onto the moved corners (Heckbert, 1989).

        Corners in the unit square, in the order of its outline; they move outwards in the source,
        so that the whole image stays inside the view.
        """
        width, height = spec.width - 1.0, spec.height - 1.0
        outline = ((0.0, 0.0, -1, -1), (1.0, 0.0, 1, -1), (1.0, 1.0, 1, 1), (0.0, 1.0, -1, 1))
        xs = [x + sx * params[f"x{k}"] for k, (x, _, sx, _) in enumerate(outline)]
        ys = [y + sy * params[f"y{k}"] for k, (_, y, _, sy) in enumerate(outline)]
        square = square_to_quad(xs, ys)
        to_unit = geometry.linear(1.0 / max(width, 1.0), 0.0, 0.0, 1.0 / max(height, 1.0))
        inner = geometry.product(square, to_unit)
        moved = geometry.product(geometry.linear(width, 0.0, 0.0, height), inner)
        return unless_still(params, moved)


def square_to_quad(xs, ys):
    """The projective map of the unit square onto four corners."""
    dx1, dx2, sx = xs[1] - xs[2], xs[3] - xs[2], xs[0] - xs[1] + xs[2] - xs[3]
    dy1, dy2, sy = ys[1] - ys[2], ys[3] - ys[2], ys[0] - ys[1] + ys[2] - ys[3]
    determinant = dx1 * dy2 - dx2 * dy1
    g = (sx * dy2 - dx2 * sy) / determinant
    h = (dx1 * sy - sx * dy1) / determinant
    return (
        (xs[1] - xs[0] + g * xs[1], xs[3] - xs[0] + h * xs[3], xs[0]),
        (ys[1] - ys[0] + g * ys[1], ys[3] - ys[0] + h * ys[3], ys[0]),
        (g, h, 1.0),
    )


def unless_still(params, matrix):
    """`matrix`, but exactly the identity where no corner moved: division would leave a rounding."""
    still = tf.add_n(list(params.values())) == 0.0
    return tuple(
        tuple(tf.where(still, neutral, entry) for neutral, entry in zip(plain, row))
        for plain, row in zip(geometry.IDENTITY, matrix)
    )

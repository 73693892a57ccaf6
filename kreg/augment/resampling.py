"""Stages that read between pixels: rotation, zoom, shear, resized crop, perspective."""

import math
from dataclasses import dataclass

import tensorflow as tf

from kreg import check
from kreg.augment import ranges
from kreg.augment.engine import matrices
from kreg.augment.engine.input_spec import ImageSpec
from kreg.augment.engine.matrices import Matrix
from kreg.augment.stage import Changed, Geometry, Params

INTERPOLATIONS = ("bilinear", "nearest")


@dataclass(eq=False, kw_only=True)
class Resampling(Geometry):
    """What the stages that resample share: how to read between pixels and beyond the border."""

    fill_mode: str | None = "constant"
    fill_value: float = 0.0
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        self.check_fill()
        check.choice("interpolation", self.interpolation, INTERPOLATIONS)


@dataclass(eq=False)
class RandomRotation(Changed, Resampling):
    """Turn images about their centre.

    Args:
        factor: Number in [0, 1], a pair in [-1, 1] or epoch schedules: the largest angle as a share
            of a full turn, as in Keras; positive is counter-clockwise. Defaults to `0.04`, about 15
            degrees.
        fill_mode: `"constant"`, `"nearest"`, `"reflect"` or `"wrap"`. Defaults to `"constant"`.
        fill_value: Number in the value range. Defaults to `0.0`.
        interpolation: `"bilinear"` or `"nearest"`. Defaults to `"bilinear"`.
    """

    factor: ranges.RangeSetting = ranges.symmetric(0.04, low=-1, high=1)

    def inverse(self, params: Params, spec: ImageSpec) -> Matrix:
        angle = params["change"] * (2.0 * math.pi)
        cos, sin = tf.cos(angle), tf.sin(angle)
        return matrices.about_centre(matrices.linear(cos, -sin, sin, cos), *spec.size)


@dataclass(eq=False)
class RandomZoom(Resampling):
    """Magnify or shrink images about their centre.

    Args:
        height_factor: Number in [0, 1), a pair > -1 or epoch schedules, as in Keras: -0.2 shows
            0.8 of the height (zoom in), 0.2 shows 1.2 of it (zoom out). Defaults to `0.1`.
        width_factor: The same for the width; `None` keeps the aspect ratio. Defaults to `None`.
        fill_mode, fill_value, interpolation: As in `RandomRotation`.
    """

    height_factor: ranges.RangeSetting = ranges.symmetric(0.1, low=-0.99)
    width_factor: ranges.OptionalRangeSetting = ranges.optional(low=-0.99)

    columns = 2
    neutral = {"x": 1.0, "y": 1.0}

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        y = 1.0 + self.height_factor.draw(u[:, 0], epoch)
        x = y if self.width_factor is None else 1.0 + self.width_factor.draw(u[:, 1], epoch)
        return {"x": x, "y": y}

    def inverse(self, params: Params, spec: ImageSpec) -> Matrix:
        return matrices.about_centre(
            matrices.linear(params["x"], 0.0, 0.0, params["y"]), *spec.size
        )


@dataclass(eq=False)
class RandomShear(Resampling):
    """Slant images about their centre: x moves by `x_factor * y`, or y by `y_factor * x`.

    Args:
        x_factor: Number >= 0, a pair or epoch schedules: the largest slope. Defaults to `0.1`.
        y_factor: The same for the other axis. Defaults to `0.0`.
        fill_mode, fill_value, interpolation: As in `RandomRotation`.
    """

    x_factor: ranges.RangeSetting = ranges.symmetric(0.1)
    y_factor: ranges.RangeSetting = ranges.symmetric(0.0)

    columns = 2
    neutral = {"x": 0.0, "y": 0.0}

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        return {
            "x": self.x_factor.draw(u[:, 0], epoch),
            "y": self.y_factor.draw(u[:, 1], epoch),
        }

    def inverse(self, params: Params, spec: ImageSpec) -> Matrix:
        one = tf.ones_like(params["x"])
        slanted = matrices.linear(one, params["x"], params["y"], one)
        return matrices.about_centre(slanted, *spec.size)


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
    scale: ranges.RangeSetting = ranges.pair((0.08, 1.0), low=1e-4, high=1)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)

    columns = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.fill_mode = None
        self.height = check.integer("height", self.height, low=1)
        self.width = check.integer("width", self.width, low=1)
        self.log_ratio = ranges.log_uniform("ratio", self.ratio)

    def output(self, spec: ImageSpec) -> ImageSpec:
        return spec.resized(self.height, self.width)

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
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

    def inverse(self, params: Params, spec: ImageSpec) -> Matrix:
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

    factor: ranges.BoundSetting = ranges.fraction(0.5)
    p: ranges.BoundSetting = ranges.fraction(0.5)

    columns = 9
    neutral = {f"{axis}{corner}": 0.0 for axis in "xy" for corner in range(4)}

    def draw(self, u: tf.Tensor, epoch: tf.Tensor, spec: ImageSpec) -> Params:
        on = tf.cast(ranges.toss(u[:, 8], self.p, epoch), tf.float32)
        reach = 0.5 * ranges.at(self.factor, epoch) * on
        return {name: reach * u[:, k] for k, name in enumerate(self.neutral)}

    def inverse(self, params: Params, spec: ImageSpec) -> Matrix:
        """The map of the output rectangle onto the moved corners (Heckbert, 1989).

        Corners in the unit square, in the order of its outline; they move outwards in the source,
        so that the whole image stays inside the view.
        """
        width, height = spec.width - 1.0, spec.height - 1.0
        outline = ((0.0, 0.0, -1, -1), (1.0, 0.0, 1, -1), (1.0, 1.0, 1, 1), (0.0, 1.0, -1, 1))
        xs = [x + sx * params[f"x{k}"] for k, (x, _, sx, _) in enumerate(outline)]
        ys = [y + sy * params[f"y{k}"] for k, (_, y, _, sy) in enumerate(outline)]
        square = matrices.square_to_quad(xs, ys)
        to_unit = matrices.linear(1.0 / max(width, 1.0), 0.0, 0.0, 1.0 / max(height, 1.0))
        inner = matrices.product(square, to_unit)
        moved = matrices.product(matrices.linear(width, 0.0, 0.0, height), inner)
        still = tf.add_n(list(params.values())) == 0.0
        return matrices.identity_where(still, moved)

"""Linear colour stages: brightness, contrast, saturation, hue, grayscale, invert, and a jitter.

Each is `(a + b*J) z + g * gray(z) + k`, so that any number of neighbours is one pass over the
image. Gray is the Rec. 601 luma 0.299 R + 0.587 G + 0.114 B; without three channels, the mean.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

from kreg import check
from kreg.augment import ranges
from kreg.augment.engine.color_matrix import ColorMatrix, gray
from kreg.augment.engine.input_spec import ImageSpec
from kreg.augment.stage import AnyStage, Changed, LinearColor, Params, Recipe, Switched

BRIGHTNESS = ("add", "scale")


class ThreeChannels(LinearColor):
    """A linear stage that means nothing on gray images."""

    def check(self, spec: ImageSpec) -> None:
        super().check(spec)
        if spec.channels != 3:
            raise ValueError(
                f"{self.name} needs images with three channels. "
                f"Received: {spec.channels} channel(s)."
            )


@dataclass(eq=False)
class RandomBrightness(Changed, LinearColor):
    """`z + d * highest` with d in +-factor, or `z * (1 + d)` with `mode="scale"`.

    Args:
        factor: Number in [0, 1], a pair in [-1, 1] or epoch schedules. Defaults to `0.2`.
        mode: `"add"` as in Keras, or `"scale"` as in torchvision. Defaults to `"add"`.
    """

    factor: ranges.RangeSetting = ranges.symmetric(0.2, low=-1, high=1)
    mode: str = "add"

    def __post_init__(self) -> None:
        check.choice("mode", self.mode, BRIGHTNESS)

    def color_matrix(self, params: Params, mean: tf.Tensor, spec: ImageSpec) -> ColorMatrix:
        change = params["change"]
        if self.mode == "scale":
            return ColorMatrix(1.0 + change)
        return ColorMatrix(tf.ones_like(change), k=(change * spec.high)[:, None])


@dataclass(eq=False)
class RandomContrast(Changed, LinearColor):
    """`m + (1 + d) * (z - m)` with d in +-factor and m the mean gray of the image.

    Args:
        factor: Number in [0, 1], a pair >= -1 or epoch schedules. Defaults to `0.2`.
    """

    factor: ranges.RangeSetting = ranges.symmetric(0.2, low=-1)

    needs_mean = True

    def color_matrix(self, params: Params, mean: tf.Tensor, spec: ImageSpec) -> ColorMatrix:
        change = params["change"]
        return ColorMatrix(1.0 + change, k=-change[:, None] * gray(mean))


@dataclass(eq=False)
class RandomSaturation(Changed, ThreeChannels):
    """`gray(z) + (1 + d) * (z - gray(z))` with d in +-factor.

    Args:
        factor: Number in [0, 1], a pair >= -1 or epoch schedules; -1 leaves gray, 0 the image.
            (Keras counts from 0 to 1 with 0.5 in the middle.) Defaults to `0.2`.
    """

    factor: ranges.RangeSetting = ranges.symmetric(0.2, low=-1)

    def color_matrix(self, params: Params, mean: tf.Tensor, spec: ImageSpec) -> ColorMatrix:
        return ColorMatrix(1.0 + params["change"], -params["change"])


@dataclass(eq=False)
class RandomHue(Changed, ThreeChannels):
    """Turn all colours about the gray axis by up to factor of the circle; luma stays.

    A rotation of the YIQ plane: linear, unlike the HSV shift of other libraries, and free of its
    jumps; saturated colours may leave the range and are clipped.

    Args:
        factor: Number in [0, 0.5], a pair in [-0.5, 0.5] or epoch schedules. Defaults to `0.05`.
    """

    factor: ranges.RangeSetting = ranges.symmetric(0.05, low=-0.5, high=0.5)

    def color_matrix(self, params: Params, mean: tf.Tensor, spec: ImageSpec) -> ColorMatrix:
        angle = params["change"] * (2.0 * math.pi)
        return ColorMatrix(tf.cos(angle), 1.0 - tf.cos(angle), b=tf.sin(angle))


@dataclass(eq=False)
class RandomGrayscale(Switched, ThreeChannels):
    """With probability p, the gray image in all channels.

    Args:
        p: Number or epoch schedule in [0, 1]. Defaults to `0.1`.
    """

    p: ranges.BoundSetting = ranges.fraction(0.1)

    def color_matrix(self, params: Params, mean: tf.Tensor, spec: ImageSpec) -> ColorMatrix:
        return ColorMatrix(1.0 - params["on"], params["on"])


@dataclass(eq=False)
class RandomInvert(Switched, LinearColor):
    """With probability p, the negative: `highest - z`.

    Args:
        p: Number or epoch schedule in [0, 1]. Defaults to `0.5`.
    """

    p: ranges.BoundSetting = ranges.fraction(0.5)

    def color_matrix(self, params: Params, mean: tf.Tensor, spec: ImageSpec) -> ColorMatrix:
        on = params["on"]
        return ColorMatrix(1.0 - 2.0 * on, k=(on * spec.high)[:, None])


@dataclass(eq=False)
class ColorJitter(Recipe):
    """Brightness, contrast, saturation and hue in this order, as in torchvision.

    Args:
        brightness: Spread of a factor on all values, in [0, 1]. Defaults to `0.2`.
        contrast: Spread of the contrast factor, in [0, 1]. Defaults to `0.2`.
        saturation: Spread of the saturation factor, in [0, 1]. Defaults to `0.2`.
        hue: Spread of the turn, in [0, 0.5]. Defaults to `0.0`.

    Each may be an epoch schedule; a plain `0` leaves the part out.
    """

    brightness: ranges.Bound = 0.2
    contrast: ranges.Bound = 0.2
    saturation: ranges.Bound = 0.2
    hue: ranges.Bound = 0.0

    def __post_init__(self) -> None:
        makers: list[tuple[Callable[[ranges.Bound], LinearColor], ranges.Bound]] = [
            (lambda v: RandomBrightness(v, mode="scale"), self.brightness),
            (RandomContrast, self.contrast),
            (RandomSaturation, self.saturation),
            (RandomHue, self.hue),
        ]
        self.parts = [make(value) for make, value in makers if value != 0]

    def stages(self) -> Sequence[AnyStage]:
        return self.parts

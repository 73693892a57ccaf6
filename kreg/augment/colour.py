"""Linear colour stages: brightness, contrast, saturation, hue, grayscale, invert, and a jitter.

Each is `(a + b*J) z + g * gray(z) + k`, so that any number of neighbours is one pass over the
image. Gray is the Rec. 601 luma 0.299 R + 0.587 G + 0.114 B; without three channels, the mean.
"""

import math
from dataclasses import dataclass

import tensorflow as tf

from kreg import check
from kreg.augment import ranges
from kreg.augment.blend import Blend, gray
from kreg.augment.coin import Switched
from kreg.augment.stage import Linear
from kreg.augment.steps import Recipe

BRIGHTNESS = ("add", "scale")


class ThreeChannels(Linear):
    """A linear stage that means nothing on gray images."""

    def check(self, spec):
        super().check(spec)
        if spec.channels != 3:
            raise ValueError(
                f"{self.name} needs images with three channels. "
                f"Received: {spec.channels} channel(s)."
            )


@dataclass(eq=False)
class RandomBrightness(Linear):
    """`z + d * highest` with d in +-factor, or `z * (1 + d)` with `mode="scale"`.

    Args:
        factor: Number in [0, 1], a pair in [-1, 1] or epoch schedules. Defaults to `0.2`.
        mode: `"add"` as in Keras, or `"scale"` as in torchvision. Defaults to `"add"`.
    """

    factor: ranges.Range = 0.2
    mode: str = "add"

    columns = 1
    neutral = {"change": 0.0}

    def __post_init__(self):
        self.factor = ranges.symmetric("factor", self.factor, low=-1, high=1)
        check.choice("mode", self.mode, BRIGHTNESS)

    def draw(self, u, epoch, spec):
        return {"change": self.factor.draw(u[:, 0], epoch)}

    def blend(self, params, mean, spec):
        change = params["change"]
        if self.mode == "scale":
            return Blend(1.0 + change)
        return Blend(tf.ones_like(change), k=(change * spec.high)[:, None])


@dataclass(eq=False)
class RandomContrast(Linear):
    """`m + (1 + d) * (z - m)` with d in +-factor and m the mean gray of the image.

    Args:
        factor: Number in [0, 1], a pair >= -1 or epoch schedules. Defaults to `0.2`.
    """

    factor: ranges.Range = 0.2

    columns = 1
    neutral = {"change": 0.0}
    needs_mean = True

    def __post_init__(self):
        self.factor = ranges.symmetric("factor", self.factor, low=-1)

    def draw(self, u, epoch, spec):
        return {"change": self.factor.draw(u[:, 0], epoch)}

    def blend(self, params, mean, spec):
        change = params["change"]
        return Blend(1.0 + change, k=-change[:, None] * gray(mean))


@dataclass(eq=False)
class RandomSaturation(ThreeChannels):
    """`gray(z) + (1 + d) * (z - gray(z))` with d in +-factor.

    Args:
        factor: Number in [0, 1], a pair >= -1 or epoch schedules; -1 leaves gray, 0 the image.
            (Keras counts from 0 to 1 with 0.5 in the middle.) Defaults to `0.2`.
    """

    factor: ranges.Range = 0.2

    columns = 1
    neutral = {"change": 0.0}

    def __post_init__(self):
        self.factor = ranges.symmetric("factor", self.factor, low=-1)

    def draw(self, u, epoch, spec):
        return {"change": self.factor.draw(u[:, 0], epoch)}

    def blend(self, params, mean, spec):
        return Blend(1.0 + params["change"], -params["change"])


@dataclass(eq=False)
class RandomHue(ThreeChannels):
    """Turn all colours about the gray axis by up to factor of the circle; luma stays.

    A rotation of the YIQ plane: linear, unlike the HSV shift of other libraries, and free of its
    jumps; saturated colours may leave the range and are clipped.

    Args:
        factor: Number in [0, 0.5], a pair in [-0.5, 0.5] or epoch schedules. Defaults to `0.05`.
    """

    factor: ranges.Range = 0.05

    columns = 1
    neutral = {"turn": 0.0}

    def __post_init__(self):
        self.factor = ranges.symmetric("factor", self.factor, low=-0.5, high=0.5)

    def draw(self, u, epoch, spec):
        return {"turn": self.factor.draw(u[:, 0], epoch)}

    def blend(self, params, mean, spec):
        angle = params["turn"] * (2.0 * math.pi)
        return Blend(tf.cos(angle), 1.0 - tf.cos(angle), b=tf.sin(angle))


@dataclass(eq=False)
class RandomGrayscale(Switched, ThreeChannels):
    """With probability p, the gray image in all channels.

    Args:
        p: Number or epoch schedule in [0, 1]. Defaults to `0.1`.
    """

    p: ranges.Bound = 0.1

    def blend(self, params, mean, spec):
        return Blend(1.0 - params["on"], params["on"])


@dataclass(eq=False)
class RandomInvert(Switched, Linear):
    """With probability p, the negative: `highest - z`.

    Args:
        p: Number or epoch schedule in [0, 1]. Defaults to `0.5`.
    """

    p: ranges.Bound = 0.5

    def blend(self, params, mean, spec):
        on = params["on"]
        return Blend(1.0 - 2.0 * on, k=(on * spec.high)[:, None])


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

    def __post_init__(self):
        self.parts = [
            make(value)
            for make, value in (
                (lambda v: RandomBrightness(v, mode="scale"), self.brightness),
                (RandomContrast, self.contrast),
                (RandomSaturation, self.saturation),
                (RandomHue, self.hue),
            )
            if value != 0
        ]

    def stages(self):
        return self.parts

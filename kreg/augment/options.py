"""`augment`: how the training rows vary from epoch to epoch. Magnitudes may be epoch schedules."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kreg.check import Bounds, Interval
from kreg.fields import Number, Options, kind, one_of, ranged, scheduled, switch, table

FLIPS = ("auto", "none", "horizontal", "vertical", "horizontal_and_vertical")
FUSE = ("fast", "strict", "off")
SHARE: Interval = {"low": 0, "high": 1}
SMOOTHING: Interval = {"low": 0, "high": 1, "high_open": True}
ALPHA: Interval = {"low": 0, "low_open": True}
OPERATIONS: Bounds = {"low": 1, "high": 8}
BETA = "alpha of Beta(alpha, alpha); 0 is off"
DRAWN = "shares are drawn from Beta(alpha, alpha)"


def magnitude(default: float, meaning: str, high: float = 1.0) -> Any:
    return scheduled(default, meaning, low=0, high=high)


@dataclass
class AugmentOptions(Options):
    """What the data must be: `images` is `True`, `False` (a table) or `None` (either)."""

    images: ClassVar[bool | None] = None
    preview: bool = switch(False, "true: write a grid of augmented samples and stop")


@dataclass
class NoAugmentationOptions(AugmentOptions):
    kind: str = kind("none")


@dataclass
class StreamOptions(AugmentOptions):
    """The keys that every augmentation has; the others are its own, and its stages' arguments."""

    fuse: str = one_of("fast", FUSE, "what may be merged; off is the slow oracle")
    smoothing: float = ranged(
        0.0, "label smoothing, in [0, 1); not in the loss as well", **SMOOTHING
    )

    def arguments(self) -> dict[str, Any]:
        shared = ("preview", "fuse", "smoothing")
        return {k: v for k, v in super().arguments().items() if k not in shared}


@dataclass
class Placed(StreamOptions):
    """What all augmentations of images begin with."""

    images = True
    flip: str = one_of(
        "auto", FLIPS, "horizontal for colour images; none for gray ones (digits, letters)"
    )
    crop: float = ranged(0.125, "shift by up to this share of the side", low=0, high=0.5)


@dataclass
class ImagesOptions(Placed, component="kreg.augment.recipes:images"):
    kind: str = kind("images")
    rotate: Number = magnitude(0.0, "degrees to either side", high=180)
    zoom: Number = magnitude(0.0, "scale in 1 +- this", high=0.9)
    shear: Number = magnitude(0.0, "largest slope")
    brightness: Number = magnitude(0.0, "factor in 1 +- this")
    contrast: Number = magnitude(0.0, "factor in 1 +- this")
    saturation: Number = magnitude(0.0, "factor in 1 +- this; colour images only")
    hue: Number = magnitude(0.0, "share of the colour circle, to 0.5", high=0.5)
    noise: Number = magnitude(0.0, "standard deviation, a share of the value range")
    erase: Number = magnitude(0.0, "probability of hiding a rectangle")
    mixup: float = ranged(0.0, BETA, low=0)
    cutmix: float = ranged(0.0, BETA, low=0)


@dataclass
class RandAugmentOptions(Placed, component="kreg.augment.recipes:randaugment"):
    kind: str = kind("randaugment")
    num_ops: int = ranged(
        2, "operations one after the other, each chosen anew for each image", **OPERATIONS
    )
    magnitude: float = ranged(0.3, "0 to 1; torchvision's 9 of 30", **SHARE)


@dataclass
class TrivialAugmentOptions(Placed, component="kreg.augment.recipes:trivialaugment"):
    kind: str = kind("trivialaugment")
    magnitude: float = ranged(1.0, "0 to 1: the largest share of the full ranges", **SHARE)


@dataclass
class MixUpOptions(StreamOptions, component="kreg.augment.recipes:mixup"):
    kind: str = kind("mixup")
    alpha: float = ranged(0.2, DRAWN, **ALPHA)
    p: Number = magnitude(1.0, "probability that a row is mixed")


@dataclass
class CutMixOptions(StreamOptions, component="kreg.augment.recipes:cutmix"):
    images = True
    kind: str = kind("cutmix")
    alpha: float = ranged(1.0, DRAWN, **ALPHA)
    p: Number = magnitude(1.0, "probability that an image is mixed")


@dataclass
class TabularOptions(StreamOptions, component="kreg.augment.recipes:tabular"):
    images = False
    kind: str = kind("tabular")
    noise: Number = scheduled(0.1, "standard deviation, in units of the scaled features", low=0)
    mask: Number = magnitude(0.1, "probability of replacing a feature by its mean")
    mixup: float = ranged(0.0, BETA, low=0)


KINDS = table(
    NoAugmentationOptions,
    ImagesOptions,
    RandAugmentOptions,
    TrivialAugmentOptions,
    MixUpOptions,
    CutMixOptions,
    TabularOptions,
)

"""`augment`: how the training rows vary from epoch to epoch. Magnitudes may be epoch schedules."""

from dataclasses import dataclass

from kreg.config.fields import kind, one_of, ranged, scheduled, switch

FLIPS = ("auto", "none", "horizontal", "vertical", "horizontal_and_vertical")
FUSE = ("fast", "strict", "off")
NEEDS_IMAGES = ("images", "randaugment", "trivialaugment", "cutmix")
NEEDS_TABLE = ("tabular",)


def magnitude(default: float, high: float = 1.0):
    return scheduled(default, low=0, high=high)


@dataclass
class NoAugmentation:
    kind: str = kind("none")
    preview: bool = switch(False)


@dataclass
class Stream:
    """The keys that every augmentation has."""

    fuse: str = one_of("fast", *FUSE)
    smoothing: float = ranged(0.0, low=0, high=1, high_open=True)
    preview: bool = switch(False)


@dataclass
class Images(Stream):
    kind: str = kind("images")
    flip: str = one_of("auto", *FLIPS)
    crop: float = ranged(0.125, low=0, high=0.5)
    rotate: object = magnitude(0.0, high=180)
    zoom: object = magnitude(0.0, high=0.9)
    shear: object = magnitude(0.0)
    brightness: object = magnitude(0.0)
    contrast: object = magnitude(0.0)
    saturation: object = magnitude(0.0)
    hue: object = magnitude(0.0, high=0.5)
    noise: object = magnitude(0.0)
    erase: object = magnitude(0.0)
    mixup: float = ranged(0.0, low=0)
    cutmix: float = ranged(0.0, low=0)


@dataclass
class RandAugment(Stream):
    kind: str = kind("randaugment")
    num_ops: int = ranged(2, low=1, high=8)
    magnitude: float = ranged(0.3, low=0, high=1)
    flip: str = one_of("auto", *FLIPS)
    crop: float = ranged(0.125, low=0, high=0.5)


@dataclass
class TrivialAugment(Stream):
    kind: str = kind("trivialaugment")
    magnitude: float = ranged(1.0, low=0, high=1)
    flip: str = one_of("auto", *FLIPS)
    crop: float = ranged(0.125, low=0, high=0.5)


@dataclass
class MixUp(Stream):
    kind: str = kind("mixup")
    alpha: float = ranged(0.2, low=0, low_open=True)
    p: object = magnitude(1.0)


@dataclass
class CutMix(Stream):
    kind: str = kind("cutmix")
    alpha: float = ranged(1.0, low=0, low_open=True)
    p: object = magnitude(1.0)


@dataclass
class Tabular(Stream):
    kind: str = kind("tabular")
    noise: object = scheduled(0.1, low=0)
    mask: object = magnitude(0.1)
    mixup: float = ranged(0.0, low=0)


KINDS = {
    "none": NoAugmentation,
    "images": Images,
    "randaugment": RandAugment,
    "trivialaugment": TrivialAugment,
    "mixup": MixUp,
    "cutmix": CutMix,
    "tabular": Tabular,
}

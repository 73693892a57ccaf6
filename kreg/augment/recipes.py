"""The stages of the configuration's augmentations, from the dials of `kreg.augment.options`.

Every recipe is called `recipe(input_shape, *, dials)` and returns the stages in their order. A dial
that may move with the epochs is a number or a schedule, as plain data.
"""

from collections.abc import Callable
from typing import Any

from kreg.augment import (
    CutMix,
    FeatureMask,
    FeatureNoise,
    GaussianNoise,
    MixUp,
    RandAugment,
    RandomBrightness,
    RandomChoice,
    RandomContrast,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomHue,
    RandomRotation,
    RandomSaturation,
    RandomShear,
    RandomZoom,
    TrivialAugment,
)
from kreg.augment.ranges import Symmetric, bound

Shape = tuple[int, ...]
Dial = Any  # a number or a schedule, for the stage to read
Stages = list[Any]  # stages and policies


def images(
    input_shape: Shape,
    *,
    flip: str,
    crop: float,
    rotate: Dial,
    zoom: Dial,
    shear: Dial,
    brightness: Dial,
    contrast: Dial,
    saturation: Dial,
    hue: Dial,
    noise: Dial,
    erase: Dial,
    mixup: float,
    cutmix: float,
) -> Stages:
    colour = input_shape[2] == 3
    degrees = Symmetric(bound("augment.rotate", rotate), scale=1 / 360)
    optional: list[tuple[Dial, Callable[[], Any]]] = [
        (rotate, lambda: RandomRotation(degrees)),
        (zoom, lambda: RandomZoom(zoom)),
        (shear, lambda: RandomShear(shear, shear)),
        (brightness, lambda: RandomBrightness(brightness, mode="scale")),
        (contrast, lambda: RandomContrast(contrast)),
        (colour and saturation, lambda: RandomSaturation(saturation)),
        (colour and hue, lambda: RandomHue(hue)),
        (noise, lambda: GaussianNoise(noise)),
        (erase, lambda: RandomErasing(p=erase)),
        (mixup or cutmix, lambda: mixing(mixup, cutmix)),
    ]
    placed = placement(input_shape, flip, crop)
    return placed + [make() for strength, make in optional if strength]


def placement(input_shape: Shape, flip: str, crop: float) -> Stages:
    """What all augmentations of images begin with.

    The crop pads by a share of the shorter side, at least one pixel, and cuts back to the size.
    `flip="auto"` mirrors colour photographs, and never gray images: digits and letters have sides.
    """
    height, width, channels = input_shape
    padding = max(1, round(crop * min(height, width))) if crop else 0
    if flip == "auto":
        flip = "horizontal" if channels == 3 else "none"
    cut = [RandomCrop(height, width, padding=padding)] if padding else []
    return cut + ([] if flip == "none" else [RandomFlip(flip)])


def mixing(mixup: float, cutmix: float) -> Any:
    """MixUp, CutMix, or for each record one of the two."""
    made: Stages = [MixUp(mixup)] if mixup else []
    made += [CutMix(cutmix)] if cutmix else []
    return made[0] if len(made) == 1 else RandomChoice(made)


def randaugment(
    input_shape: Shape, *, flip: str, crop: float, num_ops: int, magnitude: float
) -> Stages:
    policy = RandAugment(num_ops, magnitude, channels=input_shape[2])
    return [*placement(input_shape, flip, crop), policy]


def trivialaugment(input_shape: Shape, *, flip: str, crop: float, magnitude: float) -> Stages:
    policy = TrivialAugment(channels=input_shape[2], magnitude=magnitude)
    return [*placement(input_shape, flip, crop), policy]


def mixup(input_shape: Shape, **dials: Any) -> Stages:
    return [MixUp(**dials)]


def cutmix(input_shape: Shape, **dials: Any) -> Stages:
    return [CutMix(**dials)]


def tabular(input_shape: Shape, *, noise: Dial, mask: Dial, mixup: float) -> Stages:
    stages: Stages = [FeatureNoise(noise)] if noise else []
    stages += [FeatureMask(mask)] if mask else []
    return stages + ([MixUp(mixup)] if mixup else [])

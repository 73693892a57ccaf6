"""Augmentation: pure functions of (seed, epoch, record index), in compiled tf.data stages."""

from kreg.augment.colour import (
    ColorJitter,
    RandomBrightness,
    RandomContrast,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomSaturation,
)
from kreg.augment.filters import RandomGaussianBlur, RandomSharpness
from kreg.augment.from_keras import from_keras
from kreg.augment.mixing import CutMix, LabelSmoothing, MixUp
from kreg.augment.moves import RandomCrop, RandomFlip, RandomTranslation
from kreg.augment.noise import GaussianNoise
from kreg.augment.occlusion import GridMask, RandomErasing
from kreg.augment.pipeline import Pipeline
from kreg.augment.policies import (
    OneOf,
    RandAugment,
    RandomApply,
    RandomChoice,
    TrivialAugment,
)
from kreg.augment.tabular import FeatureMask, FeatureNoise
from kreg.augment.tone import AutoContrast, Equalize, RandomPosterize, RandomSolarize
from kreg.augment.transforms import (
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomShear,
    RandomZoom,
)

__all__ = [
    "AutoContrast",
    "ColorJitter",
    "CutMix",
    "Equalize",
    "FeatureMask",
    "FeatureNoise",
    "GaussianNoise",
    "GridMask",
    "LabelSmoothing",
    "MixUp",
    "OneOf",
    "Pipeline",
    "RandAugment",
    "RandomApply",
    "RandomBrightness",
    "RandomChoice",
    "RandomContrast",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomSolarize",
    "RandomTranslation",
    "RandomZoom",
    "TrivialAugment",
    "from_keras",
]

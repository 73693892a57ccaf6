"""Augmentation: pure functions of (seed, epoch, record index), in compiled tf.data stages."""

from kreg.augment.color import (
    ColorJitter,
    RandomBrightness,
    RandomContrast,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomSaturation,
)
from kreg.augment.erasing import GridMask, RandomErasing
from kreg.augment.filters import RandomGaussianBlur, RandomSharpness
from kreg.augment.geometry import (
    RandomCrop,
    RandomFlip,
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
)
from kreg.augment.keras_layers import from_keras
from kreg.augment.mixing import CutMix, LabelSmoothing, MixUp
from kreg.augment.pipeline import Pipeline
from kreg.augment.pixels import (
    AutoContrast,
    Equalize,
    GaussianNoise,
    RandomPosterize,
    RandomSolarize,
)
from kreg.augment.policies import (
    OneOf,
    RandAugment,
    RandomApply,
    RandomChoice,
    TrivialAugment,
)
from kreg.augment.tabular import FeatureMask, FeatureNoise

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

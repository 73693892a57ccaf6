"""Augmentation: pure functions of (seed, epoch, record index), in compiled tf.data stages."""

from kreg.augment.moves import RandomCrop, RandomFlip, RandomTranslation
from kreg.augment.pipeline import Pipeline
from kreg.augment.transforms import (
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomShear,
    RandomZoom,
)

__all__ = [
    "Pipeline",
    "RandomCrop",
    "RandomFlip",
    "RandomPerspective",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
]

"""Choices are made for each image, with the promised probabilities, and merge into few passes."""

import numpy as np
import pytest

from kreg import augment
from kreg.augment.engine.steps import flatten

RECORDS = 4000


def shares(pipeline, records=RECORDS):
    """How often a 1x2 image comes out as black-white, white-black, or else."""
    x = np.zeros((records, 1, 2, 1), np.uint8)
    x[:, 0, 1] = 200
    out = pipeline(x, index=np.arange(records), epoch=0).numpy()[:, 0, :, 0]
    same, flipped = (out == [0, 200]).all(1).mean(), (out == [200, 0]).all(1).mean()
    return same, flipped, 1 - same - flipped


FLIP, INVERT = augment.RandomFlip(p=1.0), augment.RandomInvert(1.0)
LIMIT = 4 * 0.5 / np.sqrt(RECORDS)
CASES = {
    "apply": (augment.RandomApply(FLIP, p=0.3), (0.7, 0.3, 0.0)),
    "apply all": (augment.RandomApply([FLIP, INVERT], p=0.3), (0.7, 0.0, 0.3)),
    "choice": (augment.RandomChoice([FLIP, INVERT], [1, 3]), (0.0, 0.25, 0.75)),
    "one of": (augment.OneOf([FLIP, INVERT], p=0.5), (0.5, 0.25, 0.25)),
    "nested": (augment.RandomApply(augment.RandomChoice([FLIP, INVERT]), 0.5), (0.5, 0.25, 0.25)),
    "never": (augment.RandomApply(FLIP, p=0.0), (1.0, 0.0, 0.0)),
    "always": (augment.RandomApply(FLIP, p=1.0), (0.0, 1.0, 0.0)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_choices_have_their_probabilities(case):
    policy, expected = case
    np.testing.assert_allclose(
        shares(augment.Pipeline([policy], jit_compile=False)), expected, atol=LIMIT
    )


@pytest.fixture(scope="module")
def randaugment():
    return augment.Pipeline([augment.RandAugment(1, 0.5)], 3)


def test_randaugment_chooses_for_each_image(randaugment, images, index):
    """Keras: one operation for the whole batch. Here equal images come out in many ways."""
    same = np.broadcast_to(images[:1], images.shape)
    out = randaugment(same, index=index, epoch=0).numpy()
    assert len(np.unique(out.reshape(len(out), -1), axis=0)) > 8


def test_randaugment_costs_one_gather_for_all_its_geometry(images):
    groups = augment.Pipeline([augment.RandAugment(2, 0.5)]).describe(images)
    assert sum("RandomRotation" in group for group in groups) == 1
    assert len(groups) <= 9


def test_magnitude_zero_is_the_identity(images, index):
    still = augment.Pipeline([augment.RandAugment(1, 0.0)])
    np.testing.assert_array_equal(still(images, index=index, epoch=0), images)


def test_gray_images_have_no_saturation():
    for policy in (augment.RandAugment(channels=1), augment.TrivialAugment(channels=1)):
        names = {step.stage.name for step in flatten([policy]).steps}
        assert "RandomSaturation" not in names and "RandomContrast" in names


def test_trivial_augment_draws_magnitudes(images, index):
    pipeline = augment.Pipeline([augment.TrivialAugment()], 4)
    out = pipeline(images, index=index, epoch=0).numpy()
    changed = (out != images).any(axis=(1, 2, 3)).mean()
    assert 0.5 < changed < 1.0  # one of fourteen choices is to do nothing

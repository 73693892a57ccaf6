"""Every stage on batches whose size is known when the graph is made, and on those of any size."""

import numpy as np
import pytest
import tensorflow as tf

from kreg import augment

IMAGES = [
    augment.RandomFlip(),
    augment.RandomCrop(10, 10, padding=2),
    augment.RandomTranslation(0.2),
    augment.RandomRotation(0.1),
    augment.RandomZoom(0.2),
    augment.RandomShear(0.2),
    augment.RandomResizedCrop(8, 8),
    augment.RandomPerspective(0.4),
    augment.RandomBrightness(0.2),
    augment.RandomContrast(0.2),
    augment.RandomSaturation(0.2),
    augment.RandomHue(0.1),
    augment.RandomGrayscale(),
    augment.RandomInvert(),
    augment.ColorJitter(0.2, 0.2, 0.2),
    augment.AutoContrast(),
    augment.Equalize(),
    augment.GaussianNoise(0.1),
    augment.RandomPosterize(),
    augment.RandomSolarize(),
    augment.RandomErasing(),
    augment.GridMask(),
    augment.RandomGaussianBlur(),
    augment.RandomSharpness(),
    augment.MixUp(),
    augment.CutMix(),
    augment.LabelSmoothing(),
    augment.RandAugment(2, 0.5),
    augment.TrivialAugment(),
    augment.RandomApply(augment.RandomFlip()),
    augment.RandomChoice([augment.RandomFlip(), augment.RandomInvert()]),
    augment.OneOf([augment.RandomFlip(), augment.RandomInvert()]),
]
TABLES = [augment.FeatureNoise(0.1), augment.FeatureMask(0.3), augment.MixUp()]
MIXING = [augment.MixUp(), augment.CutMix(), augment.MixUp(per="batch"), augment.CutMix(p=0.5)]
LAST = 16  # two batches of eight: the same with and without a remainder to drop


def name(stage):
    return type(stage).__name__


def of_any_size(pipeline, records, y, **options):
    """The batches of `apply`, of a size that is known and of one that is not."""
    source = tf.data.Dataset.from_tensor_slices((records, y))
    known = pipeline.apply(source.batch(8, drop_remainder=True), **options)
    unknown = pipeline.apply(source.batch(8), **options)
    assert known.element_spec[0].shape[0] == 8 and unknown.element_spec[0].shape[0] is None
    return list(known), list(unknown)


def assert_same(known, unknown):
    assert len(known) == len(unknown) == LAST // 8
    for one, other in zip(known, unknown):
        for part, twin in zip(one, other):
            np.testing.assert_array_equal(part, twin)


def test_no_stage_is_forgotten():
    public = {stage for stage in dir(augment) if stage[0].isupper()} - {"Pipeline"}
    assert public == {name(stage) for stage in IMAGES + TABLES}


@pytest.mark.parametrize("stage", IMAGES, ids=name)
def test_images(stage, images, labels):
    """Uncompiled: what is looked for is in the graph around the kernels."""
    pipeline = augment.Pipeline([stage], 3, num_classes=10, jit_compile=False)
    assert_same(*of_any_size(pipeline, images[:LAST], labels[:LAST]))


@pytest.mark.parametrize("stage", TABLES, ids=name)
def test_tables(stage, labels):
    rows = np.random.default_rng(0).normal(size=(LAST, 5)).astype(np.float32)
    pipeline = augment.Pipeline([stage], 3, num_classes=10, jit_compile=False)
    assert_same(*of_any_size(pipeline, rows, labels[:LAST]))


@pytest.mark.parametrize("epochs", [None, 1])
@pytest.mark.parametrize("stage", MIXING, ids=name)
def test_mixing_compiled_is_what_a_call_gives(stage, epochs, images, labels):
    pipeline = augment.Pipeline([augment.RandomFlip(), stage], 3, num_classes=10)
    known, unknown = of_any_size(pipeline, images[:LAST], labels[:LAST], epochs=epochs)
    assert_same(known, unknown)
    called = pipeline(images[:8], labels[:8], index=np.arange(8), epoch=0)
    for part, twin in zip(known[0], called):
        np.testing.assert_array_equal(part, twin)


def test_a_map_of_the_user(images, labels):
    pipeline = augment.Pipeline([augment.MixUp()], 3, num_classes=10)
    source = tf.data.Dataset.from_tensor_slices((images, labels)).enumerate()
    batches = source.batch(8, drop_remainder=True)
    mixed = batches.map(lambda index, pair: pipeline(*pair, index=index, epoch=0))
    called = pipeline(images[:8], labels[:8], index=np.arange(8), epoch=0)
    for part, twin in zip(next(iter(mixed)), called):
        np.testing.assert_array_equal(part, twin)


def test_a_small_last_batch_mixes_within_itself(images, labels):
    pipeline = augment.Pipeline([augment.MixUp()], 3, num_classes=10)
    source = tf.data.Dataset.from_tensor_slices((images[:11], labels[:11]))
    last = list(pipeline.apply(source.batch(8)))[-1]
    called = pipeline(images[8:11], labels[8:11], index=np.arange(8, 11), epoch=0)
    for part, twin in zip(last, called):
        np.testing.assert_array_equal(part, twin)

"""A list of Keras layers becomes the same stages in the same order."""

import numpy as np
import pytest

from kreg import augment
from kreg.augment.keras_layers import COUNTERPARTS
from kreg.augment.stage import Policy, Recipe, Stage

keras = pytest.importorskip("keras")
layers = keras.layers

ARGUMENTS = {
    "RandomRotation": (0.1,),
    "RandomZoom": (0.1,),
    "RandomTranslation": (0.1, 0.1),
    "RandomCrop": (4, 4),
    "RandomBrightness": (0.2,),
    "RandomContrast": (0.2,),
    "RandomSaturation": ((0.4, 0.6),),
    "RandomHue": (0.1,),
    "RandomColorJitter": ((0, 255), 0.2, 0.2, (0.4, 0.6), 0.1),
    "RandomPosterization": (4,),
    "RandomSharpness": ((0.4, 0.6),),
    "GaussianNoise": (0.5,),
    "RandomShear": (0.1, 0.1),
}


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_every_counterpart_converts_from_its_defaults(name):
    (stage,) = augment.from_keras([getattr(layers, name)(*ARGUMENTS.get(name, ()))]).stages
    assert isinstance(stage, (Stage, Policy, Recipe))


def test_the_order_and_the_ranges_are_kept(images, index):
    chain = [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(0.05, fill_mode="constant"),
        layers.RandomBrightness(0.2),
    ]
    for given in (chain, layers.Pipeline(chain)):
        pipeline = augment.from_keras(given, seed=3)
        by_hand = augment.Pipeline(
            [augment.RandomFlip(), augment.RandomRotation(0.05), augment.RandomBrightness(0.2)], 3
        )
        got, expected = (p(images, index=index, epoch=0) for p in (pipeline, by_hand))
        np.testing.assert_array_equal(got, expected)


def test_a_fixed_rotation_is_that_of_keras():
    image = np.zeros((1, 9, 9, 1), np.float32)
    image[0, 2:5, 3:8] = 100.0
    layer = layers.RandomRotation((0.1, 0.1), fill_mode="constant")
    ours = augment.from_keras([layer])(image, index=[0], epoch=0)
    np.testing.assert_allclose(ours, layer(image, training=True), atol=0.05)


def test_a_fixed_zoom_and_shear_are_those_of_keras():
    image = np.random.default_rng(0).uniform(0, 255, (1, 9, 9, 1)).astype(np.float32)
    zoom = layers.RandomZoom((0.2, 0.2), fill_mode="constant")
    ours = augment.from_keras([zoom])(image, index=[0], epoch=0)
    np.testing.assert_allclose(ours, zoom(image, training=True), atol=0.05)


def test_a_value_range_is_taken_over():
    pipeline = augment.from_keras([layers.RandomBrightness(0.2, value_range=(0, 1))])
    assert pipeline.value_range == (0, 1)


def test_what_has_no_counterpart_is_named():
    with pytest.raises(ValueError, match="RandomElasticTransform has no counterpart"):
        augment.from_keras([layers.RandomElasticTransform(0.5)])

"""What Keras 3.15 augments wrongly (negative controls) beside what kreg does with the same task.

If a control fails, Keras has changed: then this file, and what the documentation claims, must too.
"""

import numpy as np
import pytest
import tensorflow as tf

from kreg import augment

keras = pytest.importorskip("keras")
layers = keras.layers
RECORDS = 64


@pytest.fixture(scope="module")
def corner():
    """Two by two images with one white corner: flips are visible in all four outcomes."""
    x = np.zeros((RECORDS, 2, 2, 1), np.uint8)
    x[:, 0, 0] = 255
    return x


def kreg(stages, x, y=None, **options):
    result = augment.Pipeline(stages, 1, **options)(x, y, index=np.arange(len(x)), epoch=0)
    return result.numpy() if y is None else [part.numpy() for part in result]


def outcomes(x):
    """How often the white corner is at each of the four places."""
    return (np.asarray(x).reshape(len(x), 4) > 0).mean(axis=0)


def test_flips_of_the_two_axes(corner):
    joint = layers.RandomFlip("horizontal_and_vertical", seed=1)(corner, training=True)
    assert (outcomes(joint)[1:3] == 0).all()  # one coin for both axes
    assert outcomes(kreg([augment.RandomFlip("horizontal_and_vertical")], corner)).min() > 0.1


def test_crops_within_a_batch():
    ramp = np.broadcast_to(np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1), (RECORDS, 4, 4, 1))
    joint = np.asarray(layers.RandomCrop(2, 2, seed=1)(ramp, training=True))
    assert len(np.unique(joint[:, 0, 0, 0])) == 1  # one window for all
    own = kreg([augment.RandomCrop(2, 2)], ramp)
    assert len(np.unique(own[:, 0, 0, 0])) == 9


def test_one_seed_in_two_layers(corner):
    x = corner.astype(np.float32) / 2 + 50
    flip, light = layers.RandomFlip("horizontal", seed=7), layers.RandomBrightness(0.2, seed=7)
    out = np.asarray(light(flip(x, training=True), training=True)).reshape(RECORDS, 4)
    flipped, darker = out[:, 1] > out[:, 0], out.min(axis=1) < 50
    assert abs(np.corrcoef(flipped, darker)[0, 1]) > 0.9
    stages = [augment.RandomFlip(), augment.RandomBrightness(0.2)]
    out = kreg(stages, x, value_range=(0, 255)).reshape(RECORDS, 4)
    flipped, darker = out[:, 1] > out[:, 0], out.min(axis=1) < 50
    assert abs(np.corrcoef(flipped, darker)[0, 1]) < 0.5


def test_cutmix_labels_and_pixels():
    x = np.broadcast_to(np.arange(RECORDS).reshape(-1, 1, 1, 1), (RECORDS, 9, 9, 3))
    x, y = np.ascontiguousarray(x, np.float32), np.eye(RECORDS, dtype=np.float32)

    def worst(images, labels):
        own = (np.asarray(images)[..., 0] == np.arange(RECORDS)[:, None, None]).mean((1, 2))
        return np.abs(own - np.asarray(labels)[np.arange(RECORDS), np.arange(RECORDS)]).max()

    mixed = layers.CutMix(1.0, seed=1)({"images": x, "labels": y}, training=True)
    assert worst(mixed["images"], mixed["labels"]) > 0.01
    assert worst(*kreg([augment.CutMix()], x, y)) < 1e-6


def test_class_ids_in_a_column():
    x, ids = np.zeros((8, 4, 4, 3), np.float32), np.arange(8)[:, None]
    mixup = layers.MixUp(1.0, seed=1)
    source = tf.data.Dataset.from_tensors({"images": x, "labels": ids})
    averaged = next(iter(source.map(lambda batch: mixup(batch, training=True))))["labels"].numpy()
    assert averaged.shape == (8, 1) and (averaged != averaged.round()).any()
    with pytest.raises(ValueError, match="num_classes"):
        kreg([augment.MixUp(1.0)], x, ids)


def test_masks_keep_their_channels_under_cutmix():
    x, masks = np.zeros((8, 4, 4, 3), np.float32), np.ones((8, 4, 4, 1), np.float32)
    mixed = layers.CutMix(1.0, seed=1)({"images": x, "segmentation_masks": masks}, training=True)
    assert mixed["segmentation_masks"].shape[-1] == 3
    _, kept = kreg([augment.CutMix()], x, masks, target="mask")
    assert kept.shape == masks.shape and (kept == 1).all()


def test_randaugment_within_a_batch(images):
    """Keras draws one operation for all images, whatever their number."""
    same = np.broadcast_to(images[:1], images.shape)
    layer = layers.RandAugment((0, 255), 1, 0.5, seed=4)
    draw = layer.get_random_transformation(tf.constant(same), training=True)
    assert draw["layer_idxes"].shape == (1,)
    own = kreg([augment.RandAugment(1, 0.5)], same)
    assert len(np.unique(own.reshape(len(own), -1), axis=0)) > 8


def test_the_global_policy_does_not_reach_the_images(images, index):
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert layers.RandomFlip(seed=1)(images, training=True).dtype == "bfloat16"
    assert kreg([augment.RandomFlip()], images).dtype == np.uint8


def test_large_labels_keep_their_value(images):
    y = np.full(len(images), 16777217, np.int64)
    flip = layers.RandomFlip(seed=1)
    source = tf.data.Dataset.from_tensors({"images": images, "labels": y})
    cast = next(iter(source.map(lambda batch: flip(batch, training=True))))["labels"]
    assert int(cast[0]) == 16777216
    assert (kreg([augment.RandomFlip()], images, y)[1] == y).all()

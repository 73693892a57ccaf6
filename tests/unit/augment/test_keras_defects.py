"""What Keras 3.15 augments wrongly (negative controls) beside what kreg does with the same task.

If a control fails, Keras has changed: then this file, and what the documentation claims, must too.
"""

import numpy as np
import pytest
import tensorflow as tf

from kreg import augment
from kreg.augment.engine import groups, input_spec, warp

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


def test_crops_outside_of_training(corner):
    """A crop of padded images leaves them padded where `training=False`: the shapes differ."""
    padded = np.pad(corner, ((0, 0), (1, 1), (1, 1), (0, 0)))
    assert layers.RandomCrop(2, 2, seed=1)(padded, training=False).shape[1:3] == (4, 4)
    # kreg pads inside of the crop: what is not augmented has the size already
    assert kreg([augment.RandomCrop(2, 2, padding=1)], corner).shape == corner.shape


def test_boxes_of_crops():
    """One white pixel and its box: where the pixel goes, the box must go."""
    places = np.random.default_rng(0).integers(0, 16, (RECORDS, 2))
    x = np.zeros((RECORDS, 16, 16, 1), np.float32)
    x[np.arange(RECORDS), places[:, 1], places[:, 0]] = 255
    boxes = np.concatenate([places, places + 1], axis=1)[:, None].astype(np.float32)

    def astray(images, boxes, seen):
        record, row, column, _ = np.nonzero(np.asarray(images))
        keep = np.asarray(seen)[record]
        ends = np.asarray(boxes)[record[keep], 0]
        return np.abs(ends[:, :2] - np.stack([column, row], axis=1)[keep]).max()

    layer = layers.RandomCrop(8, 12, bounding_box_format="xyxy", seed=1)
    labels = np.zeros((RECORDS, 1), np.float32)
    batch = {"images": x, "bounding_boxes": {"boxes": boxes, "labels": labels}}
    cut = layer(batch, training=True)
    found = np.asarray(cut["bounding_boxes"]["boxes"])
    kept = (np.asarray(cut["bounding_boxes"]["labels"]) >= 0).all(axis=1)
    assert (
        astray(cut["images"], found, kept & ((found[:, 0, 2:] - found[:, 0, :2]) == 1).all(1)) >= 1
    )
    own = augment.Pipeline([augment.RandomCrop(8, 12)], 1)(
        {"images": x, "boxes": boxes}, index=np.arange(RECORDS), epoch=0
    )
    assert astray(own["images"], own["boxes"], own["boxes_valid"][:, 0]) == 0


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


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_class_ids_in_a_column(name):
    x, ids = np.zeros((8, 4, 4, 3), np.float32), np.arange(8)[:, None]
    layer = getattr(layers, name)(1.0, seed=1)
    averaged = mapped(layer, {"images": x, "labels": ids})["labels"].numpy()
    assert averaged.shape == (8, 1) and (averaged != averaged.round()).any()
    with pytest.raises(ValueError, match="num_classes"):
        kreg([getattr(augment, name)(1.0)], x, ids)


def mapped(layer, batch):
    """One batch through a layer, as users run it: inside `Dataset.map`."""
    source = tf.data.Dataset.from_tensors(batch)
    return next(iter(source.map(lambda element: layer(element, training=True))))


def test_masks_under_mixup():
    x, masks = np.zeros((8, 4, 4, 3), np.float32), np.ones((8, 4, 4, 2), np.float32)
    with pytest.raises(Exception, match="in user code|float32|uint8|shape|type"):
        mapped(layers.MixUp(1.0, seed=1), {"images": x, "segmentation_masks": masks})
    _, kept = kreg([augment.MixUp(1.0)], x, masks, target="mask")
    np.testing.assert_allclose(kept, masks, atol=1e-6)


def test_one_image_is_no_pair():
    x, y = np.ones((1, 4, 4, 3), np.float32), np.eye(2, dtype=np.float32)[:1]
    alone = layers.MixUp(1.0, seed=1)({"images": x, "labels": y}, training=True)
    np.testing.assert_allclose(alone["images"], x, atol=1e-6)  # mixed with itself, without a word
    with pytest.raises(ValueError, match="batch of one"):
        kreg([augment.MixUp(1.0)], x, y)


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


def test_an_iterator_can_be_saved(images, index, tmp_path):
    """kreg's side, and that it resumes exactly, is in test_pipeline."""
    source = tf.data.Dataset.from_tensors(images).repeat(2)
    flip = layers.RandomFlip(seed=1)
    stateful = iter(source.map(lambda x: flip(x, training=True)))
    with pytest.raises(tf.errors.FailedPreconditionError, match="stateful"):
        tf.train.Checkpoint(stateful).save(str(tmp_path / "keras"))
    own = augment.Pipeline([augment.RandomFlip()]).apply(source, epochs=1)
    tf.train.Checkpoint(iter(own)).save(str(tmp_path / "kreg"))


def test_bytes_are_rounded_not_cut_off(images, index):
    """TensorFlow's kernel, on which Keras's warps rest, truncates bytes: half a level darker."""
    angle = 0.05
    row = [np.cos(angle), -np.sin(angle), 0.5, np.sin(angle), np.cos(angle), 0.0]
    matrix = tf.constant([row] * len(images), tf.float32)
    settings = {
        "transforms": tf.pad(matrix, [[0, 0], [0, 2]]),
        "output_shape": tf.constant(images.shape[1:3]),
        "fill_value": tf.constant(0.0),
        "interpolation": "BILINEAR",
        "fill_mode": "NEAREST",
    }
    op = tf.raw_ops.ImageProjectiveTransformV3
    exact = op(images=tf.cast(images, tf.float32), **settings).numpy()
    assert np.mean(op(images=images, **settings).numpy() - exact) < -0.4
    own = warp.bilinear(tf.constant(images), matrix, images.shape[1:3], "nearest", 0.0)
    own = groups.finish(own, input_spec.of(tf.constant(images), None), tf.uint8).numpy()
    assert abs(np.mean(own - exact)) < 0.05

"""Keypoints and boxes follow the pixels: against NumPy, and against the pixels themselves."""

import numpy as np
import pytest
import tensorflow as tf

from kreg import augment
from kreg.augment.engine import input_spec, random_numbers

SEED, EPOCH = 5, 2
WARPS = [
    augment.RandomFlip("horizontal_and_vertical"),
    augment.RandomCrop(8, 9, padding=3),
    augment.RandomRotation(0.2),
    augment.RandomZoom(0.4),
    augment.RandomShear(0.3, 0.2),
    augment.RandomTranslation(0.3),
    augment.RandomResizedCrop(7, 15),
    augment.RandomPerspective(0.4, p=0.7),
]


def run(stages, batch, index, **options):
    pipeline = augment.Pipeline(stages, SEED, **options)
    result = pipeline(batch, index=index, epoch=EPOCH)
    return {key: np.asarray(part) for key, part in result.items()}


@pytest.fixture
def batch(images):
    rng = np.random.default_rng(3)
    corners = rng.uniform(0, 12, (len(images), 5, 2, 2)).astype(np.float32)
    boxes = np.concatenate([corners.min(axis=2), corners.max(axis=2)], axis=2)
    points = rng.uniform(-0.5, 11.5, (len(images), 6, 2)).astype(np.float32)
    return {"images": images, "keypoints": points, "boxes": boxes}


def forward_maps(stage, images, index):
    """The stage's maps from source to output, by NumPy: (records, 3, 3)."""
    image_spec = input_spec.of(tf.constant(images), None)
    u = random_numbers.uniforms(SEED, EPOCH, index, stage.columns)
    inverse = stage.inverse(stage.draw(u, EPOCH, image_spec), image_spec)
    flat = [np.broadcast_to(np.asarray(e, np.float64), len(u)) for row in inverse for e in row]
    return np.linalg.inv(np.stack(flat, axis=1).reshape(-1, 3, 3))


def through(matrix, points):
    """One matrix on points (..., 2)."""
    lifted = np.concatenate([points, np.ones_like(points[..., :1])], axis=-1) @ matrix.T
    return lifted[..., :2] / lifted[..., 2:]


@pytest.mark.parametrize("stage", WARPS, ids=lambda s: s.name)
def test_places_are_those_of_numpy(batch, index, stage):
    got = run([stage], batch, index)
    height, width = got["images"].shape[1:3]
    limits = np.array([width, height, width, height])
    for record, matrix in enumerate(forward_maps(stage, batch["images"], index)):
        points = through(matrix, batch["keypoints"][record].astype(np.float64))
        np.testing.assert_allclose(got["keypoints"][record], points, atol=1e-3)
        inside = (points >= -0.5) & (points < np.array([width, height]) - 0.5)
        assert (got["keypoints_valid"][record] == inside.all(axis=1)).all()
        left, top, right, bottom = batch["boxes"][record].astype(np.float64).T
        corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
        corners = through(matrix, corners.transpose(2, 0, 1) - 0.5) + 0.5
        box = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        box = np.clip(box, 0, limits)
        np.testing.assert_allclose(got["boxes"][record], box, atol=1e-3)
        area = (box[:, 2:] - box[:, :2]).prod(axis=1)
        clear = (area == 0) | (area > 1e-2)  # an area that is a rounding may go either way
        assert (got["boxes_valid"][record] == (area > 0))[clear].all()


@pytest.fixture
def spots(index):
    """One white pixel an image, with its keypoint and its box."""
    place = np.random.default_rng(1).integers(0, 12, (len(index), 2))
    images = np.zeros((len(index), 12, 12, 1), np.uint8)
    images[np.arange(len(index)), place[:, 1], place[:, 0]] = 255
    points = place[:, None].astype(np.float32)
    return {"images": images, "keypoints": points, "boxes": np.concatenate([points, points + 1], 2)}


@pytest.mark.parametrize("fuse", ["fast", "off"])
def test_the_white_pixel_is_where_its_keypoint_says(spots, index, fuse):
    stages = [
        augment.RandomCrop(12, 12, padding=4),
        augment.RandomFlip("horizontal_and_vertical"),
        augment.RandomTranslation(0.4),
    ]
    got = run(stages, spots, index, fuse=fuse)
    seen = got["images"].max(axis=(1, 2, 3)) > 0
    assert (got["keypoints_valid"][:, 0] == seen).all() and (got["boxes_valid"][:, 0] == seen).all()
    assert 0.2 < seen.mean() < 0.9
    record, y, x, _ = np.nonzero(got["images"])
    np.testing.assert_array_equal(got["keypoints"][record, 0], np.stack([x, y], axis=1))
    np.testing.assert_array_equal(got["boxes"][record, 0], np.stack([x, y, x + 1, y + 1], axis=1))


def test_neighbouring_groups_hand_places_on(batch, index):
    stages = [augment.RandomFlip(), augment.RandomRotation(0.05), augment.RandomBrightness(0.1)]
    fused, apart = (run(stages, batch, index, fuse=fuse) for fuse in ("fast", "off"))
    assert augment.Pipeline(stages).describe(batch["images"]) != []
    np.testing.assert_allclose(fused["keypoints"], apart["keypoints"], atol=1e-4)
    np.testing.assert_allclose(fused["boxes"], apart["boxes"], atol=1e-4)


def test_what_only_fills_up_stays_away(batch, index):
    valid = np.zeros(batch["boxes"].shape[:2], bool)
    valid[:, 0] = True
    got = run([augment.RandomFlip()], {**batch, "boxes_valid": valid}, index)
    np.testing.assert_array_equal(got["boxes_valid"], valid)


def test_a_dataset_of_boxes_and_a_small_last_batch(batch, index):
    pipeline = augment.Pipeline([augment.RandomRotation(0.1)], SEED)
    whole = pipeline(batch, index=np.arange(len(index)), epoch=0)
    parts = list(pipeline.apply(tf.data.Dataset.from_tensor_slices(batch).batch(12)))
    assert len(parts[-1]["boxes"]) == len(index) % 12
    for key in ("boxes", "boxes_valid", "keypoints", "images"):
        together = np.concatenate([part[key] for part in parts])
        np.testing.assert_array_equal(together, whole[key])


def test_mixing_refuses_places(batch, index):
    with pytest.raises(ValueError, match="MixUp cannot mix keypoints and boxes"):
        labels = np.eye(10, dtype=np.float32)[np.arange(len(index)) % 10]
        run([augment.MixUp()], {**batch, "labels": labels}, index)


def test_a_wrong_shape_is_named(batch, index):
    with pytest.raises(ValueError, match='Expected "boxes" of shape'):
        run([augment.RandomFlip()], {**batch, "boxes": batch["boxes"][..., :3]}, index)
    with pytest.raises(ValueError, match="'boxes' has 5 records, but there are 32 images"):
        run([augment.RandomFlip()], {**batch, "boxes": batch["boxes"][0]}, index)

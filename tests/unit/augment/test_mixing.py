"""Mixing: labels agree with pixels exactly, rows sum to one, every form of target is handled."""

import numpy as np
import pytest

from kreg import augment
from kreg.augment.mixing import beta_quantiles

RECORDS = 32


@pytest.fixture(scope="module")
def flat():
    """Image i is constant with value i, so that every pixel tells where it comes from."""
    values = np.arange(RECORDS, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(values, (RECORDS, 12, 12, 1)).copy()


@pytest.fixture(scope="module")
def cutmix():
    return augment.Pipeline([augment.CutMix()], 1, num_classes=RECORDS)


def test_cutmix_labels_are_the_shares_of_pixels(flat, index, cutmix):
    """Keras: up to 5.2 percentage points apart, because its box bounds are not whole numbers."""
    x, y = cutmix(flat, np.arange(RECORDS), index=index, epoch=0)
    for i in range(RECORDS):
        shares = np.bincount(x[i].numpy().ravel(), minlength=RECORDS) / 144
        np.testing.assert_allclose(y[i], shares, atol=1e-6)
    np.testing.assert_allclose(y.numpy().sum(1), 1, rtol=1e-6)
    assert (y.numpy().max(1) < 1).mean() > 0.8


def test_mixup_blends_images_targets_and_weights_alike(flat, index):
    pipeline = augment.Pipeline([augment.MixUp(1.0)], 1, num_classes=RECORDS, dtype="float32")
    weight = np.linspace(0, 1, RECORDS).astype(np.float32)
    x = flat.astype(np.float32)
    out, y, w = pipeline(x, np.arange(RECORDS), weight, index=index, epoch=0)
    np.testing.assert_allclose(y.numpy().sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(out[:, 0, 0, 0], y.numpy() @ np.arange(RECORDS), rtol=1e-4)
    np.testing.assert_allclose(w, y.numpy() @ weight, rtol=1e-5)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_the_table_has_the_moments_of_beta(alpha):
    q = beta_quantiles(alpha)
    assert abs(q.mean() - 0.5) < 1e-3
    assert abs(q.var() - 1 / (4 * (2 * alpha + 1))) < 2e-3


def test_shares_are_one_per_record_or_one_per_batch(flat, index):
    for per, distinct in (("sample", RECORDS), ("batch", 1)):
        pipeline = augment.Pipeline([augment.MixUp(1.0, per=per)], 1, num_classes=RECORDS)
        _, y = pipeline(flat, np.arange(RECORDS), index=index, epoch=0)
        own = y.numpy()[np.arange(RECORDS), np.arange(RECORDS)]
        assert len(np.unique(own.round(4))) >= 0.8 * distinct
        assert per == "sample" or len(np.unique(own.round(4))) == 1


@pytest.mark.parametrize(
    "labels",
    [
        np.arange(RECORDS),
        np.arange(RECORDS)[:, None],
        np.eye(RECORDS, dtype=np.float32),
        np.eye(RECORDS, dtype=np.int64),
    ],
    ids=["ids", "ids in a column", "one-hot", "integer one-hot"],
)
def test_labels_in_any_form_become_the_same_rows(flat, index, cutmix, labels):
    _, expected = cutmix(flat, np.arange(RECORDS), index=index, epoch=0)
    _, y = cutmix(flat, labels, index=index, epoch=0)
    np.testing.assert_array_equal(y, expected)


def test_smoothing_takes_from_the_class_and_gives_to_all(flat, index):
    pipeline = augment.Pipeline([augment.LabelSmoothing(0.1)], num_classes=4)
    x, y = pipeline(flat, np.arange(RECORDS) % 4, index=index, epoch=0)
    np.testing.assert_array_equal(x, flat)
    np.testing.assert_allclose(y[1], [0.025, 0.925, 0.025, 0.025], rtol=1e-6)


def test_masks_follow_cutmix_and_geometry(flat, index):
    """The mask of image i is i everywhere: after mixing it must still agree with each pixel."""
    stages = [
        augment.RandomFlip(),
        augment.RandomTranslation(0.2, fill_value=255),
        augment.CutMix(),
    ]
    pipeline = augment.Pipeline(stages, 1, target="mask")
    x, mask = pipeline(flat, flat.astype(np.int32), index=index, epoch=0)
    assert mask.dtype == np.int32 and mask.shape == flat.shape
    np.testing.assert_array_equal(mask, x.numpy().astype(np.int32))
    assert (mask.numpy() == 255).any()


def test_masks_under_rotation_keep_their_classes(images, index):
    ids = (images[..., :1] > 128).astype(np.uint8) * 3
    pipeline = augment.Pipeline([augment.RandomRotation(0.1)], 1, target="mask")
    _, mask = pipeline(images, ids, index=index, epoch=0)
    assert set(np.unique(mask)) == {0, 3, 255}


def test_dictionaries_keep_their_form_and_their_other_keys(flat, index, cutmix):
    batch = {
        "images": flat,
        "labels": np.arange(RECORDS),
        "segmentation_masks": flat.astype(np.uint8),
        "sample_weights": np.ones(RECORDS, np.float32),
        "name": np.array(["a"] * RECORDS),
    }
    out = cutmix(batch, index=index, epoch=0)
    assert set(out) == set(batch)
    np.testing.assert_array_equal(out["segmentation_masks"], out["images"])
    np.testing.assert_allclose(out["sample_weights"], 1, rtol=1e-6)


def test_untouched_targets_pass_bit_for_bit(images, index):
    """Keras casts every label to its compute dtype: 16777217 becomes 16777216.0."""
    y = np.full(RECORDS, 16777217, np.int64)
    _, out = augment.Pipeline([augment.RandomFlip()])(images, y, index=index, epoch=0)
    assert out.dtype == np.int64 and (out.numpy() == y).all()


def test_tables_mix_mask_and_shake(index):
    x = np.random.default_rng(0).normal(size=(RECORDS, 5)).astype(np.float32)
    out = augment.Pipeline([augment.FeatureMask(0.3)])(x, index=index, epoch=0).numpy()
    assert abs((out == 0).mean() - 0.3) < 0.15
    np.testing.assert_array_equal(out[out != 0], x[out != 0])
    noisy = augment.Pipeline([augment.FeatureNoise(0.1)])(x, index=index, epoch=0).numpy()
    assert 0.07 < (noisy - x).std() < 0.13
    stages = [augment.FeatureNoise(0.0), augment.FeatureMask(0.0), augment.MixUp(p=0.0)]
    out, _ = augment.Pipeline(stages, num_classes=3)(x, index % 3, index=index, epoch=0)
    np.testing.assert_array_equal(out, x)

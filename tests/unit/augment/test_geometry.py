"""Moves are bit-equal to NumPy loops, warps within half a grey level of a float oracle."""

import numpy as np
import pytest
import tensorflow as tf

from kreg import augment
from kreg.augment.engine import input_spec, matrices, random_numbers

SEED, EPOCH = 5, 2


def run(stages, images, index, **kwargs):
    pipeline = augment.Pipeline(stages, SEED, **kwargs)
    return pipeline(images, index=index, epoch=EPOCH).numpy()


def draws(index, columns):
    return random_numbers.uniforms(SEED, EPOCH, index, columns).numpy()


def pad_crop_flip(images, u, pad):
    """Recipe R1 as everyone writes it: pad, crop, flip, image by image."""
    size = images.shape[1]
    framed = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    out = np.empty_like(images)
    for i, (ux, uy, flip, _) in enumerate(u):
        x, y = int(ux * (2 * pad + 1)), int(uy * (2 * pad + 1))
        cut = framed[i, y : y + size, x : x + size]
        out[i] = cut[:, ::-1] if flip < 0.5 else cut
    return out


@pytest.mark.parametrize("fuse", ["fast", "strict", "off"])
def test_crop_and_flip_equal_a_numpy_loop_bit_for_bit(images, index, fuse):
    stages = [augment.RandomCrop(12, 12, padding=2), augment.RandomFlip()]
    expected = pad_crop_flip(images, draws(index, 4), pad=2)
    np.testing.assert_array_equal(run(stages, images, index, fuse=fuse), expected)


@pytest.mark.parametrize("mode, numpy_mode", [("reflect", "symmetric"), ("nearest", "edge")])
def test_padding_modes_are_those_of_numpy(images, index, mode, numpy_mode):
    got = run([augment.RandomCrop(12, 12, padding=3, fill_mode=mode)], images, index)
    framed = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)), mode=numpy_mode)
    for i, (ux, uy) in enumerate(draws(index, 2)):
        x, y = int(ux * 7), int(uy * 7)
        np.testing.assert_array_equal(got[i], framed[i, y : y + 12, x : x + 12])


def test_moves_do_not_bring_back_what_an_earlier_one_pushed_out(images, index):
    there_and_back = [
        augment.RandomTranslation((0.25, 0.25), 0.0, fill_value=9),
        augment.RandomTranslation((-0.25, -0.25), 0.0, fill_value=9),
    ]
    for fuse in ("fast", "off"):
        got = run(there_and_back, images, index, fuse=fuse)
        np.testing.assert_array_equal(got[:, :9], images[:, :9])
        assert (got[:, 9:] == 9).all()


def bilinear_oracle(image, matrix, fill):
    """One image in float64, pixel by pixel, from the textbook's formula."""
    size = image.shape[0]
    framed = np.pad(image.astype(np.float64), ((1, 1), (1, 1), (0, 0)), constant_values=fill)
    out = np.full(image.shape, float(fill))
    for i in range(size):
        for j in range(size):
            x, y, depth = matrix @ (j, i, 1.0)
            x, y = x / depth + 1, y / depth + 1
            if not (0 <= x < size + 1 and 0 <= y < size + 1):
                continue
            x0, y0 = int(x), int(y)
            wx, wy = x - x0, y - y0
            top = framed[y0, x0] * (1 - wx) + framed[y0, x0 + 1] * wx
            bottom = framed[y0 + 1, x0] * (1 - wx) + framed[y0 + 1, x0 + 1] * wx
            out[i, j] = top * (1 - wy) + bottom * wy
    return out


def stage_matrices(stage, image_spec, u):
    """The stage's matrices in NumPy, (records, 3, 3)."""
    inverse = stage.inverse(stage.draw(tf.constant(u), EPOCH, image_spec), image_spec)
    flat = [np.broadcast_to(np.asarray(e, np.float64), len(u)) for row in inverse for e in row]
    return np.stack(flat, axis=1).reshape(-1, 3, 3)


WARPS = [
    augment.RandomRotation(0.1, fill_value=40),
    augment.RandomZoom((-0.4, 0.4), (-0.2, 0.2)),
    augment.RandomShear(0.3, 0.2),
    augment.RandomPerspective(0.4, p=1.0),
]


@pytest.mark.parametrize("stage", WARPS, ids=lambda s: s.name)
def test_a_warp_is_within_half_a_grey_level_of_a_float_oracle(images, index, stage):
    images, index = images[:8], index[:8]
    got = run([stage], images, index)
    found = stage_matrices(
        stage, input_spec.of(tf.constant(images), None), draws(index, stage.columns)
    )
    for image, matrix, result in zip(images, found, got):
        expected = bilinear_oracle(image, matrix, stage.fill_value)
        assert np.abs(result - expected).max() <= 0.5 + 1e-2


def test_fused_geometry_is_one_warp_with_the_product_of_the_matrices(images, index):
    stages = [augment.RandomFlip(), augment.RandomRotation(0.1), augment.RandomZoom(0.2)]
    got = run(stages, images[:8], index[:8])
    image_spec = input_spec.of(tf.constant(images), None)
    total, start = np.eye(3), 0
    for stage in stages:
        u = draws(index[:8], 8)[:, start : start + stage.columns]
        total, start = total @ stage_matrices(stage, image_spec, u), start + stage.columns
    for image, matrix, result in zip(images, total, got):
        assert np.abs(result - bilinear_oracle(image, matrix, 0.0)).max() <= 0.5 + 1e-2


def test_without_xla_warps_agree_to_one_level(images, index):
    stages = [augment.RandomFlip(), augment.RandomRotation(0.1)]
    with_xla, without = (
        run(stages, images, index, jit_compile=jit).astype(int) for jit in (True, False)
    )
    assert np.abs(with_xla - without).max() <= 1
    assert (with_xla != without).mean() < 1e-3


def test_resized_crop_of_the_whole_image_is_the_image(images, index):
    whole = augment.RandomResizedCrop(12, 12, scale=(1.0, 1.0), ratio=(1.0, 1.0))
    np.testing.assert_array_equal(run([whole], images, index), images)


def test_resized_crop_halves_as_the_mean_of_four(images, index):
    half = augment.RandomResizedCrop(6, 6, scale=(1.0, 1.0), ratio=(1.0, 1.0))
    blocks = images.reshape(-1, 6, 2, 6, 2, 3).mean(axis=(2, 4))
    assert np.abs(run([half], images, index) - blocks).max() <= 0.5 + 1e-3


ZERO = [
    augment.RandomFlip(p=0.0),
    augment.RandomTranslation(0.0),
    augment.RandomRotation(0.0),
    augment.RandomZoom(0.0),
    augment.RandomShear(0.0, 0.0),
    augment.RandomPerspective(0.0),
    augment.RandomPerspective(p=0.0),
]


@pytest.mark.parametrize("stage", ZERO, ids=lambda s: s.name)
def test_strength_zero_is_the_identity_bit_for_bit(images, index, stage):
    np.testing.assert_array_equal(run([stage], images, index), images)


# distributions, from the draws alone


def params_of(stage, size=12, records=20_000):
    u = random_numbers.uniforms(SEED, 0, np.arange(records), stage.columns)
    image_spec = input_spec.ImageSpec(size, size, 3, tf.uint8, 255.0)
    return {k: v.numpy() for k, v in stage.draw(u, 0, image_spec).items()}


def test_the_two_flips_toss_independent_coins():
    """Keras draws one coin for both: pure left-right and pure top-bottom never happen there."""
    flips = params_of(augment.RandomFlip("horizontal_and_vertical"))
    counts = [np.mean((flips["x"] == x) & (flips["y"] == y)) for x in (1, -1) for y in (1, -1)]
    np.testing.assert_allclose(counts, 0.25, atol=0.015)


def test_each_image_gets_its_own_crop_and_all_offsets_are_equally_likely():
    crops = params_of(augment.RandomCrop(10, 10, padding=1), size=10)
    offsets, counts = np.unique(np.stack([crops["x"], crops["y"]]), axis=1, return_counts=True)
    assert offsets.shape[1] == 9 and offsets.min() == -1 and offsets.max() == 1
    np.testing.assert_allclose(counts / counts.sum(), 1 / 9, atol=0.01)


def test_angles_are_uniform_and_positive_ones_turn_counter_clockwise():
    stage = augment.RandomRotation(0.1)
    turn = params_of(stage)["change"]
    counts, _ = np.histogram(turn, 20, (-0.1, 0.1))
    assert counts.sum() == len(turn)
    np.testing.assert_allclose(counts / len(turn), 0.05, atol=0.008)
    image = np.zeros((1, 5, 5, 1), np.uint8)
    image[0, 2, 4] = 255  # to the right of the centre
    turned = run([augment.RandomRotation((0.25, 0.25))], image, [0])
    assert turned[0, 0, 2, 0] == 255  # now above it


def test_resized_crops_have_the_promised_area_and_ratio():
    crops = params_of(augment.RandomResizedCrop(8, 8, scale=(0.2, 0.5), ratio=(0.8, 1.25)))
    area = crops["width"] * crops["height"] / 144
    ratio = crops["width"] / crops["height"]
    assert area.min() > 0.2 - 1e-5 and area.max() < 0.5 + 1e-5 and abs(area.mean() - 0.35) < 0.01
    assert ratio.min() > 0.8 - 1e-5 and ratio.max() < 1.25 + 1e-5
    assert (crops["left"] >= 0).all() and (crops["left"] + crops["width"] <= 12 + 1e-4).all()


def test_matrix_products_are_those_of_numpy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 3))
    a[0, 1] = b[2, 0] = 0.0
    got = matrices.product(tuple(map(tuple, a)), tuple(map(tuple, b)))
    np.testing.assert_allclose(np.array(got), a @ b, atol=1e-12)

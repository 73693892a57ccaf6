"""Colour, tone and filters against formulas in NumPy; strength zero is the identity."""

import numpy as np
import pytest
import tensorflow as tf

from kreg import augment
from kreg.augment.engine import color_matrix, input_spec, random_numbers

SEED, EPOCH = 5, 2
LUMA = np.array([0.299, 0.587, 0.114])


def run(stages, images, index, **kwargs):
    pipeline = augment.Pipeline(stages, SEED, **kwargs)
    return pipeline(images, index=index, epoch=EPOCH).numpy()


def draws(index, columns):
    return random_numbers.uniforms(SEED, EPOCH, index, columns).numpy().astype(np.float64)


def spread(u):
    """(records,) to broadcast over images."""
    return u[:, None, None, None]


def test_linear_colour_follows_its_formulas(images, index):
    """ColorJitter is fused into one pass; NumPy does one step after the other, without clipping."""
    z = 96 + images.astype(np.float64) / 8  # far from both ends: nothing clips
    x = np.round(z).astype(np.uint8)
    stages = [
        augment.RandomBrightness(0.05),
        augment.RandomContrast(0.3),
        augment.RandomSaturation(0.3),
        augment.RandomInvert(0.5),
    ]
    b, c, s, i = (spread(u) for u in draws(index, 4).T)
    z = x + 0.05 * (2 * b - 1) * 255
    mean = (z @ LUMA).mean(axis=(1, 2))[:, None, None, None]
    z = mean + (1 + 0.3 * (2 * c - 1)) * (z - mean)
    gray = (z @ LUMA)[..., None]
    z = gray + (1 + 0.3 * (2 * s - 1)) * (z - gray)
    z = np.where(i < 0.5, 255 - z, z)
    assert np.abs(run(stages, x, index) - z).max() <= 0.5 + 1e-2


def test_hue_turns_colours_and_keeps_gray():
    turn = np.linalg.matrix_power(color_matrix.QUARTER, 4)
    z = np.array([[200.0, 30.0, 90.0]])
    gray = z @ LUMA
    np.testing.assert_allclose((z - gray) @ turn.T, z - gray, atol=1e-9)
    np.testing.assert_allclose(color_matrix.QUARTER @ np.ones(3), 0, atol=1e-12)
    np.testing.assert_allclose(LUMA @ color_matrix.QUARTER, 0, atol=1e-12)


def test_composed_blends_are_the_composition(images):
    rng = np.random.default_rng(0)
    z = tf.constant(images, tf.float32)

    def some():
        a, g, b = (tf.constant(rng.normal(size=len(images)), tf.float32) for _ in range(3))
        return color_matrix.ColorMatrix(
            a, g, tf.constant(rng.normal(size=(len(images), 3)), tf.float32), b
        )

    first, second = some(), some()
    one_pass = color_matrix.apply(color_matrix.compose(second, first), z)
    two_passes = color_matrix.apply(second, color_matrix.apply(first, z))
    np.testing.assert_allclose(one_pass, two_passes, rtol=1e-3, atol=0.05)


def test_grayscale_makes_channels_equal(images, index):
    gray = run([augment.RandomGrayscale(1.0)], images, index)
    assert (gray == gray[..., :1]).all()
    assert np.abs(gray[..., 0] - images @ LUMA).max() <= 0.5 + 1e-3


def test_posterize_and_solarize_are_bitwise(images, index):
    stages = [augment.RandomPosterize(3, p=1.0), augment.RandomSolarize(128 / 255, p=1.0)]
    kept = images & 0b11100000
    expected = np.where(kept >= 128, 255 - kept, kept)
    np.testing.assert_array_equal(run(stages, images, index), expected)


def test_autocontrast_uses_the_whole_range(images, index):
    got = run([augment.AutoContrast()], images // 2, index)
    assert (got.min(axis=(1, 2)) == 0).all() and (got.max(axis=(1, 2)) == 255).all()
    flat = np.full_like(images, 7)
    np.testing.assert_array_equal(run([augment.AutoContrast()], flat, index), flat)


def pil_equalize(channel):
    """The table of PIL's ImageOps.equalize for one channel."""
    histogram = np.bincount(channel.ravel(), minlength=256)
    step = (histogram.sum() - histogram[histogram > 0][-1]) // 255
    if not step:
        return channel
    below = np.concatenate([[0], np.cumsum(histogram)[:-1]])
    return np.clip((below + step // 2) // step, 0, 255).astype(np.uint8)[channel]


def test_equalize_is_the_table_of_pil_on_the_chosen_images_only():
    rng = np.random.default_rng(1)
    x = (rng.normal(100, 20, (8, 32, 32, 3))).clip(0, 255).astype(np.uint8)
    index = np.arange(8)
    got = run([augment.Equalize(p=0.5)], x, index)
    for image, result, (u,) in zip(x, got, draws(index, 1)):
        expected = np.stack([pil_equalize(image[..., c]) for c in range(3)], axis=-1)
        np.testing.assert_array_equal(result, expected if u < 0.5 else image)


def test_sharpness_is_the_blend_with_the_smoothed_image(images, index):
    (change,) = 2 * draws(index, 1).T - 1
    z = images.astype(np.float64)
    smooth = z.copy()
    block = sum(z[:, i : i + 10, j : j + 10] for i in range(3) for j in range(3))
    smooth[:, 1:-1, 1:-1] = (block + 4 * z[:, 1:-1, 1:-1]) / 13
    expected = np.clip(smooth + spread(1 + change) * (z - smooth), 0, 255)
    assert np.abs(run([augment.RandomSharpness(1.0)], images, index) - expected).max() <= 0.51


def test_blur_is_the_truncated_normal_kernel(images, index):
    got = run([augment.RandomGaussianBlur((1.0, 1.0), 3, p=1.0)], images, index)
    taps = np.exp([-0.5, 0.0, -0.5])
    taps /= taps.sum()
    z = np.pad(images.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    z = sum(t * z[:, k : k + 12] for k, t in enumerate(taps))
    z = sum(t * z[:, :, k : k + 12] for k, t in enumerate(taps))
    assert np.abs(got - z).max() <= 0.51


ZERO = [
    [augment.ColorJitter(0.0, 0.0, 0.0, 0.0)],
    [augment.RandomBrightness(0.0), augment.RandomContrast(0.0), augment.RandomSaturation(0.0)],
    [augment.RandomHue(0.0), augment.RandomGrayscale(0.0), augment.RandomInvert(0.0)],
    [augment.RandomPosterize(8), augment.RandomSolarize(1.0), augment.GaussianNoise(0.0)],
    [augment.RandomErasing(p=0.0), augment.GridMask(p=0.0)],
    [augment.RandomSharpness(0.0), augment.AutoContrast(0.0), augment.RandomGaussianBlur(p=0.0)],
]


@pytest.mark.parametrize("stages", ZERO, ids=lambda stages: stages[0].__class__.__name__)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_strength_zero_is_the_identity_bit_for_bit(images, index, stages, dtype):
    x = images if dtype == "uint8" else (images / np.float32(255)).astype(np.float32)
    value_range = None if dtype == "uint8" else (0, 1)
    np.testing.assert_array_equal(run(stages, x, index, value_range=value_range), x)


def test_float_images_in_their_own_range_agree_with_bytes(images, index):
    stages = [augment.ColorJitter(0.2, 0.2, 0.2, 0.1), augment.RandomSolarize(0.5)]
    bytes_out = run(stages, images, index)
    floats = images.astype(np.float32) / 255
    float_out = run(stages, floats, index, value_range=(0, 1)) * 255
    assert np.mean(np.abs(float_out - bytes_out) > 0.51) < 0.01  # values at the solar threshold


def test_noise_is_normal_and_independent():
    x = np.full((32, 12, 12, 3), 128, np.uint8)
    floats = x.astype(np.float32)
    options = {"value_range": (0, 255)}
    noise = run([augment.GaussianNoise(0.1)], floats, np.arange(32), **options) - 128
    n = noise.size
    assert abs(noise.mean()) < 5 * 25.5 / np.sqrt(n)
    assert abs(noise.std() / 25.5 - 1) < 5 / np.sqrt(2 * n)
    flat = noise.reshape(32, -1)
    assert np.abs(np.corrcoef(flat) - np.eye(32)).max() < 6 / np.sqrt(flat.shape[1])
    assert abs((noise**4).mean() / noise.var() ** 2 - 3) < 0.2


def params_of(stage, size=32, records=5000):
    u = random_numbers.uniforms(SEED, 0, np.arange(records), stage.columns)
    image_spec = input_spec.ImageSpec(size, size, 3, tf.uint8, 255.0)
    return {k: v.numpy() for k, v in stage.draw(u, 0, image_spec).items()}


def test_erased_rectangles_have_the_promised_area_and_probability():
    box = params_of(augment.RandomErasing((0.1, 0.2), (0.5, 2.0), p=0.7))
    hit = box["height"] > 0
    area = (box["height"] * box["width"])[hit] / 32**2
    assert abs(hit.mean() - 0.7) < 0.03 and area.min() > 0.08 and area.max() < 0.22
    assert (box["top"] >= 0).all() and (box["top"] + box["height"] <= 32).all()


def test_erasing_and_grid_fill_what_they_hide(images, index):
    x = np.maximum(images, 1)
    for stage in (augment.RandomErasing(p=1.0), augment.GridMask(p=1.0)):
        got = run([stage], x, index)
        hidden = (got == 0).all(axis=3)
        assert 0 < hidden.mean() < 0.5
        np.testing.assert_array_equal(got[~hidden], x[~hidden])

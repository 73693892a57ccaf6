"""What each stage draws follows the distribution that its documentation promises."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from kreg import augment
from kreg.augment.engine import input_spec, random_numbers

RECORDS, SIDE = 4000, 24


def drawn(stage):
    """The stage's parameters for many records."""
    image_spec = input_spec.ImageSpec(SIDE, SIDE, 3, tf.uint8, 255.0)
    u = random_numbers.uniforms(3, 1, np.arange(RECORDS), stage.columns)
    return {name: np.asarray(value) for name, value in stage.draw(u, 1, image_spec).items()}


UNIFORM = {
    "rotation": (augment.RandomRotation(0.1), "change", -0.1, 0.1),
    "rotation by a pair": (augment.RandomRotation((0.02, 0.3)), "change", 0.02, 0.3),
    "zoom of rows": (augment.RandomZoom(0.2, 0.4), "y", 0.8, 1.2),
    "zoom of columns": (augment.RandomZoom(0.2, 0.4), "x", 0.6, 1.4),
    "shear": (augment.RandomShear(0.3, 0.1), "x", -0.3, 0.3),
    "the other shear": (augment.RandomShear(0.3, 0.1), "y", -0.1, 0.1),
    "perspective": (augment.RandomPerspective(0.4, p=1.0), "y3", 0.0, 0.2),
    "brightness": (augment.RandomBrightness(0.2), "change", -0.2, 0.2),
    "contrast": (augment.RandomContrast((-0.5, 1.0)), "change", -0.5, 1.0),
    "saturation": (augment.RandomSaturation(0.7), "change", -0.7, 0.7),
    "hue": (augment.RandomHue(0.25), "change", -0.25, 0.25),
    "sharpness": (augment.RandomSharpness(0.5), "change", -0.5, 0.5),
    "blur": (augment.RandomGaussianBlur((0.1, 2.0), p=1.0), "sigma", 0.1, 2.0),
    "noise": (augment.GaussianNoise((0.0, 0.1)), "stddev", 0.0, 0.1),
    "solarize": (augment.RandomSolarize((0.2, 0.8), p=1.0), "threshold", 51, 204),
}


@pytest.mark.parametrize("stage, name, low, high", UNIFORM.values(), ids=UNIFORM)
def test_magnitudes_are_uniform(stage, name, low, high):
    values = drawn(stage)[name]
    assert stats.kstest(values, "uniform", (low, high - low)).pvalue > 1e-3


SHARES = {
    "flip": (augment.RandomFlip(p=0.3), "x", 0.3),
    "grayscale": (augment.RandomGrayscale(0.3), "on", 0.3),
    "invert": (augment.RandomInvert(0.3), "on", 0.3),
    "autocontrast": (augment.AutoContrast(0.3), "on", 0.3),
    "equalize": (augment.Equalize(0.3), "on", 0.3),
    "posterize": (augment.RandomPosterize(4, p=0.3), "step", 0.3),
    "solarize": (augment.RandomSolarize(p=0.3), "threshold", 0.3),
    "blur": (augment.RandomGaussianBlur(p=0.3), "sigma", 0.3),
    "erasing": (augment.RandomErasing((0.1, 0.3), p=0.3), "height", 0.3),
    "grid": (augment.GridMask(p=0.3), "side", 0.3),
    "perspective": (augment.RandomPerspective(p=0.3), "x0", 0.3),
    "mixup": (augment.MixUp(1.0, p=0.3), "share", 0.3),
    "cutmix": (augment.CutMix(p=0.3), "height", 0.3),
}


@pytest.mark.parametrize("stage, name, p", SHARES.values(), ids=SHARES)
def test_a_stage_acts_with_its_probability(stage, name, p):
    acts = drawn(stage)[name] != stage.neutral[name]
    # CutMix rounds: a patch smaller than half a pixel is none
    assert abs(acts.mean() - p) < 4 * np.sqrt(p * (1 - p) / RECORDS) + (name == "height") * 0.002


def test_shifts_are_whole_pixels_each_equally_likely():
    shifts = drawn(augment.RandomTranslation(0.25, 0.0))
    assert (shifts["x"] == 0).all()
    values, counts = np.unique(shifts["y"], return_counts=True)
    np.testing.assert_array_equal(values, np.arange(-6, 7))
    inner = counts[1:-1]  # the two ends round from half a cell each
    assert stats.chisquare(inner).pvalue > 1e-3
    np.testing.assert_allclose(counts[[0, -1]].sum() / inner.mean(), 1.0, atol=0.2)


def test_bits_are_whole_numbers_of_the_range():
    steps = drawn(augment.RandomPosterize((3, 5), p=1.0))["step"]
    assert set(np.log2(steps)) == {3.0, 4.0, 5.0}


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_shares_are_beta(alpha):
    shares = drawn(augment.MixUp(alpha))["share"].astype(np.float64)
    assert stats.kstest(np.clip(shares, 1e-9, 1 - 1e-9), "beta", (alpha, alpha)).pvalue > 1e-3


@pytest.mark.parametrize("stage", [augment.RandomErasing(p=1.0), augment.CutMix()])
def test_rectangles_lie_anywhere_inside_in_both_directions(stage):
    box, places = drawn(stage), []
    for start, length in (("top", "height"), ("left", "width")):
        room = SIDE - box[length]
        assert (box[start] >= 0).all() and (box[start] <= room).all()
        places.append((box[start] + 0.5) / (room + 1))  # 0 to 1, whatever the size
    places = np.array(places)[:, (SIDE - box["height"] > 4) & (SIDE - box["width"] > 4)]
    np.testing.assert_allclose(places.mean(axis=1), 0.5, atol=0.02)
    assert abs(np.corrcoef(places)[0, 1]) < 0.08


@pytest.mark.parametrize(
    "stage", [augment.RandomShear(0.2, 0.2), augment.RandomZoom(0.2, 0.2), augment.RandomCrop(9, 9)]
)
def test_the_two_directions_are_independent(stage):
    values = drawn(stage)
    assert abs(np.corrcoef(values["x"], values["y"])[0, 1]) < 0.08

"""Pictures enter with mean 0 and deviation 1, inside the model, wherever it goes."""

import keras
import numpy as np
import pytest

import kreg
from kreg.config.validate import ConfigError
from kreg.data import Split
from kreg.data.pixels import ROWS, standardising
from kreg.launch.compose import compose_job
from kreg.training import app, plan, start

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (40, 6, 5, 3), dtype=np.uint8)


def split(x):
    return Split(x, np.zeros(len(x), np.int32))


@pytest.mark.parametrize("by", ["channel", "pixel"])
def test_mean_0_and_deviation_1(by):
    scale, offset = standardising(split(PICTURES), by)
    seen = PICTURES * np.array(scale) + np.array(offset)
    axes = (0, 1, 2) if by == "channel" else 0
    np.testing.assert_allclose(seen.mean(axes), 0, atol=1e-12)
    np.testing.assert_allclose(seen.std(axes), 1, atol=1e-12)
    layer = keras.layers.Rescaling(scale, offset)
    again = keras.layers.Rescaling.from_config(layer.get_config())
    np.testing.assert_allclose(again(PICTURES), seen, atol=1e-5)


@pytest.mark.parametrize("by", ["channel", "pixel"])
def test_what_is_constant_keeps_its_scale_and_becomes_0(by):
    x = PICTURES.copy()
    x[..., 1] = 7
    scale, offset = (np.array(part) for part in standardising(split(x), by))
    assert np.all(scale[..., 1] == 1) and np.all(offset[..., 1] == -7)
    assert np.isfinite(scale).all() and np.isfinite(offset).all()


def test_only_so_many_rows_are_looked_at_from_the_first_on():
    x = np.zeros((4 * ROWS, 1, 1, 1), np.uint8)
    x[2::4] = x[1::4] = x[3::4] = 200
    assert standardising(split(x)) == (1.0, 0.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """80 noisy pictures in two classes, which differ in their brightness."""
    place = tmp_path_factory.mktemp("pictures")
    for name, mean in (("dark", 59), ("bright", 170)):
        (place / name).mkdir()
        for i in range(40):
            x = np.clip(RNG.normal(mean, 60, (16, 16, 3)), 0, 255)
            keras.utils.save_img(place / name / f"{i}.png", x, scale=False)
    return ["data=image_folder", f"data.path={place}"]


@pytest.mark.parametrize("how", [pytest.param("none", marks=pytest.mark.slow), "channel"])
def test_brightness_is_learned_from_80_pictures(folder, how, tmp_path):
    words = [*folder, "model=deep", "trainer.verbose=quiet", "logger=none"]
    words.append(f"data.standardise={how}")
    app.run(compose_job([*words, "objective=test_clean_accuracy"]), tmp_path)
    read = keras.models.load_model(tmp_path / "best.keras")
    scale = read.get_layer("rescale").get_config()["scale"]
    assert scale == 1 / 255 if how == "none" else len(scale) == 3
    result = (tmp_path / "result.json").read_text()
    assert '"test_clean_accuracy": 1.0' in result


def network(folder, *words):
    config = compose_job([*folder, *words])
    start.prepare(config.trainer, config.seed)
    return plan.make(config).model


def test_compressing_and_stripping_keep_it(folder):
    model = network(
        folder,
        "data.standardise=channel",
        "model=deep",
        "model.depth=2",
        "model.width=8",
        "reg=group",
    )
    first, second = (layer for layer in model.layers if layer.name.startswith("hidden"))
    for layer in (first, second):
        kernel, bias = layer.get_weights()
        kernel[:, :4], bias[:4] = 0, 0
        layer.set_weights([kernel, bias])
    x = RNG.integers(0, 256, (9, 16, 16, 3)).astype("float32")
    expected = model.predict(x, verbose=0)
    for made in (kreg.compress(model)[0], kreg.strip(model)):
        assert made.get_layer("rescale").get_config() == model.get_layer("rescale").get_config()
        np.testing.assert_allclose(made.predict(x, verbose=0), expected, atol=1e-4)


def test_floats_are_standardised_too_where_it_is_asked_for(tmp_path):
    x = RNG.normal(50, 10, (60, 4, 4, 1)).astype("float32")
    np.savez(tmp_path / "x.npz", x=x, y=np.arange(60) % 2)
    words = ["data=npz", f"data.path={tmp_path}/x.npz", "model=linear"]
    assert "rescale" not in [layer.name for layer in network(words).layers]
    layer = network(words, "data.standardise=channel").get_layer("rescale")
    assert layer.scale == pytest.approx(0.1, rel=0.1)


def test_a_table_has_no_channels():
    with pytest.raises(ConfigError, match=r"data.standardise=pixel is about pictures"):
        compose_job(["data=wine", "data.standardise=pixel"])

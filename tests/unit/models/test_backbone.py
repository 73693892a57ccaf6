"""A network that others have trained gets its own pictures, its weights and a new head."""

import importlib
import inspect
import urllib.error
import warnings

import keras
import numpy as np
import pytest

from kreg import applications
from kreg.applications import BY_NAME, FAMILIES
from kreg.foreign.content import DamagedError
from kreg.models import backbone as built
from kreg.models import pretrained
from kreg.models.new_head import scaled

MODES = {"VGG16": "vgg16", "MobileNetV2": "mobilenet_v2", "DenseNet121": "densenet"}


@pytest.fixture
def bytes_in():
    return np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype("uint8")


def small(input_tensor, include_top=False, weights=None):
    """A stand-in for a network of `keras.applications`: called as they are, and small."""
    assert not include_top
    x = keras.layers.Conv2D(4, 3, name="conv_a")(input_tensor)
    x = keras.layers.BatchNormalization(name="norm_a")(x)
    x = keras.layers.Conv2D(6, 3, name="conv_b")(x)
    return keras.Model(keras.utils.get_source_inputs(x), x)


@pytest.fixture
def vgg(monkeypatch):
    monkeypatch.setattr(keras.applications, "VGG16", small)


def test_the_table_is_that_of_keras():
    functions = {n for n, v in vars(keras.applications).items() if inspect.isfunction(v)}
    assert set(BY_NAME) == functions


@pytest.mark.parametrize("name", MODES)
def test_pictures_enter_as_the_networks_own_function_makes_them(name, bytes_in):
    module = importlib.import_module(f"keras.applications.{MODES[name]}")
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, scaled(inputs, applications.family(name)))
    expected = module.preprocess_input(bytes_in.astype("float32"))
    np.testing.assert_allclose(model(bytes_in), expected, atol=2e-5)


def test_networks_that_scale_themselves_get_bytes():
    inside = {n for f in FAMILIES if f.mode == "inside" for n in f.names}
    for name in inside:
        module = importlib.import_module(getattr(keras.applications, name).__module__)
        assert module.preprocess_input(7.0) == 7.0


def test_grey_and_small_pictures_become_what_the_network_sees(vgg):
    model = built((8, 8, 1), 5, "classification", name="VGG16")
    assert model.get_layer("conv_a").input.shape == (None, 32, 32, 3)
    assert model.output_shape == (None, 5) and model.name == "VGG16"
    large = built((40, 50, 3), 5, "classification", name="VGG16")
    assert large.get_layer("conv_a").input.shape == (None, 40, 50, 3)
    wanted = built((40, 50, 3), 5, "classification", name="VGG16", size=64)
    assert wanted.get_layer("conv_a").input.shape == (None, 64, 64, 3)


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".h5"])
def test_weights_under_another_head_load_and_what_is_left_out_is_said(vgg, tmp_path, ending):
    other = built((32, 32, 3), 7, "classification", name="VGG16")
    path = tmp_path / f"other{ending}"
    other.save_weights(path) if ending == ".weights.h5" else other.save(path)
    with pytest.warns(UserWarning, match=r"3 layers loaded; the file's 'head' found no place"):
        model = built((32, 32, 3), 5, "classification", name="VGG16", weights=str(path))
    for name in ("conv_a", "norm_a", "conv_b"):
        pairs = zip(model.get_layer(name).get_weights(), other.get_layer(name).get_weights())
        assert all(np.array_equal(ours, theirs) for ours, theirs in pairs)


def test_weights_of_another_network_are_refused(vgg, tmp_path):
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="conv_a")])
    other.save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match=r"weights of another network: of the 3 layers of \w+"):
        built((32, 32, 3), 5, "classification", name="VGG16", weights=f"{tmp_path}/other.keras")


def test_a_damaged_file_is_refused_in_a_sentence(vgg, tmp_path):
    (tmp_path / "x.h5").write_bytes(b"no weights at all")
    with pytest.raises(DamagedError, match=r"holds no weights of Keras"):
        built((32, 32, 3), 5, "classification", name="VGG16", weights=f"{tmp_path}/x.h5")


def test_a_model_of_ones_own_goes_on_under_a_new_head():
    inputs = keras.Input((12, 12, 1))
    x = keras.layers.Conv2D(3, 3, name="conv")(keras.layers.Rescaling(1 / 255)(inputs))
    x = keras.layers.GlobalAveragePooling2D()(x)
    own = keras.Model(inputs, keras.layers.Dense(10, name="head")(x), name="mine")
    own.get_layer("conv").trainable = False  # as a training of the head alone leaves it
    with pytest.warns(UserWarning, match="The head 'head' of mine was left out"):
        model = built((8, 8, 1), 4, "classification", name=own)
    assert len(model.trainable_weights) == 4
    assert model.name == "mine" and model.output_shape == (None, 4)
    resized = keras.layers.Resizing(12, 12)(np.full((2, 8, 8, 1), 100.0))
    features = keras.Model(own.input, own.layers[-1].input)(resized)
    head = model.get_layer("head")
    np.testing.assert_allclose(model(np.full((2, 8, 8, 1), 100.0)), head(features), rtol=1e-5)


def test_a_model_for_other_pictures_is_refused():
    own = keras.Sequential(
        [keras.Input((12, 12, 4)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    with pytest.raises(ValueError, match=r"trained on pictures of 4 channels, and these have 1"):
        built((8, 8, 1), 4, "classification", name=own)
    with pytest.raises(ValueError, match=r"`model.size`.*sees 12 x 12 pixels and no other size"):
        built((8, 8, 4), 4, "classification", name=own, size=20)
    table = keras.Sequential([keras.Input((12,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"it sees \(12,\), expected one picture \(height, width"):
        built((8, 8, 1), 4, "classification", name=table)


def test_a_model_whose_head_is_a_network_is_refused():
    head = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    layers = [keras.layers.Conv2D(3, 3), keras.layers.GlobalAveragePooling2D(), head]
    own = keras.Sequential([keras.Input((8, 8, 1)), *layers], name="mine")
    with pytest.raises(ValueError, match=f"of 'mine' is '{head.name}', a network itself"):
        built((8, 8, 1), 4, "classification", name=own)


@pytest.mark.parametrize(("size", "seen"), [(None, 8), (20, 20)])
def test_a_model_for_pictures_of_any_size_sees_those_that_are_there(size, seen):
    layers = [keras.layers.Conv2D(3, 3, name="conv"), keras.layers.GlobalAveragePooling2D()]
    own = keras.Sequential([keras.Input((None, None, 3)), *layers, keras.layers.Dense(2)])
    with pytest.warns(UserWarning, match="was left out"):
        model = built((8, 8, 1), 4, "classification", name=own, size=size)
    x = np.full((2, 8, 8, 1), 100.0)
    resized = np.full((2, seen, seen, 3), 100.0)
    features = keras.Model(own.inputs[0], own.layers[-2].output)(resized)
    np.testing.assert_allclose(model(x), model.get_layer("head")(features), rtol=1e-5)


def test_pictures_that_a_network_cannot_see_are_refused(vgg):
    for shape, words in (((8,), "height, width"), ((8, 8, 2), "1 or 3 channels")):
        with pytest.raises(ValueError, match=words):
            built(shape, 3, "classification", name="VGG16")
    with pytest.raises(ValueError, match="at least 32"):
        built((8, 8, 1), 3, "classification", name="VGG16", size=16)
    with pytest.raises(ValueError, match="Did you mean 'MobileNetV2'"):
        built((8, 8, 1), 3, "classification", name="MobilNetV2")


def test_without_a_network_connection_a_sentence_says_where_the_file_goes(monkeypatch, tmp_path):
    def unreachable(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    module = importlib.import_module(keras.utils.get_file.__module__)
    monkeypatch.setattr(module, "urlretrieve", unreachable)
    with warnings.catch_warnings(), pytest.raises(ValueError, match="Put https://") as error:
        warnings.simplefilter("ignore")
        built((32, 32, 3), 3, "classification", name="MobileNet", weights="imagenet")
    assert "mobilenet" in str(error.value) and str(tmp_path / "models") in str(error.value)


def test_a_layer_takes_only_weights_of_its_shapes():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    assert not pretrained.put(layer, [np.zeros((3, 2))])
    assert not pretrained.put(layer, [np.zeros((3, 4)), np.zeros(4)])
    assert pretrained.put(layer, [np.ones((3, 2)), np.ones(2)])
    assert np.all(layer.bias == 1)


def test_a_model_that_is_simply_called_predicts_also_behind_a_resizing():
    """Keras's own Resizing takes the normalisations behind it to be in training."""
    model = built((8, 8, 1), 3, "classification", name="MobileNet")
    assert model.get_layer("resize").output.shape[1:3] == (32, 32)
    x = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1)).astype("float32")
    before = [keras.ops.copy(weight) for weight in model.non_trainable_variables]
    called = model(x)
    for weight, old in zip(model.non_trainable_variables, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    np.testing.assert_allclose(called, model.predict(x, verbose=0), atol=1e-6)
    model(x, training=True)
    assert any(
        (w.numpy() != o.numpy()).any() for w, o in zip(model.non_trainable_variables, before)
    )

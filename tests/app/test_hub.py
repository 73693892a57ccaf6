"""Backbones of KerasHub really run, from directories of `save_to_preset`: `make test-hub`."""

import json
import warnings
from itertools import pairwise

import keras
import numpy as np
import pytest

import kreg
from kreg import private_keras
from kreg.callbacks.finetune import below_the_head, rates_by_depth
from kreg.launch.compose import compose_job
from kreg.models import backbone
from kreg.training import app

keras_hub = pytest.importorskip(
    "keras_hub", reason="needs kreg[hub]: make test-hub", exc_type=ImportError
)
pytestmark = pytest.mark.slow
SCALE = {"scale": [0.02, 0.01, 0.03], "offset": [-1.0, 0.5, 0.0]}


def resnet():
    return keras_hub.models.ResNetBackbone(
        input_conv_filters=[64], input_conv_kernel_sizes=[3], stackwise_num_filters=[64, 8],
        stackwise_num_blocks=[1, 1], stackwise_num_strides=[1, 2], block_type="basic_block",
    ), keras_hub.layers.ResNetImageConverter  # fmt: skip


def vgg():
    return keras_hub.models.VGGBackbone([1, 1], [4, 8]), keras_hub.layers.VGGImageConverter


def vit():
    return keras_hub.models.ViTBackbone(
        image_shape=(16, 16, 3), patch_size=4, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=16
    ), keras_hub.layers.ViTImageConverter


MAKERS = {"resnet": resnet, "vgg": vgg, "vit": vit}


@pytest.fixture(scope="module", params=MAKERS)
def preset(request, tmp_path_factory):
    """A directory, and the network that is in it."""
    keras.utils.set_random_seed(3)
    network, converter = MAKERS[request.param]()
    folder = tmp_path_factory.mktemp(request.param)
    network.save_to_preset(str(folder))
    converter(image_size=(16, 16), **SCALE).save_to_preset(str(folder))
    return folder, network


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "three.npz"
    y = np.arange(90) % 3
    x = np.random.default_rng(0).integers(0, 100, (90, 12, 12, 1)) + 50 * y[:, None, None, None]
    np.savez(path, x=x.astype("uint8"), y=y)
    return ["data=npz", f"data.path={path}"]


def run(words, folder):
    app.run(compose_job([*words, "trainer.verbose=quiet", "logger=none"]), folder)
    return json.loads((folder / "result.json").read_text())


def test_a_network_sees_what_kerashub_shows_it(preset):
    folder, network = preset
    ours = backbone((20, 30, 3), 4, "classification", name=str(folder), weights="preset")
    x = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3))
    x = x.astype("float32")  # whole numbers would be rounded again where KerasHub resizes them
    shown = keras_hub.layers.ImageConverter.from_preset(str(folder))(x)
    seen = network.predict(shown, verbose=0)
    expected = seen.mean(axis=tuple(range(1, seen.ndim - 1)))
    found = keras.Model(ours.input, ours.get_layer("head").input).predict(x, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert ours.name == type(network).__name__


def test_without_the_presets_weights_they_are_random(preset):
    folder, network = preset
    ours = backbone((16, 16, 3), 4, "classification", name=str(folder), weights="none")
    pairs = zip(ours.get_layer("backbone").get_weights(), network.get_weights(), strict=True)
    assert not all(np.array_equal(mine, theirs) for mine, theirs in pairs)


@pytest.mark.parametrize("how", ["full", "head", "gradual", "lora"])
def test_each_way_trains_saves_comes_back_and_predicts(how, preset, data, tmp_path):
    folder, network = preset
    words = ["model=backbone", f"model.name={folder}", "model.weights=preset", *data]
    result = run([*words, f"finetune={how}", "reg=l2sp", "trainer.epochs=3"], tmp_path / "run")
    assert result["status"] == "done" and result["verdict"]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Skipping variable loading")
        best = kreg.load_model(tmp_path / "run/best.keras")
    pairs = zip(best.get_layer("backbone").get_weights(), network.get_weights(), strict=True)
    moved = [not np.array_equal(now, then) for now, then in pairs]
    assert any(moved) == (how != "head")
    x = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 1)).astype("uint8")
    said = kreg.load_run(tmp_path / "run").predict(x).filter(like="probability_").to_numpy()
    np.testing.assert_allclose(said, keras.ops.softmax(best.predict(x, verbose=0)), atol=1e-5)
    again = ["model=backbone", f"model.weights={tmp_path}/run", *data, "trainer.epochs=1"]
    assert run([*again, "diagnostics=off"], tmp_path / "again")["status"] == "done"


def test_a_transformer_learns_slowest_where_its_pictures_enter(tmp_path):
    network, converter = vit()
    network.save_to_preset(str(tmp_path))
    converter(image_size=(16, 16), **SCALE).save_to_preset(str(tmp_path))
    model = backbone((16, 16, 3), 4, "classification", name=str(tmp_path), weights="preset")
    shares = rates_by_depth(below_the_head(model), 0.5, 1e-9)
    parts = ("patch_embedding", "transformer_block_1/", "transformer_block_2/", "encoder/ln/")
    found = [[share for path, share in shares.items() if part in path] for part in parts]
    for below, above in pairwise(found):
        assert below and above and max(below) < min(above)


def test_kerashub_writes_of_some_layers_what_it_cannot_read(tmp_path):
    """When this fails, `kreg.private_keras.mend_configurations` can go."""
    network, _ = vit()
    private_keras.mend_configurations(network)
    (layer,) = (one for one in network.layers if type(one).__name__ == "ViTPatchingAndEmbedding")
    own = type(layer).get_config.__wrapped__
    with pytest.raises(ValueError, match="num_patches"):
        type(layer)(**own(layer))
    assert "use_patch_bias" not in own(layer) and layer.get_config()["use_patch_bias"] is True


def test_a_preset_without_a_scale_gets_bytes_and_says_so(data, tmp_path):
    vgg()[0].save_to_preset(str(tmp_path / "preset"))
    words = ["model=backbone", f"model.name={tmp_path}/preset", "model.weights=preset", *data]
    result = run([*words, "trainer.epochs=1", "diagnostics=off"], tmp_path / "run")
    assert any("as bytes 0..255" in told for told in result["warnings"])


def test_what_sees_no_single_picture_is_refused(tmp_path):
    bert = keras_hub.models.BertBackbone(20, 1, 1, 4, 8)
    bert.save_to_preset(str(tmp_path))
    with pytest.raises(ValueError, match="BertBackbone takes"):
        backbone((8, 8, 3), 2, "binary", name=str(tmp_path), weights="preset")
    with pytest.raises(ValueError, match="BertBackbone reads text"):
        compose_job(["model=backbone", f"model.name={tmp_path}", "model.weights=preset"])


def test_an_unknown_preset_is_a_sentence():
    with pytest.raises(ValueError, match="KerasHub cannot load model.name=./resnet_51_imagenet"):
        backbone((32, 32, 3), 2, "binary", name="./resnet_51_imagenet", weights="preset")

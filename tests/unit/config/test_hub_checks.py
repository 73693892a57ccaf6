"""A preset of KerasHub before Keras starts: what is refused, and what to say instead."""

import importlib.util
import json

import pytest

from kreg.applications import is_preset
from kreg.config import hub_checks
from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job

HERE = importlib.util.find_spec


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "keras_hub" or HERE(name))


@pytest.fixture
def preset(tmp_path):
    """A directory with the two files that decide; `tests/app/test_hub.py` has a real one."""
    described = {
        "registered_name": "keras_hub>VGGBackbone", "class_name": "VGGBackbone", "config": {},
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(described))
    (tmp_path / "model.weights.h5").write_bytes(b"")
    return tmp_path


def words(name, weights="preset"):
    return ["model=backbone", f"model.name={name}", f"model.weights={weights}"]


def test_a_preset_is_named_by_a_path_an_address_or_in_its_own_way(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "VGG16").mkdir()
    monkeypatch.chdir(tmp_path)
    assert all(map(is_preset, ("mine", "mit_b0_ade20k_512", "kaggle://keras/vgg/keras/a")))
    assert not any(map(is_preset, ("VGG16", "vgg16", "MobilNetV2", "Mine")))


def test_without_the_package_a_sentence_names_the_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'kreg\[hub\]'"):
        hub_checks.check_preset("resnet_50_imagenet", "preset")


@pytest.mark.parametrize(
    ("name", "weights", "sentence"),
    [
        ("resnet_50_imagenet", "none", "asks for no download"),
        ("hf://me/mine", "none", "asks for no download"),
        ("resnet_50_imagenet", "imagenet", "Say model.weights=preset"),
        ("no/such/place", "preset", "a directory that is there"),
        ("VGG16", "preset", "Say model.weights=imagenet"),
        ("Mobilenetv2", "none", "Did you mean 'MobileNetV2'"),
    ],
)
def test_what_cannot_be_had_is_refused(name, weights, sentence, installed):
    with pytest.raises(ConfigError, match=sentence):
        compose_job(words(name, weights))


@pytest.mark.parametrize("weights", ["preset", "none"])
def test_a_directory_of_a_preset_is_taken(weights, installed, preset):
    assert compose_job(words(preset, weights)).model.name == str(preset)


def test_a_directory_that_is_no_image_backbone_is_refused(installed, preset):
    (preset / "model.weights.h5").unlink()
    with pytest.raises(ConfigError, match="the directory of the preset has no weights"):
        compose_job(words(preset))
    described = {"registered_name": "keras_hub>BertBackbone", "class_name": "BertBackbone"}
    text = described | {"config": {"vocabulary_size": 3}}
    (preset / "config.json").write_text(json.dumps(text))
    with pytest.raises(ConfigError, match="BertBackbone reads text"):
        compose_job(words(preset))
    for other in ({"registered_name": "mine>Net"}, {"registered_name": 3}, []):
        (preset / "config.json").write_text(json.dumps(other))
        with pytest.raises(ConfigError, match="save_to_preset of KerasHub has written"):
            compose_job(words(preset))


def test_a_network_of_keras_applications_takes_no_words_of_a_preset(installed, preset):
    with pytest.raises(ConfigError, match="model=backbone needs a network"):
        compose_job(["model=backbone", "model.weights=preset"])

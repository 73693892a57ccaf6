"""A part of the user's own is asked whether it takes its call, before anything is built."""

import re
import sys
from pathlib import Path

import pytest

from kreg.config.custom import Custom
from kreg.config.validate import ConfigError
from kreg.factories import components, custom_parts
from kreg.factories.custom_parts import CALLS
from kreg.launch import codes
from kreg.launch.compose import compose_job

GUIDE = Path(__file__).parents[3] / "docs/guide.md"
PARTS = """
import keras

number = 3


def as_it_should(input_shape, outputs, task, dropout=None, rescale=None, width=8): ...
def other_names(shape, classes, kind): ...
def anything(*arguments, **settings): ...
def a_builder(input_shape, outputs, task, *, dropout: "Dial" = 0.0): ...
def two(input_shape, outputs): ...
def four(input_shape, outputs, task, width): ...
def swapped(outputs, input_shape, task): ...
def setting(input_shape, outputs, width=64): ...
def rate(input_shape, outputs, task, dropout=0.2): ...
def typed_rate(input_shape, outputs, task, dropout: "float"): ...
def flag(input_shape, outputs, task, rescale=True): ...
def keyword(*, outputs, task, input_shape): ...


class Network(keras.Model):
    def __init__(self, input_shape, outputs, task, width=8): ...


class Narrow(keras.Model):
    def __init__(self, outputs): ...
"""


@pytest.fixture(autouse=True)
def asked_parts(tmp_path, monkeypatch):
    (tmp_path / "asked_parts.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("asked_parts", None)


def ask(group, kind, **params):
    kind = kind if ":" in kind else f"asked_parts:{kind}"
    custom_parts.ask(group, Custom(kind, params), CALLS[group])


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("as_it_should", {}),
        ("as_it_should", {"width": 3, "dropout": 0.1, "rescale": 1.0}),
        ("other_names", {}),
        ("anything", {"width": 3}),
        ("a_builder", {}),
        ("four", {"width": 3}),
        ("rate", {"dropout": 0.4}),
        ("Network", {"width": 3}),
        ("kreg.models:cnn", {"width": 3}),
    ],
)
def test_a_model_that_takes_its_call_passes(kind, params):
    ask("model", kind, **params)


@pytest.mark.parametrize(
    ("kind", "params", "words"),
    [
        ("keras.applications:MobileNetV2", {"weights": None}, "`outputs` would be read as `alpha`"),
        ("keras.applications:ResNet50", {}, "read as `include_top`"),
        ("keras.applications:VGG16", {}, "Say model=backbone model.name=VGG16."),
        ("two", {}, r"\(input_shape, outputs\)"),
        ("four", {}, "missing a required argument: `width`"),
        ("four", {"widht": 3}, "no parameter `widht`. Did you mean 'width'?"),
        ("swapped", {}, "`input_shape` would be read as `outputs`"),
        ("setting", {}, "`task` would be read as `width`"),
        ("rate", {}, "`dropout` is a number of its own"),
        ("typed_rate", {}, "`dropout` is a number of its own"),
        ("flag", {}, "not a flag"),
        ("keyword", {}, "too many positional arguments"),
        ("as_it_should", {"task": "binary"}, "multiple values for argument `task`"),
        ("Narrow", {}, r"Its parameters are \(outputs\)"),
        ("number", {}, "no class and no function"),
    ],
)
def test_a_model_that_does_not_is_refused_by_its_parameters(kind, params, words):
    with pytest.raises(ConfigError, match=words) as error:
        ask("model", kind, **params)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


@pytest.mark.parametrize(
    ("group", "kind", "params"),
    [
        ("dropout", "keras.layers:Dropout", {}),  # it would read the place as its rate
        ("reg", "kreg:L1", {"l2": 1e-3}),
        ("optimizer", "asked_parts:two", {}),
        ("stop", "asked_parts:two", {}),
        ("diagnostics", "kreg:Diagnostics", {}),
    ],
)
def test_every_group_asks(group, kind, params):
    with pytest.raises(ConfigError, match=rf"{group}\.kind={kind} cannot be called"):
        ask(group, kind, **params)


@pytest.mark.parametrize(
    ("group", "kind", "params"),
    [
        ("reg", "kreg:L1", {"l1": 1e-3}),
        ("reg", "keras.regularizers:L2", {"l2": 1e-3}),
        ("optimizer", "keras.optimizers:SGD", {"learning_rate": 0.1}),
        ("optimizer", "kreg.optimizers:Adam", {"learning_rate": 0.1}),
        ("stop", "kreg:EarlyStopping", {"patience": 3}),
    ],
)
def test_classes_of_libraries_pass_where_they_fit(group, kind, params):
    ask(group, kind, **params)


def test_a_refusal_is_a_mistake_of_the_configuration_and_comes_before_the_data(monkeypatch):
    from kreg.factories import data
    from kreg.training import plan

    monkeypatch.setattr(data, "load", lambda *_: pytest.fail("the data were loaded"))
    job = compose_job(["model=custom", "model.kind=asked_parts:two", "allow=[asked_parts]"])
    with pytest.raises(ConfigError) as error:
        plan.make(job)
    assert codes.of(error.value) == codes.BAD_CONFIGURATION


def test_what_params_set_is_not_offered():
    def part(dropout):
        return dropout

    offered = {"dropout": "offered"}
    sys.modules["asked_parts"] = type(sys)("asked_parts")
    sys.modules["asked_parts"].part = part
    assert components.create_custom(Custom("asked_parts:part", {"dropout": 1}), **offered) == 1
    assert components.create_custom(Custom("asked_parts:part"), **offered) == "offered"


def test_the_guide_says_what_each_part_is_called_with():
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*?) \|", GUIDE.read_text(), re.M))
    for group, call in CALLS.items():
        told = re.findall(r"`(\w+)`", rows[group])
        assert [n for n in told if n in (*call.positional, *call.offered)] == [
            *call.positional,
            *call.offered,
        ]

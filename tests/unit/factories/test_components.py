"""Every group takes a component of the user's own, from the command line's words to a training."""

import json
import sys

import pytest

from kreg.launch.compose import compose_job
from kreg.training import app

PARTS = """
import keras
import numpy as np
from sklearn.datasets import load_digits

import kreg
from kreg import augment, data


def network(input_shape, outputs, task, dropout, width=8):
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs)
    return keras.Model(inputs, keras.layers.Dense(outputs)(keras.layers.Dense(width)(x)))


def penalty(strength):
    return kreg.L1(strength)


def noise(place, rate=0.2):
    return kreg.Dropout(rate)


def stages(factor=0.02):
    return [augment.RandomRotation(factor)]


def rows():
    x, y = load_digits(return_X_y=True)
    return data.Raw("mine", x.reshape(-1, 8, 8, 1)[:600].astype("uint8"), y[:600],
                    "classification", is_image=True)


def optimizer(rate=1e-2):
    return keras.optimizers.SGD(rate, momentum=0.9)


def stopping(patience=1):
    return kreg.EarlyStopping(patience=patience, verbose=0)


"""
SMALL = ["trainer.epochs=1", "trainer.verbose=quiet", "data=digits", "allow=[their_parts]"]
CHOICES = {
    "model": ["model.kind=their_parts:network", "model.params.width=12"],
    "reg": ["reg.kind=their_parts:penalty", "reg.params={strength: 1e-2}"],
    "dropout": ["dropout.kind=their_parts:noise"],
    "augment": ["augment.kind=their_parts:stages", "augment.params.factor=0.05"],
    "data": ["data.kind=their_parts:rows"],
    "optimizer": ["optimizer.kind=their_parts:optimizer"],
    "stop": ["stop.kind=their_parts:stopping"],
}


@pytest.fixture(autouse=True)
def their_parts(tmp_path, monkeypatch):
    (tmp_path / "their_parts.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("their_parts", None)


@pytest.mark.parametrize(
    "group", [g if g == "model" else pytest.param(g, marks=pytest.mark.slow) for g in CHOICES]
)
def test_a_component_of_the_users_own_is_trained_with(group, tmp_path):
    overrides = [word for word in SMALL if not word.startswith(f"{group}=")]
    job = compose_job([f"{group}=custom", *CHOICES[group], *overrides])
    app.run(job, tmp_path / "run")
    result = json.loads((tmp_path / "run/result.json").read_text())
    assert result["status"] == "done"
    if group == "model":
        assert result["params"] == 64 * 12 + 12 + 12 * 10 + 10
    if group == "reg":
        assert result["sparsity"] > 0

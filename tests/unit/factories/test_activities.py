"""`reg.activity`: which layers get the penalty, and what a training with it says and leaves."""

import keras
import numpy as np
import pytest

import kreg
from kreg import models
from kreg.config.validate import ConfigError
from kreg.factories import activities
from kreg.launch.compose import compose_job
from kreg.models.options import KINDS as MODELS
from kreg.regularizers.options import KINDS
from kreg.runs import RunDirectory
from kreg.training import app, shared_steps, stacks

WITH_UNITS = [kind for kind, options in MODELS.items() if options.has_units]
HIDDEN = {
    "shallow": ["hidden_1"],
    "deep": ["hidden_1", "hidden_2"],
    "wide": ["hidden_1", "hidden_2"],
    "cnn": ["conv_1_relu", "conv_2_relu", "hidden"],
}
SMALL = {"depth": 2, "width": 4}


def penalised(model: keras.Model) -> dict[str, kreg.layers.ActivityPenalty]:
    found = {layer.name: layer.activity_regularizer for layer in model.layers}
    return {name: rule for name, rule in found.items() if rule is not None}


def made(kind: str, **settings) -> keras.Model:
    known = {key: value for key, value in SMALL.items() if kind != "shallow" or key == "width"}
    return getattr(models, kind)((8, 8, 1), 3, "classification", **known, **settings)


@pytest.mark.parametrize("kind", WITH_UNITS)
def test_every_hidden_activation_is_penalised_and_the_outputs_are_not(kind):
    model = made(kind)
    activities.penalise(model, KINDS["none"](activity=0.5))
    found = penalised(model)
    assert set(found) == set(HIDDEN.get(kind, found)) and found and "head" not in found
    assert {rule.l1 for rule in found.values()} == {0.5}
    model(np.zeros((2, 8, 8, 1)))
    assert len(model.losses) == len(found)


def test_behind_a_normalisation_it_is_the_activation_that_counts():
    model = made("deep", batch_norm=True, activation="tanh")
    activities.penalise(model, KINDS["l2"](activity=0.5, activity_form="l2"))
    assert set(penalised(model)) == {"hidden_1_tanh", "hidden_2_tanh"}


def test_the_form_and_the_target_are_those_that_were_asked_for():
    model = made("shallow", activation="sigmoid")
    activities.penalise(model, KINDS["l1"](activity=2.0, activity_form="kl", activity_target=0.1))
    rule = penalised(model)["hidden_1"]
    assert rule.get_config() == {"l1": 0.0, "l2": 0.0, "kl": 2.0, "target": 0.1}


def test_without_a_strength_nothing_is_there():
    model = made("shallow")
    activities.penalise(model, KINDS["l1"]())
    assert penalised(model) == {}


def test_a_model_of_ones_own_without_hidden_units_is_refused():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(inputs), name="mine")
    with pytest.raises(ConfigError, match=r"reg.activity=0.5 penalises.*'mine' has no hidden"):
        activities.penalise(model, KINDS["l1"](activity=0.5))


def test_jobs_of_other_strengths_share_no_step_and_are_not_stacked():
    """The strength is compiled into the step: another job must not train with it."""
    words = ["data=wine", "model=shallow", "reg=l1"]
    one, other = (compose_job([*words, f"reg.activity={s}"]) for s in (0.1, 0.2))
    assert shared_steps.structure(one.to_dict()) != shared_steps.structure(other.to_dict())
    assert stacks.obstacle(one).endswith("reg.activity go with its penalty")
    assert stacks.obstacle(compose_job(words)) == ""


def test_a_training_counts_it_among_the_penalties_and_never_in_the_clean_loss(tmp_path):
    words = ["data=wine", "model=shallow", "model.width=8", "reg=none", "reg.activity=0.5",
             "trainer.epochs=1", "trainer.verbose=quiet", "stop=none"]  # fmt: skip
    app.run(compose_job(words), tmp_path)
    result = RunDirectory(tmp_path).result
    model = kreg.load_model(tmp_path / "best.keras")
    ledger = kreg.report(tmp_path).document["ledger"]["last"]["train"]
    assert ledger["penalty"] > 0
    assert ledger["penalty"] == pytest.approx(result["metrics"]["penalty"], rel=1e-4)
    assert ledger["clean"] == pytest.approx(result["metrics"]["clean_loss"], rel=1e-4)
    (layer,) = [r for r in kreg.report(tmp_path).document["layers"] if r["name"] == "hidden_1"]
    assert layer["regularization"] == "ActivityPenalty(0.5) on its output"
    assert set(penalised(model)) == {"hidden_1"}
    plain = keras.models.load_model(tmp_path / "model.keras")
    assert penalised(plain) == {}
    rows = np.random.default_rng(0).normal(size=(5, 13)).astype("float32")
    np.testing.assert_allclose(plain(rows), model(rows), rtol=1e-5)

"""Parameters become the configuration that the command line composes; contradictions, sentences."""

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from kreg.launch.compose import compose_job
from kreg.sklearn import KregClassifier, KregRegressor, settings


def composed(seed=0, estimator=KregClassifier, **parameters):
    return settings.configuration(estimator(**parameters).get_params(), seed)


def test_the_defaults_are_those_of_the_command_line():
    words = ["data=given", "trainer.verbose=quiet"]
    assert composed() == compose_job(words)
    assert composed(estimator=KregRegressor) == compose_job(words)


def test_parameters_are_the_options_of_the_command_line():
    found = composed(
        seed=3,
        model="linear",
        reg="elasticnet",
        l1=1e-3,
        l2=0.5,
        stop="default",
        class_weight="balanced",
        overrides=("optimizer.learning_rate=1e-2",),
        verbose=1,
    )
    words = "data=given model=linear reg=elasticnet reg.l1=1e-3 reg.l2=0.5 stop=default seed=3"
    words += " trainer.class_weight=balanced optimizer.learning_rate=1e-2"
    assert found == compose_job(words.split())


def test_a_model_is_named():
    """`auto` looks at a file, which an estimator has not."""
    with pytest.raises(
        ValueError, match=r"model by its name. Received: model='auto'. 'tabm' suits"
    ):
        composed(model="auto")


def test_values_that_no_word_spells():
    schedule = {"kind": "linear", "start": 0.0, "end": 1e-3, "duration": 500}
    found = composed(reg="l2", l2=schedule, class_weight={"it's, said": 2, 3: 1.0})
    assert found.reg.l2 == schedule
    assert found.trainer.class_weight == {"it's, said": 2, "3": 1.0}


def test_numbers_of_numpy_are_numbers():
    assert composed(l1=np.float32(0.5)).reg.l1 == 0.5


def test_a_configuration_is_nobody_elses():
    composed().model.depth = 99
    assert composed().model.depth != 99


@pytest.mark.parametrize(
    ("reg", "key"), [("l1", "l1"), ("l2", "l2"), ("group", "l1"), ("scad", "l1"), ("l2sp", "l2")]
)
def test_one_strength_for_a_grid_over_penalties(reg, key):
    assert getattr(composed(reg=reg, strength=0.25).reg, key) == 0.25


@pytest.mark.parametrize("reg", ["elasticnet", "sparse_group", "l1"])
def test_a_strength_means_what_it_means_on_the_command_line(reg):
    told = compose_job([f"reg={reg}", "reg.strength=0.25", "data=wine"]).reg
    assert composed(reg=reg, strength=0.25).reg == told
    assert composed(reg=reg, strength=np.float32(0.25)).reg == told


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"reg": "l2", "l1": 1e-3}, r"l1=0\.001 contradicts reg='l2', which has l2\. Leave l1 out"),
        ({"reg": "none", "l2": 1.0}, "contradicts reg='none', which has no strength"),
        ({"reg": "l1", "l1": 1.0, "strength": 2.0}, r"strength=2\.0 and l1=1\.0 both say"),
        ({"reg": "elasticnet", "strength": -1.0}, "strength"),
        ({"reg": "sparse_group", "strength": "strong"}, "strength"),
        ({"reg": "none", "strength": 1.0}, "reg='none' has none. Leave it out"),
        ({"reg": "maxnorm", "strength": 1.0}, "reg='maxnorm' has none. Leave it out"),
        ({"l1": -1.0}, "reg.l1"),
        ({"l1": object()}, "reg.l1"),
        ({"model": "depe"}, "Did you mean 'deep'"),
        ({"model": "deep,wide"}, "model"),
        ({"stop": None}, "stop"),
        ({"class_weight": "balance"}, "class_weight"),
        ({"class_weight": {"a": -1.0}}, "class_weight"),
        ({"overrides": "trainer.epochs=2"}, "overrides"),
        ({"overrides": (3,)}, "overrides"),
        ({"overrides": ("model=linear",)}, "Use the parameter model="),
        ({"overrides": ("reg.l1=1",)}, "Use the parameter l1="),
        ({"overrides": ("seed=1",)}, "random_state="),
        ({"overrides": ("data=digits",)}, r"fit\(X, y\)"),
        ({"overrides": ("hydra.run.dir=x",)}, "log_dir="),
        ({"overrides": ("compress=true",)}, r"kreg\.compress"),
        ({"overrides": ("experiment=cocktail",)}, "command line"),
        ({"overrides": ("trainer.deterministic=true",)}, "nothing undoes it"),
        ({"overrides": ("reg.activity_form=l2",)}, "reg.activity=0 penalises nothing"),
        ({"overrides": ("trainer.epochs=1,2",)}, "GridSearchCV"),
        ({"overrides": ("trainer.epoch=2",)}, "Did you mean 'epochs'"),
        ({"overrides": ("trainer.epochs",)}, "not an override"),
        ({"overrides": ("data.group=x",)}, "has no columns to name"),
    ],
)
def test_a_contradiction_or_a_mistake_is_a_sentence(parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        composed(**parameters)


def test_hydra_may_be_set_up_by_somebody_else(tmp_path):
    (tmp_path / "theirs.yaml").write_text("who: them\n")
    settings._composed.cache_clear()
    with initialize_config_dir(str(tmp_path), version_base=None):
        before = GlobalHydra.instance().hydra
        assert composed(model="linear").model.kind == "linear"
        assert GlobalHydra.instance().hydra is before
        assert compose("theirs").who == "them"
    assert not GlobalHydra.instance().is_initialized()


def test_a_command_line_has_no_such_rows():
    from kreg.launch import commandline, gate

    with pytest.raises(ValueError, match="A command reads a file: data=csv"):
        gate.check_all(commandline.parse(["data=given"]))

"""The table of procedures: every option names one, and gives it arguments that it has."""

import importlib
import inspect

import pytest

from kreg.config import conf_dir, experiment_arguments
from kreg.config.procedures import PROCEDURES
from kreg.config.validate import ConfigError
from kreg.launch import gate
from kreg.launch.compose import compose_job
from kreg.training import app, start

OPTIONS = sorted(path.stem for path in (conf_dir() / "experiment").glob("*.yaml"))


def test_every_procedure_has_an_option():
    assert sorted(PROCEDURES) == OPTIONS


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_gives_its_procedure_arguments_that_it_has(option):
    config = compose_job([f"experiment={option}"])
    assert config.procedure == option
    module = importlib.import_module(PROCEDURES[option].module)
    inspect.signature(module.run).bind("out", **{"config": config} if takes(module) else {},
                                       **config.arguments)  # fmt: skip


def takes(module) -> bool:
    return "config" in inspect.signature(module.run).parameters


# one wrong value for every argument of every option; the procedures' own files try more
WRONG = {
    "cocktail": {"seconds": 0, "trials": 0, "seeds": 0, "sampler": "bayes", "only": "dropout"},
    "diabetes_path": {"count": 1, "ratio": 2, "steps": 0},
    "double_descent": {"rows": "many", "label_noise": 1, "l2": -1, "seeds": 0},
    "feature_selection": {"datasets": ["mouse"], "features": 0, "seeds": 0},
    "gal_ghahramani": {"datasets": "concrete", "epochs": {"boston": 3}, "samples": 0},
    "lasso_path": {"folds": 1, "count": "x", "ratio": 0, "choose": "max"},
    "population": {
        "members": 1, "interval": 0, "quantile": 1, "factor": 0, "resample": 2, "numbers": 3,
    },
    "proben1": {"runs": 1, "linear_runs": "x"},
    "size_path": {"strengths": [0.1, 0], "epochs": "two", "refit_epochs": -1},
    "table_ensemble": {"models": ["lineer"], "steps": 0},
    "zou_hastie_prostate": {},
}  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS)
def test_every_wrong_argument_is_told_before_it_starts(option):
    """Also those that the procedure finds itself: by then TensorFlow has started."""
    arguments = dict(compose_job([f"experiment={option}"]).arguments)
    assert WRONG[option].keys() == arguments.keys()
    experiment_arguments.CHECKS[option](arguments)
    for name, value in WRONG[option].items():
        with pytest.raises(ValueError, match=f"arguments.{name}"):
            experiment_arguments.CHECKS[option](arguments | {name: value})


def test_a_wrong_argument_is_a_mistake_of_the_command_line():
    with pytest.raises(ConfigError, match="arguments.refit_epochs"):
        compose_job(["experiment=size_path", "arguments.refit_epochs=-1"])


def test_a_key_that_a_mapping_of_arguments_lacks_is_told_with_those_that_it_has():
    """Hydra's sentence was: to append to your config use `+arguments.epochs`."""
    with pytest.raises(ConfigError, match="`arguments.epochs` has no key 'boston'. Its keys are"):
        compose_job(["experiment=gal_ghahramani", "arguments.epochs={boston: 3}"])
    known = compose_job(["experiment=gal_ghahramani", "arguments.epochs={power: 3}"])
    assert known.arguments["epochs"] == {"concrete": 4000, "power": 3}


def test_the_names_that_are_checked_are_those_of_the_procedures(tmp_path):
    from kreg.papers import feature_selection_data, gal_ghahramani
    from kreg.sweeps.study import Study

    known = experiment_arguments.PROBLEMS
    assert set(known["feature_selection"]) == set(feature_selection_data.PUBLISHED)
    assert set(known["gal_ghahramani"]) == set(gal_ghahramani.TAU)
    with pytest.raises(ValueError, match="'auto', 'tpe', 'random'"):
        Study({}, tmp_path / "trials.jsonl", 0, "bayes")
    assert experiment_arguments.SAMPLERS == ("auto", "tpe", "random")


@pytest.mark.parametrize("option", [name for name in OPTIONS if PROCEDURES[name].reads])
def test_without_its_data_a_published_table_does_not_start(option, tmp_path, monkeypatch):
    monkeypatch.setattr(start, "prepare", lambda *a: pytest.fail("TensorFlow starts"))
    monkeypatch.delenv("KREG_DATA", raising=False)
    with pytest.raises(ValueError, match="KREG_DATA is not set. Set it to the folder that has"):
        app.run(compose_job([f"experiment={option}"]), tmp_path / "run")
    monkeypatch.setenv("KREG_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="nowhere' is no folder"):
        app.run(compose_job([f"experiment={option}"]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_experiment_that_begins_anew_does_not_say_that_it_goes_on():
    """`kreg: continuing` stood before a size path that had nothing to go on from."""
    own = {name for name in OPTIONS if PROCEDURES[name].resumes}
    assert own == {"cocktail", "population", "table_ensemble"}
    for name in ("train", *own):
        assert gate.going_on("continuing runs/1", name) == "continuing runs/1"
    told = gate.going_on("continuing runs/1", "size_path")
    assert told.endswith("experiment=size_path keeps nothing of an interrupted run and begins anew")

"""On which backend a command trains, and what it refuses there, before Keras is imported."""

import importlib.util
import sys

import pytest

from kreg.config import backends, earlier_defaults
from kreg.launch import launchers, program
from kreg.launch.compose import compose_job
from kreg.runs import RunDirectory, resume


@pytest.fixture
def before_keras(monkeypatch, tmp_path):
    """As in a new process, with settings of its own and every backend installed."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv(backends.VARIABLE, raising=False)
    monkeypatch.setenv(backends.HOME, str(tmp_path))
    find = importlib.util.find_spec
    there = ("jax", "torch")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in there or find(name))
    return monkeypatch


def test_it_is_the_one_that_keras_would_take(before_keras, tmp_path):
    assert compose_job([]).trainer.backend == "tensorflow"
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    assert compose_job([]).trainer.backend == "jax"
    before_keras.setenv("KERAS_BACKEND", "torch")
    assert compose_job([]).trainer.backend == "torch"
    assert compose_job(["trainer.backend=jax"]).trainer.backend == "jax"


def test_where_keras_runs_it_is_that_one(before_keras):
    import keras

    before_keras.setitem(sys.modules, "keras", keras)
    before_keras.setenv("KERAS_BACKEND", "jax")
    assert compose_job([]).trainer.backend == keras.config.backend()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("jaxx", "`KERAS_BACKEND`. Expected one of .*'jaxx'. Did you mean 'jax'"),
        ("openvino", "'tensorflow', 'jax', 'torch'. Received: KERAS_BACKEND='openvino'"),
    ],
)
def test_a_backend_that_kreg_does_not_train_on_is_refused(before_keras, said, sentence):
    before_keras.setenv("KERAS_BACKEND", said)
    with pytest.raises(ValueError, match=sentence):
        compose_job([])


def test_one_that_is_not_installed_is_refused(before_keras):
    before_keras.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="needs the package jax.*kreg.backends"):
        compose_job(["trainer.backend=jax", "logger=none"])


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["experiment=population", "model=shallow"], "experiment=population trains its members"),
        (["experiment=gal_ghahramani"], "experiment=gal_ghahramani trains its splits as one"),
        (["distribute=multiworker", "check=true"], "distribute=multiworker"),
    ],
)
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_what_is_tensorflows_own_is_refused_by_name(before_keras, words, named, backend):
    with pytest.raises(ValueError, match=f"{named} .*backend {backend}.*backend=tensorflow"):
        compose_job([*words, f"trainer.backend={backend}"])


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_only_jax_distributes_a_model_through_keras(before_keras, backend):
    words = ["distribute=data_parallel", f"trainer.backend={backend}"]
    with pytest.raises(ValueError, match=f"data_parallel .* backend {backend}.*=jax.*mirrored"):
        compose_job(words)
    words = ["distribute=data_parallel", "trainer.backend=jax"]
    assert compose_job(words).distribute == "data_parallel"
    tuned = ["model=backbone", "model.name=VGG16", "model.weights=imagenet", "finetune=head"]
    with pytest.raises(ValueError, match="data_parallel was not tried with finetune=head"):
        compose_job([*words, *tuned])
    assert compose_job([*tuned, "trainer.backend=jax"]).finetune.kind == "head"


def test_pytorch_compiles_nothing(before_keras):
    with pytest.raises(ValueError, match="jit_compile=true .*backend torch.*Leave it out"):
        compose_job(["trainer.jit_compile=true", "trainer.backend=torch"])
    assert compose_job(["trainer.jit_compile=true", "trainer.backend=jax"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["trainer.backend=jax,tensorflow"], "Start a sweep for each"),
        (["trainer.backend=jax", "seed=0,1", "hydra/launcher=stacked"], "hydra/launcher=stacked"),
        (["trainer.backend=torch", "seed=0,1", "hydra/launcher=stacked"], "hydra/launcher=stacked"),
    ],
)
def test_a_sweep_has_one_backend_and_a_launcher_that_knows_it(
    before_keras, capsys, tmp_path, words, sentence
):
    before_keras.chdir(tmp_path)
    assert program.main(["-m", *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("launcher", ["joblib", "ray", "submitit_local", "submitit_slurm"])
def test_each_process_of_a_sweep_is_told_its_backend(launcher):
    backends.refuse_sweep({"jax"}, launcher)
    assert launchers.environment(launcher, "jax") == ["++hydra.job.env_set.KERAS_BACKEND=jax"]
    assert not launchers.environment(launcher, "tensorflow")
    assert not launchers.environment("kreg", "jax")


def test_a_run_without_a_record_of_its_backend_was_trained_on_tensorflow(before_keras):
    ours, theirs = (compose_job([f"trainer.backend={name}"]) for name in ("tensorflow", "jax"))
    recorded = ours.to_dict()
    del recorded["trainer"]["backend"]
    for config, differs in ((ours, False), (theirs, True)):
        known = earlier_defaults.current(recorded, config)
        assert (known["trainer"] != config.to_dict()["trainer"]) is differs
    assert earlier_defaults.current({}, ours)["trainer"]["backend"] == "tensorflow"


def test_a_run_of_another_backend_is_passed_over_in_a_sentence(before_keras, tmp_path):
    theirs, ours = (compose_job([f"trainer.backend={name}"]) for name in ("jax", "tensorflow"))
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    with RunDirectory(folder) as place:
        place.write_json("config.json", theirs.to_dict())
    told = []
    found = resume.decide("auto", folder.parent, ours.to_dict(), warn=told.append)
    assert found.action == resume.NEW
    assert "begun with the backend jax" in told[0] and "KERAS_BACKEND=jax" in told[0]
    same = resume.decide("auto", folder.parent, theirs.to_dict(), warn=told.append)
    assert same.action == resume.CONTINUE and len(told) == 1

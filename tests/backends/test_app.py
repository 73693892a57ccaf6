"""`train.py` under JAX and PyTorch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.datasets import load_wine

import kreg
from kreg.callbacks import NonFinite
from kreg.sklearn import KregClassifier
from tests.app import here
from tests.faults.outcome import outcome
from tests.unit.sweeps import slurm

ROOT = Path(__file__).parents[2]
BACKEND = keras.config.backend()
NAME = {"jax": "(JAX)", "torch": "(PyTorch)"}[BACKEND]
SHORT = ["trainer.verbose=quiet", "trainer.epochs=2", "data.train_size=200"]
QUICK = [*SHORT, "logger=none", "diagnostics.probe_training=false", "diagnostics.adapt=false"]
DISTURBED = [
    "model=shallow", "dropout=light", "augment=light", "reg=l1", "stop=patience",
    "stop.patience=40", "optimizer.ema=0.9", "trainer.epochs=6", "data.train_size=200",
    "trainer.verbose=quiet", "trainer.save_every=0", "diagnostics.adapt=false",
]  # fmt: skip


def runs(folder, task="digits"):
    return sorted((folder / "logs" / task / "runs").iterdir())


def trained(folder, *words, task="digits"):
    """The only run in a folder, after a command that ended well."""
    assert here.train(folder, *words) == 0
    (run,) = runs(folder, task)
    return run


def result_of(run):
    return json.loads((run / "result.json").read_text())


def elsewhere(folder, *words, backend="tensorflow"):
    """`kreg ...` in a process of its own, on another backend."""
    command = [sys.executable, "-m", "kreg", *map(str, words)]
    env = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def zeros(run):
    return [array == 0 for array in kreg.load_model(run / "best.keras").get_weights()]


def test_the_readmes_run_is_whole(tmp_path, capfd):
    run = trained(tmp_path, "model=deep", "reg=l1", "trainer.epochs=8")
    result, printed = result_of(run), capfd.readouterr()
    assert result["status"] == "done" and result["backend"] == BACKEND
    assert result["versions"][BACKEND] and result["metrics"]["test_clean_accuracy"] > 0.9
    assert json.loads((run / "config.json").read_text())["trainer"]["backend"] == BACKEND
    report = json.loads((run / "report.json").read_text())
    assert report["provenance"]["backend"] == BACKEND and report["verdict"]["state"]
    assert printed.out.splitlines()[0].endswith(NAME)
    assert not printed.err
    there = {path.name for path in run.iterdir()}
    assert there >= {"state", "tensorboard", "best.keras", "model.keras", "history.csv", "card.md"}
    assert 0 < result["sparsity"] < 1


WHOLE = [
    "model=linear data=diabetes reg=elasticnet",
    "model=shallow data=wine reg=group dropout=light optimizer=sgd",
    "model=cnn reg=l2 augment=light dropout=dropblock",
    "model=resnet dropout=stochastic_depth optimizer=adamw",
    "model=transformer data=breast_cancer optimizer.schedule=cosine optimizer.warmup=0.1",
    "model=tabm data=wine reg=none",
    "model=forest data=wine reg=none",
    "model=deep reg=nuclear trainer.class_weight=balanced",
    "model=deep reg=mcp augment=heavy optimizer.ema=0.9 calibrate=true",
    "model=deep compress=true trainer.precision=mixed_bfloat16",
    "model=deep diagnostics=full reg=l0 trainer.label_smoothing=0.1",
]


@pytest.mark.parametrize("words", WHOLE)
def test_models_penalties_noise_and_augmentation(words, tmp_path):
    task = next((w.removeprefix("data=") for w in words.split() if w[:5] == "data="), "digits")
    quick = [word for word in QUICK if task == "digits" or not word.startswith("data.train")]
    quick = [word for word in quick if "full" not in words or not word.startswith("diagnostics")]
    run = trained(tmp_path, *words.split(), *quick, task=task)
    result = result_of(run)
    assert result["backend"] == BACKEND and result["verdict"]
    assert np.isfinite(result["metrics"]["val_clean_loss"])
    kept = kreg.load_model(run / "best.keras")
    assert kept.count_params() > 0


def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path, monkeypatch):
    whole, disturbed = tmp_path / "whole", tmp_path / "disturbed"
    whole.mkdir(), disturbed.mkdir()
    expected = outcome(trained(whole, *DISTURBED))

    def off(self, batch, logs=None):
        if self._epoch == 3 and batch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(NonFinite, "on_train_batch_end", off)
        assert here.train(disturbed, *DISTURBED) == 130
    keras.utils.set_random_seed(99)  # another process would begin with other numbers
    found = outcome(trained(disturbed, *DISTURBED))
    for part, value in expected.items():
        assert found[part] == value, part


def test_another_backend_does_not_go_on_with_it(tmp_path, monkeypatch):
    def off(self, batch, logs=None):
        if self._epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(NonFinite, "on_train_batch_end", off)
    words = ["model=linear", "reg=none", *SHORT]
    assert here.train(tmp_path, *words) == 130
    (run,) = runs(tmp_path)
    refused = elsewhere(tmp_path, "train", *words, f"resume={run}")
    assert refused.returncode == 2
    assert f"trainer.backend was '{BACKEND}' and is 'tensorflow'" in refused.stderr
    assert "Traceback" not in refused.stderr
    anew = elsewhere(tmp_path, "train", *words)
    assert anew.returncode == 0, anew.stderr
    assert f"begun with the backend {BACKEND}" in anew.stdout + anew.stderr
    first, second = runs(tmp_path)
    assert not (first / "result.json").exists() and result_of(second)["backend"] == "tensorflow"


def test_a_convex_problem_has_the_same_end_and_the_same_zeros_as_on_tensorflow(tmp_path):
    words = ["model=linear", "data=diabetes", "reg=l1", "reg.l1=0.05", "trainer.verbose=quiet"]
    here_folder, there = tmp_path / "here", tmp_path / "there"
    here_folder.mkdir(), there.mkdir()
    run = trained(here_folder, *words, task="diabetes")
    other = elsewhere(there, "train", *words)
    assert other.returncode == 0, other.stderr
    (reference,) = runs(there, "diabetes")
    ours, theirs = result_of(run), result_of(reference)
    assert (ours["backend"], theirs["backend"]) == (BACKEND, "tensorflow")
    for name in ("clean_loss", "val_clean_loss", "test_clean_loss", "penalty"):
        assert ours["metrics"][name] == pytest.approx(theirs["metrics"][name], abs=1e-4), name
    assert 0 < ours["sparsity"] == theirs["sparsity"]
    assert all(map(np.array_equal, zeros(run), zeros(reference)))
    assert ours["verdict"] == theirs["verdict"]


def test_the_model_answers_on_tensorflow_as_here(tmp_path):
    run = trained(tmp_path, "model=deep", "data=wine", "trainer.epochs=20", task="wine")
    rows = tmp_path / "rows.csv"
    names = kreg.load_run(run).kept.features
    values = np.random.default_rng(0).uniform(1, 3, (5, len(names)))
    rows.write_text("\n".join([",".join(names), *(",".join(map(str, row)) for row in values)]))
    said = {
        backend: elsewhere(
            tmp_path, "predict", run, rows, "--out", f"{backend}.csv", backend=backend
        )
        for backend in (BACKEND, "tensorflow")
    }
    for backend, ended in said.items():
        assert ended.returncode == 0, f"{backend}: {ended.stderr}"
    tables = [np.genfromtxt(tmp_path / f"{b}.csv", delimiter=",", skip_header=1) for b in said]
    np.testing.assert_allclose(tables[0][:, 1:], tables[1][:, 1:], atol=1e-5)
    report = elsewhere(tmp_path, "report", run)
    assert report.returncode == 0 and report.stdout, report.stderr
    exported = elsewhere(
        tmp_path, "export", run, "--to", "savedmodel", "--out", "saved", backend=BACKEND
    )
    assert exported.returncode == 0 and (tmp_path / "saved.json").is_file(), exported.stderr


def test_a_sweep_trains_its_jobs_here(tmp_path):
    words = [
        "-m",
        "model=shallow",
        "data=wine",
        "reg=l1",
        "reg.l1=0,0.1",
        *QUICK[:2],
        "logger=none",
    ]
    assert here.train(tmp_path, *words) == 0
    (sweep,) = (tmp_path / "logs" / "wine" / "sweeps").iterdir()
    found = [json.loads(path.read_text()) for path in sorted(sweep.glob("*/result.json"))]
    assert [one["backend"] for one in found] == [BACKEND] * 2
    assert found[0]["sparsity"] < found[1]["sparsity"]  # no strength is left in a compiled step


@pytest.fixture
def cluster():
    """What the environment needs for SLURM: a cluster of this machine, where one can be built."""
    if reason := slurm.reason_why_not():
        pytest.skip(reason)
    with slurm.running() as running:
        yield {"SLURM_CONF": running.environment["SLURM_CONF"]}


@pytest.mark.slow
def test_the_jobs_of_slurm_train_on_the_backend_of_their_sweep(cluster, tmp_path):
    backends_of_a_sweep("submitit_slurm", tmp_path, cluster)


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_the_processes_of_a_sweep_train_on_its_backend(launcher, tmp_path):
    backends_of_a_sweep(launcher, tmp_path)


def backends_of_a_sweep(launcher, tmp_path, more=()):
    """On a node of a cluster nothing but the job itself says which one it is."""
    told_nothing = "import keras, os, sys; del os.environ['KERAS_BACKEND']; "
    code = told_nothing + "from kreg.launch import program; sys.exit(program.main(sys.argv[1:]))"
    words = ["-m", f"hydra/launcher={launcher}", "model=linear", "data=wine", "seed=0,1"]
    words += ["trainer.epochs=2", "trainer.verbose=quiet", "diagnostics=off", "logger=none"]
    env = {
        **os.environ,
        "KERAS_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
        **dict(more),
    }
    command = [sys.executable, "-c", code, *words]
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    (sweep,) = (tmp_path / "logs" / "wine" / "sweeps").iterdir()
    found = [json.loads(path.read_text()) for path in sorted(sweep.glob("*/result.json"))]
    assert [one["backend"] for one in found] == [BACKEND] * 2


def test_the_estimators_train_here():
    x, y = load_wine(return_X_y=True)
    quick = ("trainer.epochs=20", "diagnostics=off")
    found = KregClassifier(model="shallow", overrides=quick, random_state=0, verbose=0)
    assert found.fit(x, y).score(x, y) > 0.8
    assert found.result_["backend"] == BACKEND


def test_rows_come_in_the_order_of_tensorflow():
    """The stream is `tf.data` under every backend: one seed, one order, everywhere."""
    from kreg.data import Split, epoch_stream

    split = Split(np.arange(10.0, dtype="float32")[:, None], np.arange(10, dtype="int32"))
    batches = list(epoch_stream(split, batch_size=10, seed=3, epochs=1).as_numpy_iterator())
    assert sorted(batches[0][1]) == list(range(10)) and list(batches[0][1]) != list(range(10))


def test_a_loss_that_breaks_is_named(tmp_path, capfd):
    words = ["model=deep", "optimizer=sgd", "optimizer.learning_rate=1e18", "reg=none", *SHORT]
    assert here.train(tmp_path, *words) == 1
    assert "not finite" in capfd.readouterr().err

"""Experiments under JAX and PyTorch: published tables, paths, searches, ensembles."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import kreg
from kreg.config.procedures import PROCEDURES
from kreg.launch.compose import compose_job
from kreg.papers import double_descent, feature_selection, zou_hastie_prostate
from tests.app import here

ROOT = Path(__file__).parents[2]
BACKEND = keras.config.backend()
DATA = os.environ.get("KREG_DATA")
QUIET = "trainer.verbose=quiet"


def ended(folder, name, *words, task):
    """The directory of an experiment that ended well, and its result."""
    assert here.train(folder, f"experiment={name}", *words) == 0
    (run,) = (folder / "logs" / task / "runs").iterdir()
    return run, json.loads((run / "result.json").read_text())


def test_every_experiment_is_there_but_those_of_one_stack():
    refused = {name for name, one in PROCEDURES.items() if one.stack}
    assert refused == {"population", "gal_ghahramani"}
    for name in PROCEDURES:
        words = ["model=shallow"] if name == "population" else []
        if name in refused:
            with pytest.raises(ValueError, match=f"experiment={name} trains .* as one stack"):
                compose_job([f"experiment={name}", *words])
        else:
            assert compose_job([f"experiment={name}"]).trainer.backend == BACKEND


def test_the_cross_validated_lasso_is_that_of_tensorflow(tmp_path):
    words = ["data=diabetes", "arguments.count=20"]
    _, result = ended(tmp_path, "lasso_path", *words, task="diabetes")
    there = tmp_path / "there"
    there.mkdir()
    env = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "kreg", "train", "experiment=lasso_path", *words]
    other = subprocess.run(command, cwd=there, env=env, capture_output=True, text=True)
    assert other.returncode == 0, other.stderr
    (reference,) = (there / "logs" / "diabetes" / "runs").iterdir()
    assert result == json.loads((reference / "result.json").read_text())


def test_the_lasso_path_of_diabetes_has_the_supports_of_scikit_learn(tmp_path):
    words = ["arguments.count=4", "arguments.steps=600", "arguments.ratio=0.1"]
    run, result = ended(tmp_path, "diabetes_path", *words, task="diabetes_path")
    assert result["same_support"] == result["strengths"] == 4
    assert result["largest_difference"] < 1e-3
    assert (run / "path.png").is_file()


@pytest.mark.skipif(not DATA, reason="KREG_DATA is not set")
def test_the_ridge_of_the_prostate_table_is_as_published():
    data = zou_hastie_prostate.load(Path(DATA) / zou_hastie_prostate.FILE)
    assert zou_hastie_prostate.row("ridge", data)["reproduced"]


def test_wide_networks_memorise_and_narrow_ones_do_not(tmp_path):
    result = double_descent.run(tmp_path, widths=[2, 128], rows=60, steps=150)
    by = {(row["width"], row["l2"]): row for row in result["rows"]}
    assert by[128, 0.0]["train_error"] == 0 < by[2, 0.0]["train_error"]
    assert by[128, 0.003]["test_loss"] < by[128, 0.0]["test_loss"]


@pytest.mark.slow
def test_the_features_that_matter_are_chosen(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    x = rng.normal(size=(300, 20))
    x[:, :4] += 2.5 * rng.normal(size=(3, 4))[y]
    folder = tmp_path / "mice_protein"
    folder.mkdir()
    np.savez(folder / "data.npz", X=x, y=y + 1)
    result = feature_selection.run(
        tmp_path, datasets=["mice"], data_dir=tmp_path, features=4, steps=1000, path_steps=20,
        selectors=["kreg.select_features"],
    )  # fmt: skip
    ours = result["rows"][0]
    assert ours["features"] <= 4 and ours["accuracy"] > 85, "chance is a third"


def test_the_size_path_shrinks_the_network(tmp_path):
    words = ["data=wine", "model=shallow", "model.width=8", QUIET, "arguments.epochs=20"]
    words += ["trainer.batch_size=16", "optimizer.learning_rate=0.02", "arguments.refit_epochs=2"]
    words += ["+arguments.strengths=[5e-2,1e-4]"]
    run, result = ended(tmp_path, "size_path", *words, task="wine")
    strong, weak = result["points"]
    assert strong["parameters"] < weak["parameters"] <= result["dense_parameters"]
    knee = keras.models.load_model(run / "knee.keras")
    assert knee.count_params() == result["points"][result["knee"]]["parameters"]


@pytest.mark.slow
def test_the_mean_of_models_is_no_worse_than_any_and_a_run(tmp_path):
    words = ["data=wine", "arguments.models=[deep,forest]", QUIET]
    run, result = ended(tmp_path, "table_ensemble", *words, task="wine")
    alone = [one["metrics"]["val_clean_loss"] for one in result["models"].values()]
    assert result["metrics"]["val_clean_loss"] <= min(alone) + 1e-6
    assert sum(result["weights"].values()) == pytest.approx(1)
    configs = [json.loads(path.read_text()) for path in run.glob("models/*/config.json")]
    assert [one["trainer"]["backend"] for one in configs] == [BACKEND] * 2
    assert kreg.load_model(run / "best.keras", compile=False).count_params() == result["params"]


@pytest.mark.slow
def test_a_search_over_mixtures_tries_them_one_by_one(tmp_path, capfd):
    words = ["data=wine", "model=deep", "trainer.epochs=2", QUIET, "arguments.seconds=3600"]
    words += ["arguments.trials=2", "arguments.seeds=1", "arguments.only=[dropout]"]
    run, result = ended(tmp_path, "cocktail", *words, task="wine")
    assert result["trials"] == 2 and np.isfinite(result["objective"])
    told = capfd.readouterr()
    assert "as one model" not in told.out and not told.err
    options = ["--config-dir", str(run), "experiment=cocktail_best", "trainer.epochs=1", QUIET]
    assert here.train(tmp_path, *options) == 0

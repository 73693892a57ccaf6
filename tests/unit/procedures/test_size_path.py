"""The experiment on size: a very small path, its files and its sentences."""

import json

import keras
import pytest

from kreg.launch.compose import compose_job
from kreg.procedures import size_path

SMALL = ["data=wine", "model=shallow", "model.width=8", "trainer.verbose=quiet"]


def test_a_small_path_writes_its_points_its_figure_and_the_model_at_the_knee(tmp_path, capsys):
    config = compose_job(["experiment=size_path", *SMALL])
    result = size_path.run(
        tmp_path, config=config, strengths=[3e-2, 1e-4], epochs=3, refit_epochs=1, latency=False
    )
    assert {p["strength"] for p in result["points"]} == {3e-2, 1e-4}
    assert result["objective"] == result["points"][result["knee"]]["loss"]
    assert json.loads((tmp_path / "size_path.json").read_text()) == result
    assert (tmp_path / "size_path.svg").read_text().startswith("<?xml")
    knee = keras.models.load_model(tmp_path / "knee.keras")
    assert knee.count_params() == result["points"][result["knee"]]["parameters"]
    told = capsys.readouterr().out
    assert f"{tmp_path / 'knee.keras'}" in told and f"{tmp_path / 'size_path.svg'}" in told


def test_the_penalty_of_the_configuration_is_not_the_path():
    config = compose_job(["experiment=size_path", *SMALL])
    assert config.reg.kind == "l1"  # the default of every training
    training = size_path.prepared(config, epochs=2)
    assert not training.model.losses
    rate = training.model.optimizer.get_config()["learning_rate"]
    assert rate["config"]["course"]["config"]["decay_steps"] == 2 * training.steps


def test_no_epochs_is_a_sentence(tmp_path):
    config = compose_job(["experiment=size_path", *SMALL])
    with pytest.raises(ValueError, match="`epochs`"):
        size_path.run(tmp_path, config=config, epochs=0)


def test_no_rule_of_the_model_speaks_for_a_path():
    """`model=linear` was answered with a sentence on `stop=gap`, which nobody had typed."""
    config = compose_job(["experiment=size_path", "data=wine", "model=linear"])
    assert size_path.prepared(config, 1).budget.epochs == 1

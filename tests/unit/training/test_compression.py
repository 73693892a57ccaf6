"""`compress=true`: what training has zeroed is removed, and the saved file is plain Keras."""

import json
from types import SimpleNamespace

import keras
import pytest

from kreg.launch.compose import compose_job
from kreg.training import app, compression

SMALL = ["data.train_size=800", "trainer.epochs=3", "trainer.verbose=quiet", "diagnostics=off",
         "model.width=16", "model.depth=2", "compress=true", "compress.refit_epochs=1"]  # fmt: skip


def test_what_training_zeroed_is_removed(tmp_path):
    words = ["reg=group", "reg.l1=1e-2", "optimizer.learning_rate=0.03"]
    app.run(compose_job([*SMALL, *words]), tmp_path)
    found = json.loads((tmp_path / "result.json").read_text())["compressed"]
    model = keras.models.load_model(tmp_path / "compressed.keras")
    assert model.count_params() == found["after"]["parameters"]
    assert found["ratio"] < 1
    assert "test_clean_accuracy" in found["metrics"]


def test_where_nothing_is_zero_nothing_is_removed_and_the_report_shows_both_models(tmp_path):
    watched = [key for key in SMALL if key != "diagnostics=off"]
    app.run(compose_job([*watched, "reg=none"]), tmp_path)
    result = json.loads((tmp_path / "result.json").read_text())
    found = json.loads((tmp_path / "report.json").read_text())["compressed"]
    model = keras.models.load_model(tmp_path / "compressed.keras")
    assert result["compressed"]["ratio"] == 1 and model.count_params() == result["params"]
    before = result["metrics"]["test_clean_accuracy"]
    after = result["compressed"]["metrics"]["test_clean_accuracy"]
    assert found["metrics"]["test_clean_accuracy"] == [before, after]
    assert found["parameters"] == [result["params"]] * 2 and found["refit_epochs"] == 1
    assert 'id="compressed"' in (tmp_path / "report.html").read_text()


def test_the_refit_ends_calmly_after_a_training_with_a_constant_rate():
    config = compose_job(["optimizer.schedule=constant"])
    made = compression.fresh_optimizer(SimpleNamespace(steps=10), config, 2)
    rates = []
    for step in (0, 10, 20):
        made.iterations.assign(step)
        rates.append(float(made.learning_rate))
    assert rates == pytest.approx([2e-3, 1e-3, 0.0], abs=1e-9)

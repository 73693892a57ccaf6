"""RealMLP's rate: one for classes, another for a regression; the run says which it had."""

import json

import pytest

from kreg.launch.compose import compose_job
from kreg.training import app, plan


@pytest.mark.parametrize(
    ("recipe", "data", "rate"),
    [("realmlp", "diabetes", 0.07), ("realmlp", "wine", 0.04), ("realmlp_full", "diabetes", 0.2)],
)
def test_the_optimizer_has_the_rate_of_the_task(recipe, data, rate):
    made = plan.make(compose_job([f"recipe={recipe}", f"data={data}", "model.width=4"]))
    assert made.model.optimizer.scaled_rate.height == rate


@pytest.mark.slow  # trains
def test_the_record_has_the_number_and_the_same_command_is_finished(tmp_path):
    words = ["recipe=realmlp", "data=diabetes", "model.width=4", "trainer.epochs=2", "logger=none"]
    first = app.run(compose_job(words), tmp_path)
    recorded = json.loads((tmp_path / "config.json").read_text())
    assert recorded["optimizer"]["learning_rate"] == 0.07
    ended = (tmp_path / "result.json").stat().st_mtime_ns
    assert app.run(compose_job(words), tmp_path) == first
    assert (tmp_path / "result.json").stat().st_mtime_ns == ended

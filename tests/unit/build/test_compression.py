"""`compress=true`: what training has zeroed is removed, and the saved file is plain Keras."""

import json

import keras
import pytest

from kreg import app
from kreg.launch.compose import compose_job

SMALL = ["data.train_size=800", "trainer.epochs=3", "trainer.verbose=quiet", "diagnostics=off",
         "model.width=16", "model.depth=2", "compress=true", "compress.refit_epochs=1"]  # fmt: skip


@pytest.mark.parametrize(
    "overrides", [["reg=group", "reg.l1=1e-2", "optimizer.learning_rate=0.03"], ["reg=none"]]
)
def test_what_training_zeroed_is_removed(overrides, tmp_path):
    app.run(compose_job([*SMALL, *overrides]), tmp_path)
    found = json.loads((tmp_path / "result.json").read_text())["compressed"]
    model = keras.models.load_model(tmp_path / "compressed.keras")
    assert model.count_params() == found["after"]["parameters"]
    assert (found["ratio"] < 1) == ("reg=group" in overrides)
    assert "test_clean_accuracy" in found["metrics"]

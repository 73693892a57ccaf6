"""`compress=true`: with a group penalty down to the wanted share, with others as trained."""

import json

import keras
import pytest

from kreg import app
from kreg.launch.compose import compose_job

SMALL = ["data.train_size=800", "trainer.epochs=2", "trainer.verbose=quiet", "diagnostics=off",
         "model.width=16", "model.depth=2", "compress=true", "compress.refit_epochs=1"]  # fmt: skip


def result_of(tmp_path, *overrides):
    app.run(compose_job([*SMALL, *overrides]), tmp_path)
    return json.loads((tmp_path / "result.json").read_text())["compressed"]


def test_a_group_penalty_grows_until_the_wanted_share_is_left(tmp_path):
    found = result_of(tmp_path, "reg=group", "compress.keep=0.7", "compress.thin_epochs=12")
    assert found["ratio"] <= 0.7
    shares = [share for _, share in found["path"]]
    assert shares[-1] <= 0.7 < shares[0]
    model = keras.models.load_model(tmp_path / "compressed.keras")
    assert model.count_params() == found["after"]["parameters"]
    assert "test_clean_accuracy" in found["metrics"]


@pytest.mark.parametrize("overrides", [["reg=l1"], ["reg=group", "compress.keep=null"]])
def test_otherwise_only_what_training_zeroed_is_removed(overrides, tmp_path):
    assert result_of(tmp_path, *overrides)["path"] == []

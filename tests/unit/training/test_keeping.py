"""What a run leaves for new rows: two models of the same outputs, and how sure they are."""

import json
import subprocess
import sys

import numpy as np
import pytest

import kreg
from kreg.foreign import json_text
from kreg.launch.compose import compose_job
from kreg.runs.schema import Calibration, Preparation
from kreg.training import app, keeping, plan

QUIET = ["trainer.verbose=quiet", "logger=none", "trainer.epochs=2"]
BINARY = ["data=breast_cancer", "model=shallow", "reg=l1", "dropout=light"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    app.run(compose_job([*BINARY, *QUIET, "trainer.operating_point=f1"]), folder)
    return folder


def test_the_records_are_of_their_schemas(run):
    json_text.read(run / "data.json", Preparation)
    found = json_text.read(run / "calibration.json", Calibration)
    assert found["operating_point"]["positive"] == "benign"
    assert (
        found["operating_point"] == json.loads((run / "result.json").read_text())["operating_point"]
    )
    scores = found["conformal"]["scores"][0]
    assert scores == sorted(scores) and len(scores) == found["conformal"]["rows"] == 85


def test_the_stripped_model_has_the_outputs_of_the_trained_one_and_nothing_of_kreg(run):
    import keras

    x = np.random.default_rng(0).normal(size=(20, 30)).astype("float32")
    plain, best = (keras.models.load_model(run / f) for f in ("model.keras", "best.keras"))
    np.testing.assert_allclose(plain(x), best(x), rtol=1e-6, atol=1e-6)
    assert best.optimizer is not None and kreg.surgery.attached(best)
    assert not getattr(plain, "optimizer", None) and not plain.losses


@pytest.mark.slow
def test_the_stripped_model_opens_where_kreg_is_not_installed(run):
    code = (
        "import sys; sys.modules['kreg'] = None\n"
        "import keras; print(keras.models.load_model(sys.argv[1]).count_params())"
    )
    command = [sys.executable, "-c", code, str(run / "model.keras")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=run)
    assert done.returncode == 0, done.stderr


def test_the_calibration_is_of_the_weights_that_were_saved(run):
    """The test rows of the run, through the model that the file holds."""
    training = plan.make(compose_job([*BINARY, *QUIET]))
    best = kreg.load_model(run / "best.keras", compile=False)
    again = keeping.calibration(training, best, "f1")
    kept = json.loads((run / "calibration.json").read_text())
    np.testing.assert_allclose(again["conformal"]["scores"], kept["conformal"]["scores"], atol=1e-6)


def test_where_plain_keras_has_no_counterpart_a_sentence_says_so(tmp_path):
    small = ["model.depth=1", "model.width=4", "model.heads=1", "trainer.epochs=1"]
    command = ["data=wine", "model=transformer", *QUIET, *small]
    app.run(compose_job(command), tmp_path)
    assert not (tmp_path / "model.keras").exists() and (tmp_path / "best.keras").exists()
    told = json.loads((tmp_path / "result.json").read_text())["plain_model"]
    assert told.startswith("not written. The model") and "kreg.load_model" in told


def test_a_threshold_needs_two_classes():
    with pytest.raises(ValueError, match="chooses between two classes"):
        plan.make(compose_job(["data=wine", "model=linear", "trainer.operating_point=0.9"]))


def test_an_evaluation_that_fails_costs_itself_and_a_sentence(monkeypatch):
    def broken(said, point):
        raise ZeroDivisionError("no rows")

    result: dict = {"warnings": []}
    assert keeping.evaluation_of("rows", None, result) is None
    monkeypatch.setattr(keeping.evaluation, "of", broken)
    assert keeping.evaluation_of("rows", None, result) is None
    assert result["warnings"][1].startswith("The scores row by row are missing: ZeroDivisionError")

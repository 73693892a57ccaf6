"""`kreg report RUN --baseline OTHER`, with what real trainings write."""

import json

import numpy as np
import pytest
from scripted import FALLING, VALLEY, csv_text, run

import kreg
from kreg.diagnostics import document
from kreg.pages import commands, watching, write_all


@pytest.fixture(scope="module")
def histories():
    """A linear regression that is trained well, and one that is trained badly."""
    import keras

    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3)).astype("float32")
    y = x.sum(axis=1) + 0.1 * rng.normal(size=80).astype("float32")

    def trained(rate: float) -> object:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(rate), "mse")
        return kreg.fit(model, x, y, validation_split=0.5, epochs=9, verbose=0)

    return trained(0.1), trained(0.001)


def test_two_trainings_on_the_same_rows_are_paired(histories):
    good, bad = histories
    found = kreg.report(good, baseline=bad)
    against = found.document["against"]
    assert (against["test"], against["rows"]) == ("paired", 40)
    loss = against["numbers"][0]
    assert loss["name"] == "val_clean_loss" and loss["better"] == "here" and loss["sure"] > 0.99
    assert 'id="against"' in found.html() and "This run is better" in str(found)
    assert kreg.report(good).document["against"] is None


def test_what_a_regression_cannot_have_is_said(histories):
    found = kreg.report(histories[0])
    told = {one["check"]: one["reason"] for one in found.document["unchecked"]}
    assert "classifier" in told["Calibration"]
    assert "Better than guessing" not in told
    assert 'id="unchecked"' in found.html() and "classifier" in found.html()


def test_the_command_keeps_it_in_the_page_and_in_the_document(tmp_path, capsys):
    one, other = run(FALLING, VALLEY - 0.1), run(FALLING, VALLEY, name="before")
    for name, record in (("one", one), ("other", other)):
        (tmp_path / name).mkdir()
        write_all(document(record), tmp_path / name, names=["report.json"], record=record)
    assert commands.report(tmp_path / "one", baseline=tmp_path / "other") == 0
    assert "Beside before" in capsys.readouterr().out
    found = json.loads((tmp_path / "one" / "report.json").read_text())["against"]
    assert found["numbers"][0]["difference"] == pytest.approx(-0.1)
    assert "Beside before" in (tmp_path / "one" / "report.md").read_text()
    told = kreg.report(tmp_path / "one" / "report.json")  # a file is shown as it was written
    assert told.document["against"]["name"] == "before"
    assert commands.report(tmp_path / "one") == 0  # of the run alone, as nobody asks for more
    assert "Beside" not in capsys.readouterr().out
    for name in ("report.json", "report.md", "report.html"):
        assert "Beside before" not in (tmp_path / "one" / name).read_text()
    assert json.loads((tmp_path / "one" / "report.json").read_text())["against"] is None


def test_a_baseline_that_is_not_there_is_a_sentence(tmp_path, capsys):
    (tmp_path / "history.csv").write_text(csv_text())
    assert commands.report(tmp_path / "history.csv", baseline=tmp_path / "nowhere") == 2
    assert "nowhere does not exist" in capsys.readouterr().err


def test_a_baseline_of_the_same_name_is_called_by_its_path(tmp_path, capsys):
    for name in ("one", "other"):
        (tmp_path / name / "version_0").mkdir(parents=True)
        (tmp_path / name / "version_0" / "history.csv").write_text(csv_text())
    runs = [tmp_path / name / "version_0" for name in ("one", "other")]
    assert commands.report(runs[0], baseline=runs[1]) == 0
    found = json.loads((runs[0] / "report.json").read_text())
    assert found["name"] == "version_0" and found["against"]["name"] == str(runs[1])


def test_a_wrong_baseline_is_told_before_the_watch(tmp_path, monkeypatch, capsys):
    (tmp_path / "history.csv").write_text(csv_text())
    monkeypatch.setattr(watching, "until_the_end", lambda path: pytest.fail("it watches"))
    assert commands.report(tmp_path, watch=True, baseline=tmp_path / "nowhere") == 2
    assert "nowhere does not exist" in capsys.readouterr().err

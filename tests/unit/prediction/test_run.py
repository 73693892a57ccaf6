"""A run answers as its own model does by hand, in the words and units of the data."""

import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import special

import kreg
from tests.unit.prediction.conftest import homes, people, pictures

SPREAD = ["entropy", "mutual_information"]


def by_hand(run, frame: pd.DataFrame) -> np.ndarray:
    """Outputs of `model.keras`, fed with what `data.json` describes, without any code of kreg."""
    fitted, columns = json.loads((run / "data.json").read_text())["preprocessing"], []
    for c in fitted["numeric"]:
        values = frame[c["name"]].astype(float)
        columns.append((values.fillna(c["median"]) - c["mean"]) / c["scale"])
    columns += [frame[c["name"]].isna() for c in fitted["numeric"] if c["indicator"]]
    for c in fitted["categorical"]:
        words = frame[c["name"]].fillna("missing")
        columns += [words == level for level in c["levels"]]
    x = np.column_stack(columns).astype("float32")
    return keras.ops.convert_to_numpy(keras.models.load_model(run / "model.keras")(x))


def test_classes_by_their_names_with_probabilities(people_run):
    frame = people(50, 2)
    found = kreg.load_run(people_run).predict(frame)
    # as the file was read in training: zip codes were numbers, and became categories
    chance = special.expit(
        by_hand(people_run, frame.assign(zip=frame["zip"].astype(int).astype(str)))
    )
    np.testing.assert_allclose(found["probability_yes"], chance[:, 0], atol=1e-6)
    np.testing.assert_allclose(found["probability_no"], 1 - chance[:, 0], atol=1e-6)
    point = json.loads((people_run / "calibration.json").read_text())["operating_point"]
    assert point["recall"] >= 0.8 and point["threshold"] != 0.5
    said = np.where(chance[:, 0] >= point["threshold"], "yes", "no")
    assert found["prediction"].tolist() == said.tolist() and not found["reason"].any()


def test_another_threshold_may_be_asked_for(people_run):
    run, frame = kreg.load_run(people_run), people(50, 2)
    assert set(run.predict(frame, threshold=0.0)["prediction"]) == {"yes"}
    with pytest.raises(ValueError, match="threshold"):
        run.predict(frame, threshold=1.5)


def test_numbers_in_the_units_of_the_target(homes_run):
    frame = homes(50, 2)
    facts = json.loads((homes_run / "data.json").read_text())["target"]
    wanted = by_hand(homes_run, frame)[:, 0] * facts["scale"][0] + facts["mean"][0]
    found = kreg.load_run(homes_run).predict(frame)
    np.testing.assert_allclose(found["prediction"], wanted, rtol=1e-6)
    assert 100_000 < found["prediction"].mean() < 400_000


def test_a_copied_run_needs_neither_its_place_nor_its_data(people_run, tmp_path, monkeypatch):
    before = kreg.load_run(people_run).predict(people(20, 3))
    shutil.copytree(people_run, tmp_path / "copy")
    monkeypatch.chdir(tmp_path)
    run = kreg.load_run("copy")
    pd.testing.assert_frame_equal(run.predict(people(20, 3)), before)
    assert run.features == ["age", "owner", "job", "zip"] and run.classes == ["no", "yes"]
    assert run.report.document["verdict"] and run.task == "binary"
    assert run.preprocessing.names[:2] == ["age", "owner"] and run.model.count_params() > 0


@pytest.mark.parametrize("uncertainty", [None, "conformal"])
def test_blocks_change_nothing(people_run, uncertainty):
    run, frame = kreg.load_run(people_run), people(50, 2).set_index("who").iloc[::-1]
    whole = run.predict(frame, uncertainty=uncertainty)
    parts = run.predict(frame, uncertainty=uncertainty, batch_size=7)
    pd.testing.assert_frame_equal(whole, parts)
    assert whole.index.tolist() == frame.index.tolist()


def test_what_a_block_looks_like_decides_nothing(people_run, tmp_path):
    """Alone, a zip code is a number, a truth with a gap is a word, and an age may be whole."""
    frame = people(40, 4)
    frame.loc[[3, 4], "age"] = 40.0
    frame["owner"] = frame["owner"].astype(object).where(np.arange(40) % 5 != 0)
    frame.to_csv(tmp_path / "new.csv", index=False)
    run = kreg.load_run(people_run)
    together = run.predict(tmp_path / "new.csv")
    alone = run.predict(tmp_path / "new.csv", batch_size=1)
    pd.testing.assert_frame_equal(together, alone)
    pd.testing.assert_frame_equal(together, run.predict(frame))


def test_scores_on_the_test_rows_are_those_of_the_run(people_run, homes_run, ground):
    for run, name, pairs in (
        (homes_run, "homes", {"rmse": "rmse", "mae": "mae"}),
        (people_run, "people", {"loss": "loss"}),
    ):
        known = json.loads((run / "result.json").read_text())["metrics"]
        found = kreg.load_run(run).evaluate(ground / f"{name}_test.csv")
        assert found.rows == found.total == 120
        for ours, theirs in pairs.items():
            assert found[ours] == pytest.approx(known[f"test_clean_{theirs}"], rel=1e-4)
            (score,) = (score for score in found.scores if score.name == ours)
            assert score.low < score.value < score.high


def test_scores_of_classes_are_scikit_learns(people_run, ground):
    from sklearn import metrics

    run, frame = kreg.load_run(people_run), pd.read_csv(ground / "people_test.csv")
    said, truth = run.predict(frame), frame["left"]
    found = run.evaluate(frame)
    assert found["accuracy"] == metrics.accuracy_score(truth, said["prediction"])
    for name in ("precision", "recall", "f1"):
        score = getattr(metrics, f"{name}_score")(truth, said["prediction"], pos_label="yes")
        assert found[name] == pytest.approx(score)
    area = metrics.roc_auc_score(truth == "yes", said["probability_yes"])
    assert found["roc_auc"] == pytest.approx(area)


def test_rows_of_unknown_truth_are_told_and_count_as_they_must(people_run):
    frame = people(40, 5)
    frame.loc[:1, "left"], frame.loc[5, "left"] = None, "perhaps"
    found = kreg.load_run(people_run).evaluate(frame)
    assert (found.rows, found.total) == (38, 40)
    known = frame.drop(index=[0, 1, 5])
    assert found["loss"] == pytest.approx(kreg.load_run(people_run).evaluate(known)["loss"])
    right = kreg.load_run(people_run).evaluate(known)["accuracy"] * 37
    assert found["accuracy"] == pytest.approx(right / 38)


def test_intervals_and_sets_are_those_of_the_calibration(homes_run, people_run):
    known = json.loads((homes_run / "calibration.json").read_text())["conformal"]
    assert (known["split"], known["rows"]) == ("test", 120)
    found = kreg.load_run(homes_run).predict(homes(20, 6), uncertainty="conformal", level=0.9)
    half = known["scores"][0][int(np.ceil(0.9 * 121)) - 1]
    np.testing.assert_allclose(found["upper"] - found["prediction"], half)
    np.testing.assert_allclose(found["prediction"] - found["lower"], half)
    sets = kreg.load_run(people_run).predict(people(50, 6), uncertainty="conformal", level=0.95)
    assert set(sets["set"]) <= {"no", "yes", "no|yes"} and (sets["set"] == "no|yes").any()


def test_dropout_says_how_much_noisy_passes_differ(people_run, homes_run):
    run, frame = kreg.load_run(people_run), people(20, 6)
    found = run.predict(frame, uncertainty="dropout")
    assert (found[SPREAD] >= 0).all(axis=None) and (found["mutual_information"] > 0).any()
    pd.testing.assert_frame_equal(
        found, kreg.load_run(people_run).predict(frame, uncertainty="dropout")
    )
    with pytest.raises(ValueError, match="no noise layer with a rate above 0"):
        kreg.load_run(homes_run).predict(homes(5, 0), uncertainty="dropout")


def test_pictures_of_files_and_of_arrays_are_the_same(pictures_run, tmp_path):
    from PIL import Image

    pictures(tmp_path / "new", 5, 1)
    run = kreg.load_run(pictures_run)
    found = run.predict(tmp_path / "new")
    assert (found["prediction"] == ["cat"] * 5 + ["dog"] * 5).all()
    files = sorted((tmp_path / "new").rglob("*.png"))
    x = np.stack([np.asarray(Image.open(file)) for file in files])
    pd.testing.assert_frame_equal(run.predict(x), found)
    assert run.evaluate(tmp_path / "new")["accuracy"] == 1
    assert run.evaluate((x, ["cat"] * 5 + ["dog"] * 5))["accuracy"] == 1


def test_arrays_must_be_what_the_model_was_trained_on(pictures_run, homes_run):
    run = kreg.load_run(pictures_run)
    with pytest.raises(ValueError, match=r"shape \(2, 9, 9, 3\).*shape \(rows, 8, 8, 3\)"):
        run.predict(np.zeros((2, 9, 9, 3), "uint8"))
    with pytest.raises(ValueError, match="holds float64; the model was trained on whole numbers"):
        run.predict(np.zeros((2, 8, 8, 3)))
    with pytest.raises(ValueError, match="beyond 0 to 255"):
        run.predict(np.full((2, 8, 8, 3), 300))
    with pytest.raises(ValueError, match="reads no named columns"):
        run.predict(homes(3, 0))
    with pytest.raises(ValueError, match="lacks the columns 'size', 'age'"):
        kreg.load_run(homes_run).predict(people(3, 0)[["who"]])


def test_rows_that_cannot_be_read_keep_their_place(people_run, homes_run):
    frame = people(6, 7).astype({"owner": object})
    frame.loc[2, ["age", "job", "zip", "owner"]] = None
    found = kreg.load_run(people_run).predict(frame)
    assert found["reason"].tolist() == ["", "", "all values are missing", "", "", ""]
    assert found["prediction"].isna().tolist() == [False, False, True, False, False, False]
    same = kreg.load_run(people_run).predict(frame.drop(index=2))
    pd.testing.assert_frame_equal(found.drop(index=2), same)
    everything = pd.DataFrame({"size": [None, None], "age": [None, None]})
    assert kreg.load_run(homes_run).predict(everything)["reason"].tolist() == [
        "all values are missing"] * 2  # fmt: skip

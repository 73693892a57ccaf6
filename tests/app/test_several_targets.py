"""Several targets and several labels a row: all that is shown agrees with scikit-learn."""

import csv
import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    hamming_loss,
    mean_absolute_error,
    root_mean_squared_error,
)

import kreg
from kreg.factories import data
from kreg.launch.compose import compose_job
from kreg.training import app

ERRORS = {"rmse": root_mean_squared_error, "mae": mean_absolute_error}
SPLITS = {"": "train", "val_": "validation", "test_": "test"}
LOADS = ["heating load", "cooling/year"]
GENRES = ["comedy", "drama", "war"]


def buildings() -> pd.DataFrame:
    """Two targets of very different units."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(160, 3))
    noise = generator.normal(size=(160, 2))
    heat, cold = 5000 + 1200 * x[:, 0] + 500 * noise[:, 0], 0.02 * x[:, 1] + 0.01 * noise[:, 1]
    frame = pd.DataFrame(x, columns=["size", "age", "rooms"])
    return frame.assign(**{LOADS[0]: heat, LOADS[1]: cold})


def films() -> pd.DataFrame:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(160, 3))
    labels = x + 0.4 * generator.normal(size=(160, 3)) > 0.2
    cells = ["|".join(np.array(GENRES)[row]) for row in labels]
    return pd.DataFrame(x, columns=["u", "v", "w"]).assign(genres=cells)


def trained(folder, frame: pd.DataFrame, *told: str):
    """A run in this process: its folder, what it has printed, and the rows in their splits."""
    frame.to_csv(folder / "own.csv", index=False)
    words = ["data=csv", f"data.path={folder / 'own.csv'}", "data.validation=0.45",
             "model=linear", "trainer.epochs=8", "optimizer.learning_rate=0.05", *told]  # fmt: skip
    config = compose_job(words)
    app.run(config, folder / "run")
    return folder / "run", data.load(config.data, seed=0)


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    targets = f"data.target=['{LOADS[0]}','{LOADS[1]}']"
    return trained(tmp_path_factory.mktemp("loads"), buildings(), targets)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    words = ("data.target=genres", "data.label_separator='|'")
    return trained(tmp_path_factory.mktemp("films"), films(), *words)


def result(place) -> dict:
    return json.loads((place / "result.json").read_text())


def test_each_target_has_its_errors_in_its_own_units(regression):
    place, rows = regression
    found, target = result(place), json.loads((place / "data.json").read_text())["target"]
    model, own = kreg.load_model(place / "best.keras"), buildings()[LOADS].to_numpy()
    assert found["targets"] == ["heating load", "cooling_year"]
    for prefix, split in SPLITS.items():
        part = rows.splits[split]
        truth, guess = (
            np.asarray(y, float) * target["scale"] + target["mean"]
            for y in (part.y, model.predict(part.x, verbose=0))
        )
        assert all(np.isclose(own, row, rtol=1e-4).all(axis=1).any() for row in truth)
        for j, name in enumerate(found["targets"]):
            for error, judge in ERRORS.items():
                number = found["metrics"][f"{prefix}clean_{error}_{name}"]
                assert number == pytest.approx(judge(truth[:, j], guess[:, j]), rel=1e-3), name
    assert set(found["units"]) == {"loss", *(f"{e}_{n}" for n in found["targets"] for e in ERRORS)}


def test_targets_without_a_common_unit_are_compared_by_their_loss(regression):
    found = result(regression[0])
    assert found["objective_name"] == "val_clean_loss"
    assert not any(name.endswith(("rmse", "mae")) for name in found["metrics"])


def test_history_page_and_events_have_the_errors_of_each_target(regression):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    place, _ = regression
    found = result(place)["metrics"]
    with open(place / "history.csv", newline="") as file:
        assert {"val_clean_rmse_heating load", "val_clean_mae_cooling_year"} <= set(
            csv.DictReader(file).fieldnames
        )
    page = (place / "report.html").read_text()
    events = EventAccumulator(str(place / "tensorboard")).Reload()
    for name in ("heating load", "cooling_year"):
        assert f"rmse_{name}" in page
        (event,) = events.Tensors(f"result/test_clean_rmse_{name}")
        value = float(event.tensor_proto.float_val[0])
        assert value == pytest.approx(found[f"test_clean_rmse_{name}"], rel=1e-5)


def test_labels_are_scored_one_by_one_and_all_together(labelled):
    place, rows = labelled
    found, model = result(place), kreg.load_model(place / "best.keras")
    assert (found["task"], found["targets"]) == ("multilabel", GENRES)
    for prefix, split in SPLITS.items():
        part = rows.splits[split]
        guess = model.predict(part.x, verbose=0) > 0
        scores = {"accuracy": 1 - hamming_loss(part.y, guess),
                  "exact_match": accuracy_score(part.y, guess)}  # fmt: skip
        for name, score in scores.items():
            assert found["metrics"][f"{prefix}clean_{name}"] == pytest.approx(score, abs=1e-5)
    assert found["metrics"]["test_clean_accuracy"] > 0.7
    assert found["verdict"] and found["units"]["accuracy"] == "share of the labels"


def test_the_terminal_says_the_task_and_the_scores(capsys, tmp_path):
    words = ("data.target=genres", "data.label_separator='|'", "trainer.epochs=1")
    trained(tmp_path, films(), *words, "reg=none", "augment=mixup")
    printed = capsys.readouterr().out
    assert "multi-label classification, 3 labels" in printed
    assert re.search(r"test accuracy +0\.\d+", printed) and "test exact_match" in printed


REFUSED = {
    "smoothing": (
        ["augment=mixup", "augment.smoothing=0.1"],
        "a row of own may have several labels",
    ),
    "an error as objective": (["objective=val_clean_rmse"], "val_clean_accuracy"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_needs_one_class_a_row_is_refused(case, tmp_path):
    words, sentence = REFUSED[case]
    with pytest.raises(ValueError, match=sentence):
        trained(tmp_path, films(), "data.target=genres", "data.label_separator='|'", *words)


def test_an_error_of_several_targets_is_no_objective(tmp_path):
    told = f"data.target=['{LOADS[0]}','{LOADS[1]}']"
    with pytest.raises(ValueError, match="a number that 2 targets have together.*val_clean_loss"):
        trained(tmp_path, buildings(), told, "objective=val_clean_rmse")

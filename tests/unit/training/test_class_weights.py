"""Class weights: scikit-learn's numbers, Keras's training, names held strictly, scores as ever."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss
from sklearn.utils.class_weight import compute_class_weight

import kreg
from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job
from kreg.training import app, class_weights, plan

NAMES = ["a/b", "no", "yes"]


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    """The words of a run on a table whose classes have 150, 60 and 30 rows."""
    path = tmp_path_factory.mktemp("rare") / "own.csv"
    generator = np.random.default_rng(0)
    label = np.repeat(NAMES, [150, 60, 30])
    x = generator.normal(size=(240, 3)) + np.repeat(np.eye(3), [150, 60, 30], axis=0)
    pd.DataFrame(x, columns=["u", "v", "w"]).assign(y=label).to_csv(path, index=False)
    return ["data=csv", f"data.path={path}", "data.target=y", "model=linear", "reg=none",
            "data.validation=0.45", "trainer.epochs=2"]  # fmt: skip


def weighing(choice):
    return f"trainer.class_weight={choice}"


def test_balanced_weights_are_those_of_scikit_learn(rare):
    training = plan.make(compose_job([*rare, weighing("balanced")]))
    y = training.data.train.y
    expected = compute_class_weight("balanced", classes=np.unique(y), y=y)
    assert training.class_weight == pytest.approx(expected, rel=1e-6)


GIVEN = {
    "numbers by name": ({"a/b": 1, "no": 2, "yes": 5.5}, [1, 2, 5.5]),
    "in any order": ({"yes": 3, "a/b": 0, "no": 1}, [0, 1, 3]),
    "by the name that files have": ({"a_b": 1, "no": 2, "yes": 3}, [1, 2, 3]),
}


@pytest.mark.parametrize("case", GIVEN)
def test_weights_are_given_by_the_names_of_the_classes(case, rare):
    choice, expected = GIVEN[case]
    training = plan.make(compose_job(rare))
    assert class_weights.weights(choice, training.data).tolist() == expected


WRONG = {
    "a class without a number": ({"no": 1, "yes": 2}, "'a_b' is missing"),
    "a name that is no class": ({"a/b": 1, "no": 1, "yess": 2}, "Did you mean 'yes'"),
    "a number in place of a name": ({"0": 1, "1": 1, "2": 2}, "class_weight='0'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_names_are_held_strictly(case, rare):
    choice, sentence = WRONG[case]
    with pytest.raises(ValueError, match=sentence):
        class_weights.weights(choice, plan.make(compose_job(rare)).data)


REFUSED = {
    "a word": ("even", "trainer.class_weight=none or trainer.class_weight=balanced"),
    "a list": ("[1,5]", "a mapping"),
    "below zero": ("{no: -1}", r"trainer.class_weight.no"),
    "text": ("{no: many}", r"trainer.class_weight.no"),
    "only zeros": ("{no: 0, yes: 0}", "a weight above 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_are_no_weights_is_refused_before_the_data_are_read(case):
    choice, sentence = REFUSED[case]
    with pytest.raises(ConfigError, match=sentence):
        compose_job(["data=wine", weighing(choice)])


def test_a_regression_has_no_classes(tmp_path):
    with pytest.raises(ConfigError, match="none where the task is a regression"):
        compose_job(["data=diabetes", weighing("balanced")])
    frame = pd.DataFrame({"u": np.arange(60.0), "v": np.arange(60) % 7.0})
    frame.assign(y=np.sqrt(frame["u"])).to_csv(tmp_path / "own.csv", index=False)
    told = ["data=csv", f"data.path={tmp_path / 'own.csv'}", "data.target=y"]
    with pytest.raises(ValueError, match="has none: its task is regression"):
        plan.make(compose_job([*told, weighing("balanced")]))


def test_a_linear_model_is_trained_with_patience_and_its_gap_is_not_proved():
    whole = ["data=wine", "model=linear", "reg=l2", weighing("balanced")]
    assert compose_job(whole).stop.kind == "patience"
    with pytest.raises(ConfigError, match="trainer.class_weight weighs its rows"):
        compose_job([*whole, "stop=gap"])


def test_a_step_is_that_of_keras_with_class_weight(rare):
    """All rows in one batch: the weights after three epochs equal those of Keras's own `fit`."""
    told = [*rare, "trainer.batch_size=1000", "optimizer=sgd", "trainer.jit_compile=false"]
    choice = {"a/b": 0.5, "no": 2.0, "yes": 4.0}
    training = plan.make(compose_job([*told, weighing("{no: 2.0, yes: 4.0, a_b: 0.5}")]))
    start = training.model.get_weights()
    training.model.fit(training.stream(), steps_per_epoch=1, epochs=3, shuffle=False, verbose=0)
    ours = training.model.get_weights()

    again = plan.make(compose_job(told))
    again.model.set_weights(start)
    by_id = dict(enumerate(choice.values()))
    rows = again.data.train
    again.model.fit(
        rows.x, rows.y, batch_size=1000, epochs=3, class_weight=by_id, shuffle=False, verbose=0
    )
    for one, other in zip(ours, again.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    assert np.abs(ours[0] - start[0]).max() > 1e-3


@pytest.fixture(scope="module")
def weighed(rare, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weighed") / "run"
    config = compose_job([*rare, weighing("balanced"), "trainer.epochs=5"])
    app.run(config, folder)
    return folder, plan.make(config).data


def test_scores_stay_unweighted(weighed):
    folder, rows = weighed
    found = json.loads((folder / "result.json").read_text())
    model = kreg.load_model(folder / "best.keras")
    for prefix, split in (("", "train"), ("val_", "validation"), ("test_", "test")):
        part = rows.splits[split]
        logits = np.asarray(model.predict(part.x, verbose=0), float)
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        accuracy = accuracy_score(part.y, logits.argmax(axis=1))
        loss = log_loss(part.y, chances, labels=range(3))
        assert found["metrics"][f"{prefix}clean_accuracy"] == pytest.approx(accuracy, abs=1e-6)
        assert found["metrics"][f"{prefix}clean_loss"] == pytest.approx(loss, rel=1e-4)


def test_result_and_page_say_what_the_classes_weigh(weighed):
    folder, rows = weighed
    found = json.loads((folder / "result.json").read_text())["class_weight"]
    counts = np.bincount(rows.train.y)
    expected = dict(zip(rows.class_names, len(rows.train) / (3 * counts), strict=True))
    assert found == pytest.approx(expected, rel=1e-6)
    page = (folder / "report.html").read_text()
    assert "class weights in the training loss, not in the scores" in page
    assert "the classes are weighed, which counts as noise here" in page


def test_the_first_line_says_so(rare):
    told = plan.make(compose_job([*rare, weighing("balanced")])).facts()["task"]
    assert told.endswith("trained with balanced class weights (scores are unweighted)")
    assert "weights" not in plan.make(compose_job(rare)).facts()["task"]


def test_weights_of_rows_and_of_classes_multiply():
    from kreg.data.dataset import Split

    split = Split(np.zeros((3, 1)), np.array([0, 1, 1]), np.array([1, 2, 3], "float32"))
    each = np.array([10, 0.5], "float32")
    assert class_weights.weighted(split, each).weight.tolist() == [10, 1, 1.5]
    assert class_weights.weighted(split, None) is split

"""A search that goes on: what is on the disk is not trained again, and nothing else is used."""

import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest

import kreg
from kreg.runs.lock import Lock
from kreg.searching import trials
from kreg.searching.journal import JOURNAL, LOCK, PAGE, Journal, digest

RNG = np.random.default_rng(1)
X = RNG.normal(size=(24, 3)).astype("float32")
Y = X[:, :1] + 0.1
HOW = {"folds": 2, "epochs": 1, "verbose": 0, "early_stopping": False}


def build(units=2):
    layers = [keras.layers.Dense(units), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile("sgd", "mse", run_eagerly=True)
    return model


@pytest.fixture
def counted(monkeypatch):
    """The trainings, one entry each."""
    trained, run = [], trials.Training.run
    monkeypatch.setattr(
        trials.Training, "run", lambda *arguments: trained.append(1) or run(*arguments)
    )
    return trained


def search(folder, settings=None, network=build, x=X, **more):
    chosen = settings or {"learning_rate": 0.01}
    return kreg.search(network, x, Y, chosen, directory=folder, **{**HOW, **more})


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A search that has ended, and its folder."""
    folder = tmp_path_factory.mktemp("first") / "mine"
    return search(folder), folder


@pytest.fixture
def folder(first, tmp_path):
    """A copy of that folder."""
    return shutil.copytree(first[1], tmp_path / "copy")


def test_what_is_done_is_not_trained_again(first, folder, counted, capsys):
    found, _ = first
    assert found.answer[0] in (folder / PAGE).read_text()
    again = search(folder, {"learning_rate": [0.01, 0.1]}, verbose=1)
    assert len(counted) == 2
    told = capsys.readouterr().out.splitlines()
    assert told[1].endswith("done before") and not told[2].endswith("done before")
    old = again.runs[again.runs["learning_rate"] == 0.01]
    pd.testing.assert_frame_equal(old, found.runs)


def test_a_killed_search_goes_on_where_it_was(first, folder, counted):
    found, _ = first
    journal = (folder / JOURNAL).read_text()
    cut = journal.index("\n") + 30  # in the middle of the second line
    (folder / JOURNAL).write_text(journal[:cut])
    again = search(folder)
    pd.testing.assert_frame_equal(again.runs, found.runs)
    assert len(counted) == 1 and (folder / JOURNAL).read_text() == journal
    for one, other in zip(again.model.get_weights(), found.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def wider(units=3):
    return build(units)


@pytest.mark.parametrize(
    "other",
    [
        {"network": wider},
        {"x": X + 1},
        pytest.param({"epochs": 2}, marks=pytest.mark.slow),
        pytest.param({"folds": 3}, marks=pytest.mark.slow),
        pytest.param({"batch_size": 6}, marks=pytest.mark.slow),
    ],
)
def test_another_question_is_not_answered_from_the_disk(folder, counted, other):
    search(folder, **other)
    assert len(counted) == other.get("folds", 2)


@pytest.mark.slow
def test_a_training_that_broke_stays_broken(tmp_path, counted):
    settings = {"learning_rate": [0.01, 1e30]}
    found = search(tmp_path, settings)
    again = search(tmp_path, settings)
    pd.testing.assert_frame_equal(again.runs, found.runs)
    assert set(again.runs["status"]) == {"done", "failed"} and len(counted) == 3


def test_other_folders_are_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="a new or empty folder.*Nothing in it was changed"):
        search(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(ValueError, match="a new or empty folder"):
        search(tmp_path / "thesis.txt")


def test_one_process_at_a_time(tmp_path):
    lock = Lock(tmp_path / LOCK).acquire()
    with pytest.raises(OSError, match="is in use by process"), Journal(tmp_path).opened():
        pass
    lock.release()


@pytest.mark.parametrize(
    "line", ["nonsense", "[]", '{"of": 3, "row": {}}', '{"of": "a", "row": {"objective": [1]}}']
)
def test_a_damaged_journal_is_a_sentence(tmp_path, line):
    good = json.dumps({"of": "b", "row": {"objective": 1.0}})
    (tmp_path / JOURNAL).write_text(f"{good}\n{line}\n")
    with pytest.raises(ValueError, match="line 2 of it"), Journal(tmp_path).opened():
        pass


def test_arrays_are_told_apart_by_kind_shape_and_value():
    one = np.arange(4.0)
    others = [one.reshape(2, 2), one.astype("float32"), one + 1, {"a": one, "b": one}]
    assert len({digest(x, 2) for x in [one, *others]} | {digest(one, 3)}) == 6
    assert digest(one, 2) == digest(one.copy(), 2)


def test_global_numbers_of_tensorflow_and_keras_go_on():
    def drawn():
        return float(keras.random.normal(()))

    keras.utils.set_random_seed(1)
    expected = [drawn(), drawn()][1]
    keras.utils.set_random_seed(1)
    drawn()
    kreg.search(build, X, Y, {"learning_rate": 0.1}, **HOW)
    assert drawn() == expected

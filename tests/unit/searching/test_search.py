"""kreg.search: which regularizer, and how much, for a model of one's own."""

import dataclasses
import functools
import itertools

import keras
import numpy as np
import pandas as pd
import pytest

import kreg
from kreg.factories import reg
from kreg.regularizers.options import KINDS as REG
from kreg.searching.grid import Grid
from kreg.searching.penalties import KINDS, penalty
from kreg.searching.trials import Data, split
from kreg.sweeps import settings

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 4)).astype("float32")
Y = (X[:, 0] + 0.3 * RNG.normal(size=48) > 0).astype("int32")
SHORT = {"folds": 2, "epochs": 2, "batch_size": 12, "verbose": 0}


def build(units=6, learning_rate=0.05, optimizer=None):
    layers = [keras.layers.Dense(units, "relu"), keras.layers.Dense(2, "softmax")]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile(
        optimizer or keras.optimizers.Adam(learning_rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        run_eagerly=True,  # nothing is traced: these trainings have a few steps
    )
    return model


def plain():
    return build()


@pytest.fixture(scope="module")
def found():
    settings = {"reg": ["none", "l1"], "strength": [1e-3, 100.0]}
    return kreg.search(plain, X, Y, settings, **SHORT)


def test_the_best_setting_stands_in_table_answer_and_page(found):
    table = found.table
    assert found.best == {k: table.iloc[0][k] for k in found.best}
    assert table["fold_clean_loss"].is_monotonic_increasing and len(table) == 3
    assert list(table["trainings"]) == [2, 2, 2] and table.iloc[0]["difference"] == 0
    assert found.answer[0].startswith("The best setting is reg=")
    assert "on average over 2 folds (standard error" in found.answer[0]
    assert "paired standard error" in found.answer[1]
    assert found.answer[0] in found._repr_html_() and found.answer[0] in str(found)


def test_the_table_is_made_of_paired_trainings(found):
    runs = found.runs
    assert len(runs) == 6 and set(runs["status"]) == {"done"}
    losses = runs.pivot(index="fold", columns=["reg", "strength"], values="fold_clean_loss")
    row = found.table.set_index(["reg", "strength"]).loc[("l1", 100.0)]
    reg = found.best["reg"]
    best = losses[(reg, found.best["strength"])] if reg != "none" else losses["none"].iloc[:, 0]
    gap = losses[("l1", 100.0)] - best
    assert row["difference"] == pytest.approx(gap.mean())
    assert row["difference_error"] == pytest.approx(gap.std() / np.sqrt(2))
    assert runs["fold_clean_accuracy"].between(0, 1).all()


def test_the_zeros_of_a_penalty_are_exact(found):
    zeros = found.table.set_index(["reg", "strength"])["zeros"]
    assert zeros[("l1", 100.0)] > 0.2 and zeros["none"].iloc[0] == 0.0


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_a_kind_and_a_strength_are_those_of_reg_strength(kind):
    made = penalty(kind, 0.5)
    told = reg.rules(REG[kind]().at(0.5))
    assert type(made) is type(told) and made.get_config() == told.get_config()


def test_the_page_answers_and_draws_the_loss_against_the_strength(found):
    assert found.answer[0] in found.page and "fold_clean_loss against the strength" in found.page
    assert found.page.count('class="line hue') == 2 and "report.html" not in found.page


@pytest.mark.slow
def test_the_same_search_finds_the_same_numbers(found):
    theirs = np.random.get_state()[1].copy()
    settings = {"reg": ["none", "l1"], "strength": [1e-3, 100.0]}
    again = kreg.search(plain, X, Y, settings, **SHORT)
    pd.testing.assert_frame_equal(again.runs, found.runs)
    for one, other in zip(again.model.get_weights(), found.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(np.random.get_state()[1], theirs)


def test_the_held_out_rows_train_nothing_and_stop_nothing():
    data = Data.of(X, Y)
    held = []
    for fold in range(4):
        rows = split(data, 4, fold, 0, True)
        assert len(rows.validation) == round(0.15 * 48) and not len(rows.test)
        together = np.concatenate([rows.train, rows.validation, rows.fold])
        assert sorted(together) == list(range(48))
        held.append(rows.fold)
        assert abs(Y[rows.fold].mean() - Y.mean()) < 0.1
    assert sorted(np.concatenate(held)) == list(range(48))
    one_hot = Data.of(X, np.eye(2)[Y])
    np.testing.assert_array_equal(split(one_hot, 4, 0, 0, True).fold, held[0])


def test_build_gets_what_it_takes_and_kreg_sets_the_rest():
    seen = []

    def network(units):
        seen.append(units)
        return build(units)

    settings = {"units": [3, 5], "learning_rate": 0.5, "dropout": 0.25}
    found = kreg.search(network, X, Y, settings, **SHORT)
    assert set(seen) == {3, 5} and found.best["units"] in (3, 5)
    noise = [layer for layer in found.model.layers if isinstance(layer, kreg.Dropout)]
    assert [layer.rate for layer in noise] == [0.25]
    assert float(found.model.optimizer.learning_rate) == 0.5
    assert found.model.layers[0].units == found.best["units"]


def test_the_models_own_dropout_layers_get_the_rate():
    def network():
        layers = [keras.layers.Dense(3), keras.layers.Dropout(0.9), keras.layers.Dense(2)]
        return keras.Sequential([keras.Input((4,)), *layers])

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    found = kreg.search(network, X, Y, {"dropout": 0.1}, loss=loss, **SHORT)
    assert [layer.rate for layer in found.model.layers if "drop" in layer.name] == [0.1]


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, x):
        return self.dense(x)


@pytest.mark.slow
def test_a_model_of_ones_own_class_is_searched_and_warned_of_once():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with pytest.warns(UserWarning, match="use `kreg.save_model`") as said:
        found = kreg.search(Own, X, Y, {"reg": "l1", "strength": 0.1}, loss=loss, **SHORT)
    assert sum("kreg.save_model" in str(one.message) for one in said) == 1
    assert isinstance(found.model, Own)


def test_a_setting_that_breaks_costs_itself_alone():
    settings = {"learning_rate": [0.05, 1e30]}
    found = kreg.search(lambda: build(optimizer=keras.optimizers.SGD()), X, Y, settings, **SHORT)
    assert found.best == {"learning_rate": 0.05} and found.model is not None
    told = "learning_rate=1e+30 has failed (fold 0, seed 0): "
    assert any(sentence.startswith(told) for sentence in found.answer)
    assert list(found.runs["status"]) == ["done", "done", "failed"]


def test_where_every_setting_breaks_the_reason_is_said():
    with pytest.raises(ValueError, match="No setting could be trained.*1e\\+30 has failed"):
        kreg.search(
            lambda: build(optimizer=keras.optimizers.SGD()), X, Y, {"learning_rate": 1e30}, **SHORT
        )


@pytest.mark.slow
def test_1se_takes_the_strongest_penalty_near_the_best():
    settings = {"reg": "l2", "strength": [1e-9, 0.0]}
    found = kreg.search(plain, X, Y, settings, choose="1se", **SHORT)
    assert found.best == {"reg": "l2", "strength": 1e-9}


def test_the_strength_alone_is_a_penalty_of_which_1se_takes_the_strongest(found):
    runs = found.sweep.runs
    l1 = dataclasses.replace(
        found.sweep, runs=runs[runs["reg"] == "l1"], factors=["strength", "data.fold"]
    )
    assert settings.strengths(l1) and not settings.strengths(found.sweep)


def test_none_stands_once_and_the_count_is_that_of_the_trainings():
    grid = Grid({"reg": ["none", "l1", "l2"], "strength": [1e-3, 1e-2, 1e-1], "dropout": [0, 0.5]})
    assert grid.size == len(list(grid)) == 14
    assert sum(one["reg"] == "none" for one in grid) == 2


def test_how_many_trainings_is_said_before_the_first(capsys):
    kreg.search(plain, X, Y, {"reg": "l2", "strength": 0.1}, **{**SHORT, "verbose": 1})
    first, second = capsys.readouterr().out.splitlines()[:2]
    assert first == (
        "kreg.search: 1 setting x 2 folds x 1 seed = 2 trainings of at most 2 epochs, and one on "
        "all rows."
    )
    assert second.startswith("reg=l2 strength=0.1: fold_clean_loss ")


def test_too_many_trainings_are_refused_at_once():
    many = {name: list(range(1000)) for name in "abcdefgh"}

    def network(**settings):
        raise AssertionError("nothing is built")

    with pytest.raises(ValueError, match="1(,000){8} settings x 5 folds.*more than most"):
        kreg.search(network, X, Y, many)


def growing():
    return build(next(SIZES))


SIZES = itertools.count(3)
SHARED = build()


@pytest.mark.parametrize(
    ("network", "settings", "sentence"),
    [
        (growing, {"dropout": [0.1]}, "another architecture each time"),
        (lambda: SHARED, {"dropout": [0.1]}, "returns the same weights each time"),
        (functools.lru_cache(build), {"units": [3, 4]}, "returns the same weights each time"),
        (lambda units: build(), {"units": [3, 4]}, "takes `units` and ignores it"),
        (lambda: 3, {"dropout": [0.1]}, "a function that returns a keras.Model"),
        (lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]),
         {"learning_rate": 0.1}, "is not compiled"),
        (lambda units, depth: build(), {"units": 3}, "`build` needs"),
        (plain, {"regg": ["l1"]}, "Did you mean 'reg'"),
        (plain, {"reg": ["l1"]}, "`reg` and `strength` together"),
        (plain, {"strength": [0.1]}, "`reg` and `strength` together"),
        (plain, {"reg": ["l3"], "strength": 1.0}, "one of 'none', 'l1'"),
        (plain, {"dropout": [1.5]}, "a finite number in"),
        (plain, {"dropout": []}, "at least one value"),
        (build, {"units": [[3], [4]]}, "A tuple may stand for a list"),
        (build, {"optimizer": [None, "sgd"]}, "numbers, words or tuples"),
        (plain, {}, "a dictionary of names"),
        (lambda: build(learning_rate=keras.optimizers.schedules.CosineDecay(1.0, 9)),
         {"learning_rate": [0.1]}, "has a schedule"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence_before_anything_is_trained(network, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        kreg.search(network, X, Y, settings, **SHORT)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"folds": 1}, "folds"),
        ({"folds": 20}, "at most a quarter of the 48 rows"),
        ({"seeds": 0}, "seeds"),
        ({"choose": "max"}, "one of 'min', '1se'"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_numbers_out_of_range_are_refused(more, sentence):
    with pytest.raises(ValueError, match=sentence):
        kreg.search(plain, X, Y, {"dropout": 0.1}, **{**SHORT, **more})


def test_rows_must_be_arrays_of_one_length():
    with pytest.raises(ValueError, match="as many rows"):
        kreg.search(plain, X[:-1], Y, {"dropout": 0.1}, **SHORT)
    with pytest.raises(ValueError, match="Folds are cut from arrays"):
        kreg.search(plain, iter(X), Y, {"dropout": 0.1}, **SHORT)

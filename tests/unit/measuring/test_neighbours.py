"""What the nearest training rows cost as a prediction: closed forms, and where nothing is said."""

import keras
import numpy as np
import pytest

from kreg.measuring import Rows, clean_evaluator
from kreg.measuring import neighbours as room
from kreg.measuring.neighbours import COUNT, PRIOR, nearest, neighbours

RNG = np.random.default_rng(0)
# two clusters of twelve rows, far from each other
X = np.concatenate([RNG.normal(size=(12, 2)), 100 + RNG.normal(size=(12, 2))]).astype("float32")
Y = np.repeat([2.0, 6.0], 12).astype("float32")
ASKED = np.array([[0.0, 0.0], [100.0, 100.0], [100.0, 100.0]], "float32")
TRUE = np.array([2.0, 6.0, 7.0], "float32")


def cost(x, y, asked, true, loss="mse", outputs=1, weight=None):
    layer = keras.layers.Dense(outputs)
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Flatten(), layer])
    model.compile("sgd", loss)
    clean, train = clean_evaluator(model), Rows(x, y, weight)
    clean(train)
    return neighbours(clean, train, Rows(asked, true))


def test_the_squared_error_of_shrunk_means():
    low, high = ((COUNT * y + PRIOR * Y.mean()) / (COUNT + PRIOR) for y in (2.0, 6.0))
    expected = np.mean((TRUE - [low, high, high]) ** 2)
    assert cost(X, Y, ASKED, TRUE) == pytest.approx(expected, rel=1e-5)


def test_the_crossentropy_of_shrunk_frequencies():
    labels, loss = (Y > 4).astype("int32"), keras.losses.SparseCategoricalCrossentropy(True)
    sure = (COUNT + PRIOR / 2) / (COUNT + PRIOR)
    expected = -np.mean(np.log([sure, sure, 1 - sure]))
    found = cost(X, labels, ASKED, np.array([0, 1, 0]), loss, 2)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_unit_of_a_column_does_not_matter():
    unit = np.array([1.0, 1e6], "float32")
    assert cost(X * unit, Y, ASKED * unit, TRUE) == pytest.approx(cost(X, Y, ASKED, TRUE), rel=1e-5)


def test_weights_count():
    weight = np.where(Y > 4, 3.0, 1.0)
    total = weight.sum()
    mean = (weight * Y).sum() / total
    shrunk = [
        (COUNT * w * y + PRIOR * total / 24 * mean) / (COUNT * w + PRIOR * total / 24)
        for w, y in ((1.0, 2.0), (3.0, 6.0), (3.0, 6.0))
    ]
    found = cost(X, Y, ASKED, TRUE, weight=weight.astype("float32"))
    assert found == pytest.approx(np.mean((TRUE - shrunk) ** 2), rel=1e-5)


def test_it_is_the_same_each_time():
    assert cost(X, Y, ASKED, TRUE) == cost(X, Y, ASKED, TRUE)


def test_where_nothing_can_be_said(monkeypatch):
    assert cost(X[:COUNT], Y[:COUNT], ASKED, TRUE) is None, "too few rows"
    assert cost(X, Y, ASKED, TRUE, loss=lambda y, p: keras.ops.mean(p - y, axis=-1)) is None
    monkeypatch.setattr(room, "WIDEST", 1)
    assert cost(X, Y, ASKED, TRUE) is None, "too many inputs: the cost is bounded"


def test_words_have_no_distance():
    rows = Rows(np.array([["a"], ["b"]]), np.zeros(2))
    assert room.features(rows) is None


def test_the_nearest_rows_are_all_of_them_where_no_input_varies():
    assert nearest(np.ones((20, 2)), np.ones((3, 2))).shape == (3, COUNT)


def test_outputs_in_a_dictionary_are_told_apart_by_their_names():
    inputs = keras.Input((2,))
    outputs = {name: keras.layers.Dense(n, name=name)(inputs) for name, n in (("z", 2), ("a", 1))}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"z": keras.losses.SparseCategoricalCrossentropy(True), "a": "mse"})
    clean = clean_evaluator(model)
    train = Rows(X, {"z": (Y > 4).astype("int32"), "a": Y[:, None]})
    clean(train)
    asked = Rows(ASKED, {"z": np.array([0, 1, 0]), "a": TRUE[:, None]})
    parts = (
        cost(X, (Y > 4).astype("int32"), ASKED, np.array([0, 1, 0]), model.loss["z"], 2),
        cost(X, Y, ASKED, TRUE),
    )
    assert neighbours(clean, train, asked) == pytest.approx(sum(parts), rel=1e-5)

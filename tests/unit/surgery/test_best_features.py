"""kreg.select_features: the features that matter, in order, and nothing of the model changed."""

import json

import keras
import numpy as np
import pytest
from keras import layers

import kreg
from kreg.surgery import Selection, selected_features

REAL = [2, 5, 11]


def data(rows=400, features=20):
    """A product and a square: no linear model sees them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, features)).astype("float32")
    y = x[:, REAL[0]] * x[:, REAL[1]] + x[:, REAL[2]] ** 2
    return x, y.astype("float32").reshape(-1, 1)


def network(features=20, optimizer=None, **first):
    keras.utils.set_random_seed(0)
    hidden = layers.Dense(16, "relu", name="hidden", **first)
    model = keras.Sequential([keras.Input((features,)), hidden, layers.Dense(1, name="head")])
    model.compile(optimizer or kreg.optimizers.Adam(2e-2), "mse")
    return model


def test_it_finds_what_no_linear_model_can_and_leaves_the_model_alone():
    x, y = data()
    correlations = np.abs(np.corrcoef(np.c_[x, y], rowvar=False)[-1, :-1])
    assert not set(REAL) <= set(np.argsort(-correlations)[:5]), "a filter does not find them"
    model = network()
    before = [w.copy() for w in model.get_weights()]
    found = kreg.select_features(model, x, y, features=3, steps=60)
    assert list(found.features) == REAL
    assert found.names([f"x{i}" for i in range(20)]) == ["x2", "x5", "x11"]
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert model.losses == [] and model.get_layer("hidden").kernel.regularizer is None
    assert list(found.strengths) == sorted(found.strengths) and found.counts[-1] <= 3
    assert json.loads(json.dumps(found.as_dict()))["features"] == REAL
    assert "3 of 20 features: [2, 5, 11]" in str(found)


@pytest.mark.slow
def test_the_same_seed_chooses_the_same_with_everything_given():
    x, y = data(rows=100)
    rate = keras.optimizers.schedules.CosineDecay(2e-2, 20)
    arguments = {"features": 18, "steps": 20, "seed": 3, "layers": "hidden"}
    arguments |= {"validation_data": data(rows=50)}
    runs = []
    for _ in range(2):
        model = network(optimizer=kreg.optimizers.Adam(rate), kernel_regularizer=kreg.L2(1e-4))
        runs.append(kreg.select_features(model, x, y, **arguments))
    np.testing.assert_array_equal(runs[0].order, runs[1].order)
    assert len(runs[0].features) <= 18
    assert isinstance(model.get_layer("hidden").kernel.regularizer, kreg.L2)


def test_all_features_are_a_choice_too():
    x, y = data(rows=60)
    found = kreg.select_features(network(), x, y, features=20, steps=5)
    assert list(found.features) == list(range(20)) and found.counts == ()


def test_the_order_gives_every_smaller_choice():
    found = Selection(np.array([4, 0, 3]), 2, 6, (0.1,), (2,))
    assert list(found.features) == [0, 4]
    assert list(found.first(1)) == [4] and list(found.first(3)) == [0, 3, 4]
    with pytest.raises(ValueError, match="`count`"):
        found.first(0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"features": 0}, "`features`"),
        ({"features": 21}, "`features`"),
        ({"growth": 1.0}, "`growth`"),
        ({"steps": 0}, "`steps`"),
        ({"layers": "nothing"}, "matches no weight"),
        ({"layers": "head"}, "a row for each feature"),
    ],
)
def test_bad_arguments_are_sentences(arguments, named):
    x, y = data(rows=20)
    with pytest.raises(ValueError, match=named):
        kreg.select_features(network(), x, y, **{"features": 3, **arguments})


def test_an_optimizer_without_exact_zeros_is_refused():
    x, y = data(rows=20)
    with pytest.raises(ValueError, match="exact zeros"):
        kreg.select_features(network(optimizer=keras.optimizers.Adam()), x, y, features=3)
    assert len(selected_features(network())) == 20


def test_a_model_of_two_inputs_is_refused():
    a, b = keras.Input((2,)), keras.Input((2,))
    model = keras.Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])))
    model.compile(kreg.optimizers.Adam(), "mse")
    with pytest.raises(ValueError, match="`model`. Expected a Functional or Sequential model with"):
        kreg.select_features(model, np.zeros((4, 2)), np.zeros(4), features=1)

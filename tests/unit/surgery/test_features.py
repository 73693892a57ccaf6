"""kreg.selected_features: what an output really depends on."""

import keras
import numpy as np
import pytest
from keras import layers

from kreg.surgery import selected_features


def two_layers():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, "relu"), layers.Dense(1)])
    first = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    model.set_weights([first, np.zeros(2), np.array([[1.0], [0.0]]), np.zeros(1)])
    return model


def test_a_feature_that_only_feeds_unread_units_is_not_selected():
    assert selected_features(two_layers(), ["a", "b", "c"]) == ["a"]
    assert list(selected_features(two_layers())) == [0]


def test_several_inputs_have_names_of_their_own():
    a, b = keras.Input((2,), name="a"), keras.Input((1,), name="b")
    model = keras.Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])))
    model.set_weights([np.array([[0.0], [1.0], [0.0]]), np.zeros(1)])
    assert selected_features(model, {"a": ["p", "q"], "b": ["r"]}) == {"a": ["q"], "b": []}
    with pytest.raises(ValueError, match="a dictionary with the keys 'a', 'b'"):
        selected_features(model, ["p", "q", "r"])


@pytest.mark.parametrize("names", [["a", "b"], "abc", {"a": ["b"]}])
def test_the_wrong_number_of_names(names):
    with pytest.raises(ValueError, match="3 names, one for each feature"):
        selected_features(two_layers(), names)

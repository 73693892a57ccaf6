"""The frozen part of a model: where its features are taken, and where they cannot be."""

import keras
import numpy as np
import pytest

import kreg
from kreg.measuring import Rows, frozen
from kreg.measuring.evaluators import clean_evaluator

LAYERS = keras.layers
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (12, 6, 6, 1)).astype("uint8")
Y = np.arange(12) % 3


def network(*between, below=(), after=()):
    """Convolution, normalisation, mean; the layers `between`, a head."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 1))
    x = LAYERS.Rescaling(1 / 255)(inputs)
    x = LAYERS.Conv2D(4, 3, name="conv")(x)
    for layer in below:
        x = layer(x)
    x = LAYERS.GlobalAveragePooling2D(name="mean")(LAYERS.BatchNormalization()(x))
    for layer in between:
        x = layer(x)
    x = LAYERS.Dense(3, name="head")(x)
    for layer in after:
        x = layer(x)
    return keras.Model(inputs, x, name="net")


def place(model):
    """The shape of a row's features, and the layers above them."""
    found = frozen.parted(model)
    above = [layer.name for layer in found.rest.layers[1:]]
    return tuple(found.trunk.output_shape[1:]), above


@pytest.mark.parametrize(
    ("between", "shape", "above"),
    [
        ((), (4,), ["head"]),
        ((LAYERS.Reshape((2, 2), name="r"), LAYERS.Flatten(name="f")), (4,), ["head"]),
        ((LAYERS.Dropout(0.5, name="noise"),), (4,), ["noise", "head"]),
        ((kreg.Dropout(0.5, name="noise"), LAYERS.ReLU(name="up")), (4,), ["noise", "up", "head"]),
        ((LAYERS.Dropout(0.0, name="nothing"),), (4,), ["head"]),
    ],
    ids=["plain", "shapes", "keras noise", "kreg noise", "no noise"],
)  # fmt: skip
def test_features_are_taken_before_the_noise(between, shape, above):
    assert place(network(*between)) == (shape, above)


def test_noise_before_the_mean_moves_the_place_down_and_what_follows_the_head_stays():
    inputs = keras.Input((6, 6, 1))
    x = LAYERS.SpatialDropout2D(0.5, name="noise")(LAYERS.Conv2D(4, 3)(inputs))
    x = LAYERS.Dense(3, name="head")(LAYERS.GlobalAveragePooling2D(name="mean")(x))
    model = keras.Model(inputs, LAYERS.Softmax(name="softmax")(x))
    assert place(model) == ((4, 4, 4), ["noise", "mean", "head", "softmax"])


def test_the_parts_say_what_the_whole_says_and_share_its_weights():
    model = network()
    parts = frozen.parted(model)
    features = parts.features(X)
    assert features.shape == (12, 4) and parts.row_bytes == 16
    np.testing.assert_array_equal(parts.rest(features), model(X, training=False))
    assert parts.rest.get_layer("head").kernel is model.get_layer("head").kernel


class Own(LAYERS.Layer):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (lambda: network(below=[LAYERS.Dropout(0.5, name="n")]), r"'n' \(Dropout\) draws noise"),
        (lambda: network(below=[Own(name="own")]), r"nobody knows what 'own' \(Own\) does"),
        (
            lambda: network(below=[LAYERS.Lambda(lambda x: x, name="own")]),
            r"nobody knows what 'own' \(Lambda\)",
        ),
        (
            lambda: network(below=[LAYERS.ActivityRegularization(1e-3, name="a")]),
            r"'a' \(ActivityRegularization\) has a penalty on its outputs",
        ),
        (
            lambda: network(below=[LAYERS.SpectralNormalization(LAYERS.Conv2D(4, 1), name="s")]),
            r"'s' \(SpectralNormalization\) draws noise or keeps a state",
        ),
    ],
    ids=["noise below", "own layer", "lambda", "activity", "state"],
)
def test_what_varies_below_the_features_is_refused_by_name(model, sentence):
    with pytest.raises(frozen.NotSteadyError, match=sentence):
        frozen.parted(model())


def test_several_ways_to_the_outputs_are_refused():
    inputs = keras.Input((6, 6, 1))
    x = LAYERS.Flatten()(LAYERS.Conv2D(2, 3)(inputs))
    past = LAYERS.Flatten()(inputs)
    both = LAYERS.Concatenate()([LAYERS.Dense(3, name="head")(x), past])
    with pytest.raises(frozen.NotSteadyError, match="no single tensor enters 'head'"):
        frozen.parted(keras.Model(inputs, both))


def test_a_training_step_of_ones_own_is_refused():
    class Mine(keras.Model):
        def train_step(self, data):
            return super().train_step(data)

    model = network()
    with pytest.raises(frozen.NotSteadyError, match="training step of its own"):
        frozen.parted(Mine(model.inputs, model.outputs))


def test_clean_losses_are_the_same_and_each_row_goes_through_the_trunk_once(monkeypatch):
    model = network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    rows = Rows(X, Y)
    before = clean_evaluator(model)(rows)
    parts, seen = frozen.parted(model), []
    predict = parts.trunk.predict_on_batch
    monkeypatch.setattr(
        parts.trunk, "predict_on_batch", lambda x: seen.append(len(x)) or predict(x)
    )
    with parts.measured_with(model):
        evaluate = clean_evaluator(model)
        for _ in range(3):
            found = evaluate(rows)
        assert evaluate.predict(rows.head(2)).shape == (2, 3)
    assert seen == [12, 2]
    assert found.loss == pytest.approx(before.loss, rel=1e-6)
    assert found.metrics == pytest.approx(before.metrics, rel=1e-6)
    np.testing.assert_allclose(found.examples, before.examples, rtol=1e-5)
    assert clean_evaluator(model) is not evaluate
    assert clean_evaluator(model).frozen is None

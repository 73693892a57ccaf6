"""kreg.with_dropout: noise where it was asked for, the same model in inference."""

import keras
import numpy as np
import pytest
from keras import layers

import kreg.layers
from kreg.schedules import Linear
from kreg.surgery import with_dropout


def residual():
    keras.utils.set_random_seed(2)
    inputs = keras.Input((4,))
    x = layers.Dense(4, name="first")(inputs)
    x = layers.Activation("relu", name="first_relu")(x)
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, "relu", name="inner")])
    x = layers.Add()([x, inner(x)])
    return keras.Model(inputs, layers.Dense(2, name="head")(x))


def sequential():
    keras.utils.set_random_seed(2)
    return keras.Sequential([keras.Input((4,)), layers.Dense(5, "relu"), layers.Dense(2)])


def noise_names(model):
    found = []
    for layer in model.layers:
        found += noise_names(layer) if isinstance(layer, keras.Model) else []
        found += [layer.name] if isinstance(layer, kreg.layers.Noise) else []
    return found


@pytest.mark.parametrize("make", [sequential, residual])
def test_inference_is_identical_and_training_is_noisy(make):
    model = make()
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    noisy = with_dropout(model, 0.5, seed=3)
    assert type(noisy) is type(model)
    assert np.array_equal(noisy(x), model(x))
    assert not np.array_equal(noisy(x, training=True), model(x))
    assert noise_names(model) == []


def test_the_default_is_every_hidden_dense_layer_also_of_nested_models():
    assert noise_names(with_dropout(residual(), 0.1)) == ["first_dropout", "inner_dropout"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("first*", ["first_dropout", "first_relu_dropout"]),
        (layers.Activation, ["first_relu_dropout"]),
        (("inner", "head"), ["inner_dropout", "head_dropout"]),
    ],
)
def test_where_chooses_by_name_and_type(where, expected):
    assert noise_names(with_dropout(residual(), 0.1, where)) == expected


def test_the_rate_may_be_a_schedule_or_a_maker_of_layers():
    ramp = Linear(0.0, 0.5, duration=10)
    assert with_dropout(sequential(), ramp).layers[1].rate == ramp
    made = with_dropout(sequential(), lambda layer: layers.GaussianDropout(0.2, name="own"))
    assert made.layers[1].name == "own"


def test_a_shared_layer_gets_one_noise_layer():
    inputs = keras.Input((3,))
    shared = layers.Dense(3, name="shared")
    model = keras.Model(inputs, layers.Dense(1)(shared(shared(inputs))))
    noisy = with_dropout(model, 0.2)
    assert noise_names(noisy) == ["shared_dropout"]


def test_it_saves_and_trains(tmp_path):
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
    noisy = with_dropout(residual(), 0.3)
    noisy.compile("sgd", "mse")
    noisy.fit(x, x[:, :2], epochs=1, verbose=0)
    noisy.save(tmp_path / "noisy.keras")
    assert np.array_equal(keras.models.load_model(tmp_path / "noisy.keras")(x), noisy(x))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0,), "argument `rate`"),
        ((True,), "argument `rate`"),
        ((float("nan"),), "argument `rate`"),
        ((0.5, "nothing"), r"where='nothing'. The model has 2 Dense \('dense', ...\)"),
        ((0.5, "dnse"), "where='dnse'. Did you mean 'dense'?"),
        ((0.5, 3), "argument `layers`"),
        ((0.5, None, -1), "argument `seed`"),
    ],
)
def test_bad_arguments_are_answered_in_sentences(arguments, message):
    keras.utils.clear_session()
    with pytest.raises(ValueError, match=message):
        with_dropout(sequential(), *arguments)


def test_a_model_without_a_hidden_dense_layer():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="no hidden Dense layer .* a class of layers, or a"):
        with_dropout(model, 0.5)


def convolutions(*after: keras.Layer) -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3)(inputs)
    for layer in after:
        x = layer(x)
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize(
    ("after", "where"),
    [
        ((), "keras.layers.Conv2D"),
        ((layers.BatchNormalization(), layers.ReLU()), "keras.layers.ReLU"),
    ],
)
def test_a_network_of_convolutions_is_told_what_to_write(after, where):
    model = convolutions(*after)
    with pytest.raises(ValueError, match="no hidden Dense layer") as error:
        with_dropout(model, 0.5)
    assert f"say `where=`: where={where}." in str(error.value)
    assert "1 Conv2D ('" in str(error.value) and len(str(error.value)) < 400
    noisy = with_dropout(model, 0.5, eval(where))
    assert len(noise_names(noisy)) == 1

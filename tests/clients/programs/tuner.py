"""A search, after Keras's guide to KerasTuner: a trial trains with a deep copy of the callbacks."""

import tempfile

import keras
import numpy as np
import pytest

import kreg

keras_tuner = pytest.importorskip("keras_tuner")

rng = np.random.default_rng(0)
y = rng.integers(0, 2, 120)
x = (rng.normal(size=(120, 6)) + y[:, None]).astype("float32")
train_rows, val_rows = (x[:60], y[:60]), (x[60:], y[60:])


def make_model(hp):
    units = hp.Choice("units", [4, 8])
    model = keras.Sequential(
        [
            keras.layers.Dense(units, activation="relu", kernel_regularizer=kreg.L1(1e-3)),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(
        kreg.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def train(callbacks):
    with tempfile.TemporaryDirectory() as directory:
        tuner = keras_tuner.GridSearch(
            make_model, keras_tuner.Objective("val_loss", "min"), directory=directory, max_trials=2
        )
        tuner.search(
            *train_rows, validation_data=val_rows, epochs=3, batch_size=20,
            callbacks=callbacks, verbose=0,
        )  # fmt: skip
        return tuner.get_best_models()[0]


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(x, y):
        chances = np.asarray(model(x, training=False))
        return -np.log(chances[np.arange(len(y)), y]).mean()

    penalty = 1e-3 * np.abs(np.asarray(model.layers[0].kernel)).sum()
    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows), "penalty": penalty}


def sample():
    return x[:4]

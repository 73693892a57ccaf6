"""Time series, after Keras's example timeseries_classification_transformer."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
y = rng.integers(0, 2, 96)
x = (rng.normal(size=(96, 12, 1)) + y[:, None, None]).astype("float32")


def encoder(inputs):
    x = keras.layers.MultiHeadAttention(key_dim=4, num_heads=2, dropout=0.25)(inputs, inputs)
    x = keras.layers.Dropout(0.25)(x)
    res = keras.layers.LayerNormalization(epsilon=1e-6)(x) + inputs
    x = keras.layers.Conv1D(filters=4, kernel_size=1, activation="relu")(res)
    x = keras.layers.Conv1D(filters=inputs.shape[-1], kernel_size=1)(x)
    return keras.layers.LayerNormalization(epsilon=1e-6)(x) + res


def make_model():
    inputs = keras.Input((12, 1))
    x = keras.layers.GlobalAveragePooling1D(data_format="channels_last")(encoder(inputs))
    outputs = keras.layers.Dense(2, activation="softmax")(
        keras.layers.Dense(8, activation="relu")(x)
    )
    model = keras.Model(inputs, outputs)
    kreg.regularize(model, kreg.L1(1e-3))
    model.compile(
        kreg.optimizers.Adam(1e-2),
        "sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
    )
    return model


def train(callbacks):
    model = make_model()
    model.fit(x, y, validation_split=1 / 2, epochs=3, batch_size=16, callbacks=callbacks, verbose=0)
    return model


def callbacks():
    rows = {"train": (x[:48], y[:48]), "validation": (x[48:], y[48:])}
    return [kreg.Diagnostics(**rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    chances = np.asarray(model(x, training=False))
    losses = -np.log(chances[np.arange(96), y])
    kernels = [np.asarray(v) for v in model.weights if v.name == "kernel"]
    return {
        "clean_loss": losses[:48].mean(),
        "val_clean_loss": losses[48:].mean(),
        "penalty": 1e-3 * sum(np.abs(k).sum() for k in kernels),
        "sparsity": sum((k == 0).sum() for k in kernels) / sum(k.size for k in kernels),
    }


def sample():
    return x[:4]

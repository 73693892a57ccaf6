"""Half precision with a scaled loss, as Keras's mixed precision API has it."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
y = rng.integers(0, 3, 120)
x = (rng.normal(size=(120, 6)) + y[:, None]).astype("float32")
train_rows, val_rows = (x[:60], y[:60]), (x[60:], y[60:])


def make_model():
    keras.config.set_dtype_policy("mixed_float16")
    inputs = keras.Input((6,))
    hidden = keras.layers.Dropout(0.2)(keras.layers.Dense(16, activation="relu")(inputs))
    outputs = keras.layers.Dense(3, activation="softmax", dtype="float32")(hidden)
    model = keras.Model(inputs, outputs)
    kreg.regularize(model, kreg.L1(1e-3))
    model.compile(
        kreg.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def train(callbacks):
    model = make_model()
    model.fit(
        *train_rows,
        validation_data=val_rows,
        epochs=3,
        batch_size=20,
        callbacks=callbacks,
        verbose=0,
    )
    return model


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(x, y):
        chances = np.asarray(model(x, training=False))
        return -np.log(chances[np.arange(len(y)), y]).mean()

    kernels = [np.asarray(v) for v in model.weights if v.name == "kernel"]
    return {
        "clean_loss": loss(*train_rows),
        "val_clean_loss": loss(*val_rows),
        "penalty": 1e-3 * sum(np.abs(k).sum() for k in kernels),
    }


def sample():
    return x[:4]

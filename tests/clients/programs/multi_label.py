"""Several labels a row and sample weights, after Keras's example multi_label_classification."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
x = rng.normal(size=(120, 6)).astype("float32")
y = (x[:, :4] + 0.5 * rng.normal(size=(120, 4)) > 0).astype("float32")
weight = rng.uniform(0.5, 1.5, 120).astype("float32")
train_rows, val_rows = (x[:60], y[:60], weight[:60]), (x[60:], y[60:], weight[60:])


def make_model():
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(12, activation="relu"),
            keras.layers.Dense(4, activation="sigmoid"),
        ]
    )
    kreg.regularize(model, kreg.L1(1e-3))
    model.compile(kreg.optimizers.Adam(1e-2), "binary_crossentropy", metrics=["binary_accuracy"])
    return model


def train(callbacks):
    model = make_model()
    model.fit(
        x[:60], y[:60], sample_weight=weight[:60], validation_data=val_rows, epochs=3,
        batch_size=20, callbacks=callbacks, verbose=0,
    )  # fmt: skip
    return model


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(x, y, weight):
        p = np.asarray(model(x, training=False))
        each = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(axis=1)
        return (weight * each).mean()

    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows)}


def sample():
    return x[:4]

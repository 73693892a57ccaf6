"""Mixup on batches of one size, after Keras's example mixup; labels become probabilities."""

import keras
import numpy as np
import tensorflow as tf

import kreg
from kreg import augment

rng = np.random.default_rng(0)
labels = rng.integers(0, 3, 96)
x = (rng.normal(size=(96, 8, 8, 1)) + labels[:, None, None, None]).astype("float32")
y = np.eye(3, dtype="float32")[labels]
train_rows, val_rows = (x[:48], y[:48]), (x[48:], y[48:])


def make_model():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(6, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    kreg.regularize(model, kreg.L2(1e-3))
    model.compile(kreg.optimizers.Adam(1e-2), "categorical_crossentropy", metrics=["accuracy"])
    return model


def train(callbacks):
    model = make_model()
    rows = tf.data.Dataset.from_tensor_slices(train_rows).shuffle(48, seed=1)
    batches = augment.Pipeline([augment.MixUp(alpha=0.2)]).apply(
        rows.batch(16, drop_remainder=True)
    )
    model.fit(batches, validation_data=val_rows, epochs=3, callbacks=callbacks, verbose=0)
    return model


def callbacks():
    rows = {"train": train_rows, "validation": val_rows}
    return [kreg.Diagnostics(**rows, inputs={"augmented": True}), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(x, y):
        return -(y * np.log(np.asarray(model(x, training=False)))).sum(axis=1).mean()

    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows)}


def sample():
    return x[:4]

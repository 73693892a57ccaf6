"""A convolutional autoencoder, after Keras's example autoencoder: the target is a picture."""

import keras
import numpy as np
import tensorflow as tf

import kreg
from kreg import augment

rng = np.random.default_rng(0)
clean = np.repeat(np.repeat(rng.uniform(0, 1, (80, 4, 4, 1)), 2, axis=1), 2, axis=2).astype(
    "float32"
)
noisy = np.clip(clean + rng.normal(0, 0.2, clean.shape), 0, 1).astype("float32")
train_rows, val_rows = (noisy[:40], clean[:40]), (noisy[40:], clean[40:])


def make_model():
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(8, 3, activation="relu", padding="same")(inputs)
    x = keras.layers.MaxPooling2D(2, padding="same")(x)
    x = keras.layers.Conv2DTranspose(8, 3, strides=2, activation="relu", padding="same")(x)
    outputs = keras.layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x)
    model = keras.Model(inputs, outputs)
    kreg.regularize(model, kreg.L1(1e-4))
    model.compile(kreg.optimizers.Adam(1e-2), "binary_crossentropy")
    return model


def train(callbacks):
    model = make_model()
    pipeline = augment.Pipeline([augment.RandomFlip()], target="image")
    batches = pipeline.apply(tf.data.Dataset.from_tensor_slices(train_rows).batch(20))
    model.fit(batches, validation_data=val_rows, epochs=3, callbacks=callbacks, verbose=0)
    return model


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(x, y):
        p = np.asarray(model(x, training=False))
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()

    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows)}


def sample():
    return val_rows[0][:4]

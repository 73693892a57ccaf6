"""Segmentation with a U-Net, after Keras's example oxford_pets_image_segmentation.

A label for each pixel; the pictures and their masks are augmented together.
"""

import keras
import numpy as np
import tensorflow as tf

import kreg
from kreg import augment

rng = np.random.default_rng(0)
masks = np.zeros((64, 16, 16, 1), "uint8")
for mask, corner in zip(masks, rng.integers(0, 8, (64, 2))):
    mask[corner[0] : corner[0] + 8, corner[1] : corner[1] + 6] = 1
images = (0.6 * masks + rng.uniform(0, 0.4, (64, 16, 16, 3))).astype("float32")
train_rows, val_rows = (images[:32], masks[:32]), (images[32:], masks[32:])


def make_model():
    inputs = keras.Input((16, 16, 3))
    down = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    x = keras.layers.MaxPooling2D()(down)
    x = keras.layers.SeparableConv2D(16, 3, padding="same", activation="relu")(x)
    x = keras.layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")(x)
    x = keras.layers.Concatenate()([x, down])
    model = keras.Model(inputs, keras.layers.Conv2D(2, 3, activation="softmax", padding="same")(x))
    kreg.regularize(model, kreg.L1(1e-4))
    model.compile(kreg.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
    return model


def train(callbacks):
    model = make_model()
    pipeline = augment.Pipeline([augment.RandomFlip()], target="mask")
    batches = pipeline.apply(tf.data.Dataset.from_tensor_slices(train_rows).batch(16))
    model.fit(batches, validation_data=val_rows, epochs=3, callbacks=callbacks, verbose=0)
    return model


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    """The mean over all pixels."""

    def loss(x, y):
        chances = np.asarray(model(x, training=False))
        return -np.log(np.take_along_axis(chances, y.astype(int), axis=-1)).mean()

    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows)}


def sample():
    return val_rows[0][:4]

"""Keypoints, after Keras's example keypoint_detection: points that move with the picture."""

import keras
import numpy as np
import tensorflow as tf

import kreg
from kreg import augment

SIZE = 12
rng = np.random.default_rng(0)
points = rng.integers(2, SIZE - 2, (80, 2, 2)).astype("float32")  # (x, y) in pixels
images = rng.uniform(0, 0.1, (80, SIZE, SIZE, 1)).astype("float32")
for image, pair in zip(images, points.astype(int)):
    image[pair[:, 1], pair[:, 0]] = 1.0
train_rows, val_rows = (images[:40], points[:40]), (images[40:], points[40:])


def make_model():
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(4),
            keras.layers.Reshape((2, 2)),
        ]
    )
    kreg.regularize(model, kreg.ElasticNet(1e-3, 1e-3))
    model.compile(kreg.optimizers.Adam(1e-2), "mse", metrics=["mae"])
    return model


def train(callbacks):
    model = make_model()
    pipeline = augment.Pipeline([augment.RandomFlip()], target="keypoints")
    batches = pipeline.apply(tf.data.Dataset.from_tensor_slices(train_rows).batch(20))
    for flipped, moved in batches.take(1):  # the bright pixels are where the points say
        found = tf.gather_nd(flipped, tf.cast(tf.round(moved[..., ::-1]), "int32"), batch_dims=1)
        np.testing.assert_array_equal(found, 1.0)
    model.fit(batches, validation_data=val_rows, epochs=3, callbacks=callbacks, verbose=0)
    return model


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(x, y):
        return np.square(np.asarray(model(x, training=False)) - y).mean()

    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows)}


def sample():
    return val_rows[0][:4]

"""Two devices, after Keras's guide distributed_training_with_tensorflow: `MirroredStrategy`."""

import keras
import numpy as np
import tensorflow as tf

import kreg

rng = np.random.default_rng(0)
y = rng.integers(0, 3, 128)
x = (rng.normal(size=(128, 6)) + y[:, None]).astype("float32")
train_rows, val_rows = (x[:64], y[:64]), (x[64:], y[64:])


def make_model():
    devices = [device.name for device in tf.config.list_logical_devices("CPU")]
    with tf.distribute.MirroredStrategy(devices).scope():
        model = keras.Sequential(
            [
                keras.Input((6,)),
                keras.layers.Dense(16, activation="relu", kernel_regularizer=kreg.L1(1e-3)),
                keras.layers.Dense(3),
            ]
        )
        model.compile(
            kreg.optimizers.Adam(1e-2),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
    return model


def train(callbacks):
    model = make_model()
    model.fit(
        *train_rows,
        validation_data=val_rows,
        epochs=3,
        batch_size=16,
        callbacks=callbacks,
        verbose=0,
    )
    return model


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    (first, bias), (second, last) = (layer.get_weights() for layer in model.layers)

    def loss(x, y):
        z = np.maximum(x @ first + bias, 0) @ second + last
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean()

    penalty = 1e-3 * np.abs(first).sum()
    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows), "penalty": penalty}


def sample():
    return x[:4]

"""Frozen features, then fine-tuning, after Keras's guide: compiled and fitted twice."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
y = rng.integers(0, 2, 96).astype("float32")[:, None]
x = (rng.normal(size=(96, 8, 8, 3)) + y[:, :, None, None]).astype("float32")
train_rows, val_rows = (x[:48], y[:48]), (x[48:], y[48:])


def make_model():
    base = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(6, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalAveragePooling2D(),
        ],
        name="base",
    )
    base.trainable = False
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Dense(1)(keras.layers.Dropout(0.2)(base(inputs, training=False)))
    model = keras.Model(inputs, outputs)
    kreg.regularize(model, kreg.surgery.Rule(kreg.L2(1e-2), layers="dense*"))
    return model


def compile(model, rate):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.Adam(rate), loss, metrics=[keras.metrics.BinaryAccuracy()])


def train(callbacks):
    model = make_model()
    compile(model, 1e-2)
    model.fit(
        *train_rows,
        validation_data=val_rows,
        epochs=2,
        batch_size=16,
        callbacks=callbacks,
        verbose=0,
    )
    model.get_layer("base").trainable = True
    kreg.regularize(model, kreg.L1(1e-3))
    compile(model, 1e-3)
    model.fit(
        *train_rows,
        validation_data=val_rows,
        epochs=2,
        batch_size=16,
        callbacks=callbacks,
        verbose=0,
    )
    return model


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(x, y):
        z = np.asarray(model(x, training=False))
        return (np.logaddexp(0, z) - y * z).mean()

    return {
        "clean_loss": loss(*train_rows),
        "val_clean_loss": loss(*val_rows),
        "penalty": float(sum(model.losses)),
    }


def sample():
    return x[:4]

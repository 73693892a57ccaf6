"""A loss inside of a layer, after Keras's example endpoint_layer_pattern."""

import keras
import numpy as np
from keras import ops

import kreg

rng = np.random.default_rng(0)
data = {"x": rng.normal(size=(96, 5)).astype("float32")}
data["targets"] = (data["x"][:, :1] > 0).astype("float32")
train_rows = {name: values[:48] for name, values in data.items()}
val_rows = {name: values[48:] for name, values in data.items()}


@keras.saving.register_keras_serializable("clients")
class LogisticEndpoint(keras.layers.Layer):
    def __init__(self, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

    def call(self, logits, targets=None):
        if targets is not None:
            self.add_loss(self.loss_fn(targets, logits))
        return ops.sigmoid(logits)


def make_model():
    inputs, targets = keras.Input((5,), name="x"), keras.Input((1,), name="targets")
    hidden = keras.layers.Dense(8, activation="relu")(inputs)
    logits = keras.layers.Dense(1)(keras.layers.Dropout(0.2)(hidden))
    predictions = LogisticEndpoint(name="predictions")(logits, targets)
    model = keras.Model({"x": inputs, "targets": targets}, predictions)
    kreg.regularize(model, kreg.L1(1e-3))
    model.compile(kreg.optimizers.Adam(1e-2))
    return model


def train(callbacks):
    model = make_model()
    model.fit(
        train_rows,
        validation_data=(val_rows, None),
        epochs=4,
        batch_size=16,
        callbacks=callbacks,
        verbose=0,
    )
    return model


def callbacks():
    rows = {"train": (train_rows, None), "validation": (val_rows, None)}
    return [kreg.Diagnostics(**rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    """What the layer adds is the data's loss, and no penalty."""

    def loss(rows):
        p, t = np.asarray(model(rows, training=False)), rows["targets"]
        return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()

    kernels = [np.asarray(v) for v in model.weights if v.name == "kernel"]
    return {
        "clean_loss": loss(train_rows),
        "val_clean_loss": loss(val_rows),
        "penalty": 1e-3 * sum(np.abs(k).sum() for k in kernels),
    }


def sample():
    return {name: values[:4] for name, values in data.items()}

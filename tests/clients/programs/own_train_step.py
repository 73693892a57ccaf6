"""An own `train_step`, after Keras's guide to them; the model is built in `fit`."""

import keras
import numpy as np
import tensorflow as tf

import kreg

rng = np.random.default_rng(0)
x = rng.normal(size=(120, 8)).astype("float32")
y = (x @ rng.normal(size=8) + rng.normal(size=120)).astype("float32")[:, None]
train_rows, val_rows = (x[:60], y[:60]), (x[60:], y[60:])


@keras.saving.register_keras_serializable("clients")
class CustomModel(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(16, activation="relu", kernel_regularizer=kreg.L1(1e-2))
        self.dropout = keras.layers.Dropout(0.2)
        self.out = keras.layers.Dense(1)

    def call(self, x, training=False):
        return self.out(self.dropout(self.hidden(x), training=training))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        trainable_vars = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, trainable_vars), trainable_vars)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


def make_model():
    model = CustomModel()
    model.compile(kreg.optimizers.Adam(1e-2), "mse", metrics=["mae"])
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
        return np.square(np.asarray(model(x, training=False)) - y).mean()

    kernel, out = np.asarray(model.hidden.kernel), np.asarray(model.out.kernel)
    return {
        "clean_loss": loss(*train_rows),
        "val_clean_loss": loss(*val_rows),
        "penalty": 1e-2 * np.abs(kernel).sum(),
        "sparsity": ((kernel == 0).sum() + (out == 0).sum()) / (kernel.size + out.size),
    }


def sample():
    return x[:4]

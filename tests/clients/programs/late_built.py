"""A `Sequential` without `Input`, as in Keras's guide to KerasTuner: built by its first batch.

The training rows are given to nobody, so the validation loss is Keras's, without its penalty.
"""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
x = rng.normal(size=(120, 8)).astype("float32")
y = (x[:, 0] > 0).astype("int32")


def make_model():
    model = keras.Sequential(
        [
            keras.layers.Dense(16, activation="relu", kernel_regularizer=kreg.L1(5e-3)),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(
        kreg.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def train(callbacks):
    model = make_model()
    model.fit(
        x[:60], y[:60], validation_data=(x[60:], y[60:]), epochs=8, batch_size=20,
        callbacks=callbacks, verbose=0,
    )  # fmt: skip
    return model


def callbacks():
    return [kreg.Diagnostics(), kreg.EarlyStopping(patience=8)]


def by_hand(model):
    first, _, second = model.layers
    kernels = np.asarray(first.kernel), np.asarray(second.kernel)
    chances = np.asarray(model(x[60:], training=False))
    return {
        "val_clean_loss": -np.log(chances[np.arange(60), y[60:]]).mean(),
        "penalty": 5e-3 * np.abs(kernels[0]).sum(),
        "sparsity": sum((k == 0).sum() for k in kernels) / sum(k.size for k in kernels),
    }


def sample():
    return x[:4]

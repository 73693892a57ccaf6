"""A label for each word, after Keras's example ner_transformers: padded steps do not count."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
lengths = rng.integers(2, 10, 96)
x = np.where(np.arange(10) < lengths[:, None], rng.integers(1, 20, (96, 10)), 0)
y = x % 3
train_rows, val_rows = (x[:48], y[:48]), (x[48:], y[48:])


def make_model():
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(20, 6, mask_zero=True),
            keras.layers.LSTM(8, return_sequences=True),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    kreg.regularize(model, kreg.L1(1e-4))
    model.compile(
        kreg.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"]
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
    """The mean over the words that are there."""

    def loss(x, y):
        chances = np.asarray(model(x, training=False))
        return -np.log(np.take_along_axis(chances, y[..., None], axis=-1))[x > 0].mean()

    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows)}


def sample():
    return x[:4]

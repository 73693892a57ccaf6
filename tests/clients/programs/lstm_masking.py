"""Reviews of different lengths, after Keras's example bidirectional_lstm_imdb, with masking."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
x = rng.integers(1, 30, (96, 8))
for row, length in zip(x, rng.integers(2, 9, 96)):
    row[length:] = 0
y = (x == 7).any(axis=1).astype("float32")
train_rows, val_rows = (x[:48], y[:48]), (x[48:], y[48:])


def make_model():
    inputs = keras.Input((None,), dtype="int32")
    words = keras.layers.Embedding(30, 6, mask_zero=True)(inputs)
    read = keras.layers.Bidirectional(keras.layers.LSTM(4, dropout=0.2))(words)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(read))
    kreg.regularize(model, kreg.L2(1e-3))
    model.compile(kreg.optimizers.Adam(1e-2), "binary_crossentropy", metrics=["accuracy"])
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
    """With a twin: a call of Keras's LSTM between two epochs changes its next masks of dropout."""
    twin = make_model()
    twin.set_weights(model.get_weights())

    def loss(x, y):
        p = np.asarray(twin(x, training=False))[:, 0]
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()

    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows)}


def sample():
    return x[:4]

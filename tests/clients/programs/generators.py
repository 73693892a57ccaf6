"""An endless Python generator for `fit`, with `steps_per_epoch`: it has no length and no end."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
y = rng.integers(0, 2, 128)
x = (rng.normal(size=(128, 6)) + y[:, None]).astype("float32")
val_rows = x[64:], y[64:]


def batches():
    """Forty-eight rows an epoch, in an order of its own."""
    order = np.random.default_rng(1)
    while True:
        chosen = order.permutation(64)[:16]
        yield x[chosen], y[chosen]


def make_model():
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)]
    )
    kreg.regularize(model, kreg.GroupLasso(1e-3))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
    return model


def train(callbacks):
    model = make_model()
    model.fit(
        batches(),
        steps_per_epoch=3,
        validation_data=val_rows,
        epochs=3,
        callbacks=callbacks,
        verbose=0,
    )
    return model


def callbacks():
    return [
        kreg.Diagnostics(train=(x[:64], y[:64]), validation=val_rows),
        kreg.EarlyStopping(patience=3),
    ]


def by_hand(model):
    def loss(x, y):
        z = np.asarray(model(x, training=False))
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean()

    return {"clean_loss": loss(x[:64], y[:64]), "val_clean_loss": loss(*val_rows)}


def sample():
    return x[:4]

"""Fraud, after Keras's example imbalanced_classification: one row of 60, weighed."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
y = (rng.random((3600, 1)) < 1 / 60).astype("uint8")
x = (rng.normal(size=(3600, 8)) + 1.5 * y).astype("float32")
train_rows, val_rows = (x[:1200], y[:1200]), (x[1200:], y[1200:])
counts = np.bincount(train_rows[1][:, 0])
class_weight = {0: 1.0 / counts[0], 1: 1.0 / counts[1]}


def make_model():
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    kreg.regularize(model, kreg.L1(1e-7))
    metrics = [keras.metrics.TruePositives(name="tp"), keras.metrics.Precision(name="precision")]
    model.compile(kreg.optimizers.Adam(1e-2), "binary_crossentropy", metrics=metrics)
    return model


def train(callbacks):
    model = make_model()
    model.fit(
        *train_rows, validation_data=val_rows, epochs=3, batch_size=400,
        class_weight=class_weight, callbacks=callbacks, verbose=0,
    )  # fmt: skip
    return model


watched = []


def callbacks():
    rows = {"train": train_rows, "validation": val_rows}
    watched[:] = [kreg.Diagnostics(**rows, class_weight=class_weight)]
    return [*watched, kreg.EarlyStopping(patience=3)]


def by_hand(model):
    """All validation rows, and those training rows of which the report says that they are measured.

    Both sides are weighed, as the user asked.
    """
    measured = watched[0].train.index

    def loss(x, y):
        p, t = np.asarray(model(x, training=False)), y.astype("float32")
        weight = np.where(y == 1, class_weight[1], class_weight[0])
        return -(weight * (t * np.log(p) + (1 - t) * np.log(1 - p))).mean()

    chances = np.asarray(model(val_rows[0], training=False))
    return {
        "clean_loss": loss(*(part[measured] for part in train_rows)),
        "val_clean_loss": loss(*val_rows),
        "val_clean_tp": float(((chances > 0.5) & (val_rows[1] == 1)).sum()),
    }


def sample():
    return x[:4]


def also(model, watched):
    """512 of 1,200 training rows are measured, drawn by class, and the report says so."""
    index = watched.train.index
    assert len(set(index)) == len(index) == 512
    assert abs(train_rows[1][index].mean() - train_rows[1].mean()) < 1 / 512
    assert "1,200, of which 512 are measured" in kreg.report(watched).html()
    assert watched.document["sizes"]["measured_validation"] == len(val_rows[0])

"""A penalty that training does not feel, or that makes no zeros, is said; all others are not."""

import keras
import numpy as np
import pytest

import kreg

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(32, 4)).astype("float32"), RNG.normal(size=(32, 1)).astype("float32")


class Distiller(keras.Model):
    """`compute_loss` as in Keras's knowledge distillation: the penalties are not in it."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean((y_pred - y) ** 2)


class Honest(Distiller):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred) + sum(self.losses)


def notes(kind, optimizer, penalty, fits=1):
    inputs = keras.Input((4,))
    model = kind(inputs, keras.layers.Dense(1, name="out")(inputs))
    kreg.regularize(model, penalty)
    model.compile(optimizer, "mse", run_eagerly=True)
    watch = kreg.Diagnostics((X, Y), (X, Y), verbose=0, probe_training=False)
    for _ in range(fits):
        model.fit(X, Y, epochs=2, verbose=0, callbacks=[watch])
    return watch.notes


@pytest.mark.parametrize(
    ("kind", "optimizer", "penalty", "said"),
    [
        (Distiller, "adam", kreg.L1(0.1), "does not feel the penalty of `out/kernel`"),
        (Distiller, "adam", kreg.L2(0.1), "does not feel the penalty of `out/kernel`"),
        (Distiller, kreg.optimizers.Adam, kreg.L1(0.1), None),
        (Honest, "adam", kreg.L1(0.1), "Under Adam the penalty of `out/kernel` is Keras's"),
        (keras.Model, "sgd", kreg.L1(0.1), "Under SGD the penalty of `out/kernel` is Keras's"),
        (keras.Model, "sgd", kreg.L2(0.1), None),
        (keras.Model, "sgd", keras.regularizers.L1(0.1), None),
        (keras.Model, kreg.optimizers.SGD, kreg.L1(0.1), None),
    ],
)
def test_what_is_said(kind, optimizer, penalty, said):
    made = optimizer if isinstance(optimizer, str) else optimizer(1e-2)
    found = [n for n in notes(kind, made, penalty, fits=2) if "penalty of" in n]
    assert len(found) == (said is not None) and (said or "") in "".join(found)

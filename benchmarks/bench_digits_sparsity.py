"""Exact zeros of a network on digits, at the validation accuracy of Keras's L1.

    python benchmarks/bench_digits_sparsity.py [--seeds 3] [--epochs 60] [--l1 2e-4]

64-256-256-10 under Adam with a cosine rate from 2e-3, batches of 64, 1,400 rows to train and 397
to validate. `flips` counts the weights that became zero or non-zero in the last epoch.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn.datasets import load_digits

import kreg

METHODS = {
    "no penalty": (keras.optimizers.Adam, lambda l1: None),
    "keras.Adam + keras L1": (keras.optimizers.Adam, keras.regularizers.L1),
    "kreg.Adam + kreg.L1": (kreg.optimizers.Adam, kreg.L1),
}


def split(seed: int):
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = (x / 16).astype("float32")[order], y[order]
    return (x[:1400], y[:1400]), (x[1400:], y[1400:])


def network(penalty):
    hidden = [keras.layers.Dense(256, "relu", kernel_regularizer=penalty) for _ in range(2)]
    head = keras.layers.Dense(10, kernel_regularizer=penalty)
    return keras.Sequential([keras.Input((64,)), *hidden, head])


class LastEpoch(keras.callbacks.Callback):
    """Where the zeros were when the last epoch began."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.params["epochs"] - 1:
            self.before = zeros(self.model)


def zeros(model):
    return np.concatenate([w.ravel() == 0 for w in model.get_weights() if w.ndim == 2])


def train(method: str, l1: float, seed: int, epochs: int) -> tuple:
    """`(share of zeros, flips, validation accuracy, objective on the training rows)`."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    optimizer, penalty = METHODS[method]
    (x, y), held_out = split(seed)
    model = network(penalty(l1))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    steps = epochs * -(-len(x) // 64)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(optimizer(rate), loss, metrics=["accuracy"])
    last = LastEpoch()
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0, callbacks=[last])
    now = zeros(model)
    objective = model.evaluate(x, y, verbose=0)[0]
    accuracy = model.evaluate(*held_out, verbose=0)[1]
    return now.mean(), int((now != last.before).sum()), accuracy, objective


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--l1", type=float, default=2e-4)
    a = parser.parse_args()
    print(f"mean over {a.seeds} seeds          exact zeros   flips   val accuracy   objective")
    for method in METHODS:
        rows = np.array([train(method, a.l1, seed, a.epochs) for seed in range(a.seeds)])
        share, flips, accuracy, objective = rows.mean(0)
        print(f"{method:26s} {share:11.1%} {flips:8.1f} {accuracy:13.4f} {objective:12.4f}")


if __name__ == "__main__":
    main()

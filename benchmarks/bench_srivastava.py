"""Six regularizers on MNIST, the rows of Srivastava et al. 2014, table 9, reduced to two cores.

    KREG_DATA=... python benchmarks/bench_srivastava.py [--seeds 3] [--epochs 30]

Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, JMLR 2014:
784-1024-1024-2048-10 with ReLUs on 60,000 rows. Here 784-256-256-10 with ReLUs on the first 5,000
training rows, kreg's SGD with momentum 0.9, batches of 100 and a cosine rate from 0.1, the weights
of the last step; the error is on all 10,000 test rows. Each method's strength is the one with the
least loss on the last 5,000 training rows, which nothing trains on, at seed 100; then it is trained
with seeds 0, 1, 2.

- `L2 + L1 at the end`: the L2 of the first row, and an L1 on the weights over the last quarter.
- `L2 + KL`: the same L2, and `kreg.layers.ActivityPenalty(kl=..., target=0.1)` on both hidden
  layers. The mean of a ReLU that is above 1 is beyond the divergence's range and feels nothing.
- Dropout: half of the hidden units, a fifth of the inputs. It takes twice the epochs.
"""

import argparse
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import kreg
from kreg.data.sources.idx import mnist_like
from kreg.layers import ActivityPenalty

ROWS, BATCH, RATE, UNITS, CHOOSING = 5000, 100, 0.1, 256, 100
L2 = (1e-5, 1e-4, 3e-4, 1e-3)
CAPS = (1.0, 2.0, 3.0, 4.0)


class Method(NamedTuple):
    """A row: what it puts on the kernels and on the hidden activities, at a strength."""

    published: float  # test error in per cent
    strengths: tuple[float, ...]
    weights: Callable[[float, float, int], Any]  # strength, the L2 of the first row, steps
    activities: Callable[[float], Any] = lambda strength: None
    dropout: bool = False


def late(l1: float, l2: float, steps: int) -> kreg.ElasticNet:
    return kreg.ElasticNet(kreg.schedules.Piecewise([3 * steps // 4], [0.0, l1]), l2)


METHODS = {
    "L2": Method(1.62, L2, lambda s, l2, steps: kreg.L2(s)),
    "L2 + L1 at the end": Method(1.60, (1e-6, 1e-5, 1e-4), late),
    "L2 + KL": Method(
        1.55,
        (1e-4, 1e-3, 1e-2),
        lambda s, l2, steps: kreg.L2(l2),
        lambda s: ActivityPenalty(kl=s, target=0.1),
    ),
    "max-norm": Method(1.35, CAPS, lambda s, l2, steps: kreg.MaxNorm(s)),
    "dropout + L2": Method(1.25, L2[:3], lambda s, l2, steps: kreg.L2(s), dropout=True),
    "dropout + max-norm": Method(1.05, CAPS, lambda s, l2, steps: kreg.MaxNorm(s), dropout=True),
}
Rows = tuple[np.ndarray, np.ndarray]


@functools.cache
def data() -> tuple[Rows, Rows, Rows]:
    """The rows to train on, to choose on, and to test on."""
    (x, y), (x_test, y_test) = mnist_like(Path(os.environ["KREG_DATA"]) / "mnist")
    x, x_test = (a.reshape(len(a), -1).astype("float32") / 255 for a in (x, x_test))
    return (x[:ROWS], y[:ROWS]), (x[-ROWS:], y[-ROWS:]), (x_test, y_test)


def network(method: Method, strength: float, l2: float, steps: int) -> keras.Model:
    layers: list[Any] = [keras.Input((784,))]
    for number in (1, 2):
        layers += [kreg.Dropout(0.5 if number > 1 else 0.2)] if method.dropout else []
        rule = method.activities(strength)
        layers.append(keras.layers.Dense(UNITS, "relu", activity_regularizer=rule))
    layers += [kreg.Dropout(0.5)] if method.dropout else []
    model = keras.Sequential([*layers, keras.layers.Dense(10)])
    return kreg.regularize(model, method.weights(strength, l2, steps))


def measured(name: str, strength: float, l2: float, seed: int, epochs: int) -> keras.Model:
    """The trained network."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    epochs *= 2 if METHODS[name].dropout else 1
    steps = epochs * ROWS // BATCH
    model = network(METHODS[name], strength, l2, steps)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.SGD(rate, momentum=0.9), loss, jit_compile=False)
    model.fit(*data()[0], batch_size=BATCH, epochs=epochs, verbose=0)
    return model


def scores(model: keras.Model, rows: Rows) -> tuple[float, float]:
    """The clean cross-entropy, and the share of errors."""
    outputs = model.predict(rows[0], batch_size=1000, verbose=0).astype("float64")
    outputs -= outputs.max(axis=1, keepdims=True)
    logs = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    wrong = outputs.argmax(axis=1) != rows[1]
    return float(-logs[np.arange(len(logs)), rows[1]].mean()), float(wrong.mean())


def chosen(name: str, l2: float, epochs: int) -> float:
    """The strength with the least validation loss."""
    _, validation, _ = data()
    found = {}
    for strength in METHODS[name].strengths:
        found[strength] = scores(measured(name, strength, l2, CHOOSING, epochs), validation)
        loss, wrong = found[strength]
        print(f"  {name}, {strength:g}: {loss:.4f}, {wrong:.2%} of validation", flush=True)
    return min(found, key=lambda strength: found[strength][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    a = parser.parse_args()
    test, l2, lines = data()[2], 0.0, []
    for name, method in METHODS.items():
        strength = chosen(name, l2, a.epochs)
        l2 = strength if name == "L2" else l2
        models = (measured(name, strength, l2, seed, a.epochs) for seed in range(a.seeds))
        errors = 100 * np.array([scores(model, test)[1] for model in models])
        spread = errors.std(ddof=1) if len(errors) > 1 else 0.0
        told = f"{errors.mean():5.2f} +- {spread:4.2f}"
        lines.append(f"{name:20s} {strength:9g}  {told}  {method.published:8.2f}")
        print(lines[-1], flush=True)
    print("\nregularizer           strength  test error %   published")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

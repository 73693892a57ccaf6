"""Accuracy at equal zeros in networks: the lasso, the adaptive lasso, MCP and hard thresholding.

    KREG_DATA=... python benchmarks/bench_sparse_networks.py {digits,madelon} [--seeds 3]

`digits`: 64-256-256-10 with the penalty on all kernels, 1,400 rows to train and 397 held out.
`madelon`: 500-64-32-1 with the penalty on the first kernel, 2,000 rows to train and 600 held out;
a feature is kept where one of its weights is not zero, and 20 of the 500 are real.

All four begin at the same network, trained without a penalty, as the adaptive lasso has to, and
train on for 60 epochs with Adam and a cosine rate from 2e-3. The strength of `L0` grows from 0 over
the first half; the number beside it is the size below which no weight is kept. `MCP` leaves weights
above 0.3 alone. Each method is trained at four strengths, and its held-out accuracy is read off
between them at equal shares of zeros, on a line over the logarithm of the share that is kept; `-`
is a share that none of its strengths encloses. Nothing is chosen on the held-out rows. Mean and
standard deviation over the seeds.
"""

import argparse
import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from bench_digits_sparsity import split
from bench_leukemia_madelon import REAL, load

import kreg
from kreg.surgery import Rule

BATCH, RATE, GAMMA, FLAT = 64, 2e-3, 500.0, 0.3
Rows = tuple[np.ndarray, np.ndarray]


def hard(threshold: float, steps: int) -> kreg.L0:
    """No weight between 0 and the threshold is kept."""
    ramp = kreg.schedules.Linear(0.0, threshold**2 / (2 * GAMMA), duration=max(1, steps // 2))
    return kreg.L0(ramp, GAMMA)


PENALTIES: dict[str, Callable[[float, int], Any]] = {
    "l1": lambda strength, steps: kreg.L1(strength),
    "adaptive l1": lambda strength, steps: kreg.AdaptiveL1(strength),
    "mcp": lambda strength, steps: kreg.MCP(strength, FLAT / strength),
    "l0": hard,
}
# what is penalised (None: all kernels), the shares of zeros to compare at, and the strengths
STRENGTHS = {
    "digits": {
        "l1": (3e-4, 1e-3, 3e-3, 1e-2),
        "adaptive l1": (3e-5, 1e-4, 3e-4, 1e-3),
        "mcp": (3e-4, 1e-3, 3e-3, 1e-2),
        "l0": (0.15, 0.25, 0.4, 0.6),
    },
    "madelon": {
        "l1": (0.01, 0.02, 0.04, 0.08),
        "adaptive l1": (5e-4, 1e-3, 2e-3, 4e-3),
        "mcp": (0.01, 0.02, 0.04, 0.08),
        "l0": (0.2, 0.3, 0.4, 0.6),
    },
}
SHARES = {"digits": (0.9, 0.95, 0.98, 0.99), "madelon": (0.9, 0.95, 0.98, 0.99)}
LAYERS = {"digits": None, "madelon": "first"}
EPOCHS = {"digits": (20, 60), "madelon": (10, 60)}


def rows(name: str, seed: int) -> tuple[Rows, Rows]:
    if name == "digits":
        return split(seed)
    x, y, x_test, y_test = load(name)
    return (x.astype("float32"), y), (x_test.astype("float32"), y_test)


def network(name: str, seed: int) -> keras.Model:
    """Compiled by whoever trains it."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    dense = keras.layers.Dense
    if name == "digits":
        layers = [keras.Input((64,)), dense(256, "relu"), dense(256, "relu"), dense(10)]
    else:
        layers = [keras.Input((500,)), dense(64, "relu", name="first"), dense(32, "relu"), dense(1)]
    return keras.Sequential(layers)


def train(model: keras.Model, data: Rows, epochs: int) -> None:
    loss = (
        keras.losses.BinaryCrossentropy(from_logits=True)
        if model.output_shape[-1] == 1
        else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * -(-len(data[0]) // BATCH))
    model.compile(kreg.optimizers.Adam(rate), loss, jit_compile=False)
    model.fit(*data, batch_size=BATCH, epochs=epochs, verbose=0)


def accuracy(model: keras.Model, data: Rows) -> float:
    outputs = model.predict(data[0], batch_size=512, verbose=0)
    told = outputs.ravel() > 0 if outputs.shape[-1] == 1 else outputs.argmax(axis=1)
    return float(np.mean(told == data[1]))


def measured(name: str, method: str, strength: float, seed: int, start: list) -> dict[str, float]:
    """The share of zeros among the penalised weights, the accuracy, and features of madelon."""
    data, held_out = rows(name, seed)
    model, epochs = network(name, seed), EPOCHS[name][1]
    model.set_weights(start)
    steps = epochs * -(-len(data[0]) // BATCH)
    penalty = PENALTIES[method](strength, steps)
    kreg.regularize(model, Rule(penalty, layers=LAYERS[name]))
    train(model, data, epochs)
    kernels = [w.numpy() for w in model.weights if w.regularizer is not None]
    zeros = float(np.mean(np.concatenate([w.ravel() for w in kernels]) == 0))
    kept = np.flatnonzero(kernels[0].any(axis=1))
    found = {"zeros": zeros, "accuracy": accuracy(model, held_out)}
    return {**found, "features": len(kept), "real": len(set(kept.tolist()) & set(REAL))}


def at_share(points: list[dict[str, float]], share: float) -> float:
    """The accuracy at that share of zeros, between the two points around it; NaN outside."""
    points = sorted(points, key=lambda point: point["zeros"])
    kept = [np.log(max(1 - point["zeros"], 1e-6)) for point in points]
    if not points[0]["zeros"] <= share <= points[-1]["zeros"]:
        return np.nan
    return float(np.interp(-np.log(1 - share), -np.array(kept), [p["accuracy"] for p in points]))


def started(name: str, seed: int) -> list[np.ndarray]:
    """The weights that all methods begin at, and what they are worth."""
    data, held_out = rows(name, seed)
    model = network(name, seed)
    train(model, data, EPOCHS[name][0])
    print(f"seed {seed}: {accuracy(model, held_out):.4f} without a penalty", flush=True)
    return model.get_weights()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=tuple(STRENGTHS))
    parser.add_argument("--seeds", type=int, default=3)
    a = parser.parse_args()
    starts = [started(a.name, seed) for seed in range(a.seeds)]
    table = {}
    for method, strengths in STRENGTHS[a.name].items():
        each = []
        for strength in strengths:
            found = [measured(a.name, method, strength, s, starts[s]) for s in range(a.seeds)]
            each.append(found)
            zeros, right, features, real = np.array([list(f.values()) for f in found]).mean(0)
            counted = f"  {features:5.1f} features, {real:4.1f} real" if a.name == "madelon" else ""
            told = f"{method:12s} {strength:8g}  {zeros:6.1%} zeros  accuracy {right:.4f}"
            print(told + counted, flush=True)
        table[method] = [
            [at_share([found[seed] for found in each], share) for seed in range(a.seeds)]
            for share in SHARES[a.name]
        ]
    print("\nheld-out accuracy at     " + "".join(f"{s:>18.0%} zeros" for s in SHARES[a.name]))
    for method, cells in table.items():
        shown = [f"{np.mean(c):.4f} +- {np.std(c, ddof=1) if len(c) > 1 else 0:.4f}" for c in cells]
        print(f"{method:25s}" + "".join(f"{s if 'nan' not in s else '-':>24s}" for s in shown))


if __name__ == "__main__":
    main()

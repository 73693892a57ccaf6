"""Record the suite of runs on which verdict and stopping rules are judged.

    KREG_DATA=/path/to/data python benchmarks/record_suite.py        # a few minutes of one core
    KREG_DATA=... python benchmarks/record_suite.py --seed 1 --out held_out.npz
    python benchmarks/record_suite.py --decayed         # a minute; needs no data

Thirteen tasks (three synthetic, ten real) times a saturated 2^(7-4) design of seven factors: 104
runs of 100 epochs. A small multilayer perceptron in plain NumPy: two hidden ReLU layers, Adam,
batches of 32, inverted dropout, L2 in the loss as Keras writes it, a logged training loss that is
the running mean over the epoch as in Keras. Label noise hits all three splits alike. Half of the
runs are marked "design" (thresholds may be looked at on them), the other half "held out". Another
seed draws other rows, other label noise, other weights and, for the synthetic tasks, other data.

`--decayed` records runs that end too early or whose schedule does: two synthetic tasks, two
learning rates, four schedules. Their truth is `reachable`: the smallest loss on the test set in as
many epochs more, at a rate of 1e-3.

`record_keras_suite.py` records real Keras fits in the same format, on other data sets.
"""

import argparse
import gzip
import os
import time
from pathlib import Path

import numpy as np

from benchmarks.verdicts.suite import DECAYED, PATH, Run, save

EPOCHS, BATCH, TEST = 100, 32, 5000
FACTORS = {
    "rows": (400, 1200),
    "validation": (100, 400),
    "noise": (0.0, 0.2),
    "dropout": (0.0, 0.5),
    "rate": (3e-4, 1e-3),
    "l2": (0.0, 1e-3),
    "width": (32, 128),
}
SCHEDULES = {  # factor of the learning rate at a share of the training
    "constant": lambda done: 1.0,
    "cosine": lambda done: 0.5 * (1 + np.cos(np.pi * done)),
    "early": lambda done: 0.5 * (1 + np.cos(np.pi * min(5 * done, 1.0))),
    "step": lambda done: 1.0 if done < 0.3 else 1e-3,
}
RATES = (2e-5, 1e-3)
PLAIN = {"rows": 400, "validation": 200, "noise": 0.0, "dropout": 0.0, "l2": 0.0, "width": 32}
GENERATORS = {"dropout": "rows validation", "rate": "rows noise", "l2": "validation noise"}


def design() -> list[dict]:
    """The eight rows of the saturated design: the main effects of seven factors are separable."""
    rows = []
    for bits in range(8):
        level = dict(zip(("rows", "validation", "noise"), ((bits >> k) & 1 for k in range(3))))
        for name, parents in GENERATORS.items():
            a, b = parents.split()
            level[name] = 1 - (level[a] ^ level[b])
        level["width"] = level["rows"] ^ level["validation"] ^ level["noise"]
        rows.append({name: FACTORS[name][level[name]] for name in FACTORS})
    return rows


# ------------------------------------------------------------------------------------- data


def blobs(rng):
    centers = rng.normal(size=(10, 20)) * 0.9
    y = rng.integers(10, size=8000)
    return centers[y] + rng.normal(size=(8000, 20)), y, "classification"


def teacher(rng):
    x = rng.normal(size=(8000, 30))
    hidden = np.tanh(x @ rng.normal(size=(30, 12)) / 3)
    return x, (hidden @ rng.normal(size=(12, 5))).argmax(1), "classification"


def rings(rng):
    y = rng.integers(3, size=8000)
    angle, radius = rng.uniform(0, 2 * np.pi, 8000), 1 + y + 0.35 * rng.normal(size=8000)
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return np.concatenate([ring, rng.normal(size=(8000, 8))], 1), y, "classification"


def digits(rng):
    from sklearn.datasets import load_digits

    return *load_digits(return_X_y=True), "classification"


def idx(folder):
    def read(rng):
        parts = []
        for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"):
            raw = gzip.decompress((data() / folder / name).read_bytes())
            parts.append(np.frombuffer(raw, np.uint8, offset=8 + 8 * ("images" in name)))
        images = parts[0].reshape(-1, 14, 2, 14, 2)[:8000].mean((2, 4))
        return images.reshape(8000, -1), parts[1][:8000], "classification"

    return read


def cifar(rng):
    with np.load(data() / "cifar10_small" / "data.npz") as file:
        images = file["X_train"].reshape(-1, 8, 4, 8, 4, 3).mean((2, 4))
        return images.reshape(len(images), -1), file["y_train"], "classification"


def table(name, kind="classification"):
    def read(rng):
        with np.load(data() / name) as file:
            suffix = "_train" if "X_train" in file else ""
            x, y = file[f"X{suffix}"].astype(float), file[f"y{suffix}"]
        return x, y, kind

    return read


def data() -> Path:
    return Path(os.environ["KREG_DATA"])


TASKS = {
    "blobs": blobs,
    "teacher": teacher,
    "rings": rings,
    "digits": digits,
    "mnist": idx("mnist"),
    "fashion": idx("fashion_mnist"),
    "cifar": cifar,
    "phoneme": table("uci_classification/phoneme.npz"),
    "adult": table("uci_classification/adult.npz"),
    "segment": table("uci_classification/segment.npz"),
    "abalone": table("uci_classification/abalone.npz"),
    "kin8nm": table("uci_regression/kin8nm.npz", "regression"),
    "protein": table("uci_regression/protein.npz", "regression"),
}


def splits(read, factors: dict, rng):
    """Train, validation and test arrays, standardised by the training rows; noise in all three."""
    x, y, kind = read(rng)
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    n, m = factors["rows"], factors["validation"]
    scale = x[:n].std(0)
    x = np.clip((x - x[:n].mean(0)) / np.where(scale > 0, scale, 1), -5, 5).astype(np.float32)
    if kind == "regression":
        y = ((y - y[:n].mean()) / y[:n].std())[:, None]
        y = (y + np.sqrt(factors["noise"]) * rng.normal(size=y.shape)).astype(np.float32)
    else:
        y = np.unique(y, return_inverse=True)[1]
        wrong = rng.random(len(y)) < factors["noise"]
        y = np.where(wrong, rng.integers(y.max() + 1, size=len(y)), y)
    cuts = (slice(0, n), slice(n, n + m), slice(n + m, n + m + TEST))
    return kind, [(x[cut], y[cut]) for cut in cuts]


# --------------------------------------------------------------------------------- training


class Net:
    """Two hidden ReLU layers; Glorot weights; Adam as in Keras."""

    def __init__(self, sizes, factors, rng):
        self.rng, self.dropout = rng, factors["dropout"]
        self.l2, self.rate = factors["l2"], factors["rate"]
        self.weights = []
        for fan_in, fan_out in zip(sizes, sizes[1:]):
            limit = np.sqrt(6 / (fan_in + fan_out))
            self.weights += [rng.uniform(-limit, limit, (fan_in, fan_out)), np.zeros(fan_out)]
        self.weights = [w.astype(np.float32) for w in self.weights]
        self.first = [np.zeros_like(w) for w in self.weights]
        self.second = [np.zeros_like(w) for w in self.weights]
        self.step = 0

    def forward(self, x, training=False):
        """Outputs, and what the backward pass needs."""
        inputs, masks = [x], []
        for k in range(0, len(self.weights) - 2, 2):
            h = np.maximum(inputs[-1] @ self.weights[k] + self.weights[k + 1], 0)
            mask = (h > 0).astype(np.float32)
            if training and self.dropout:
                keep = (self.rng.random(h.shape) >= self.dropout) / np.float32(1 - self.dropout)
                h, mask = (h * keep).astype(np.float32), (mask * keep).astype(np.float32)
            inputs.append(h)
            masks.append(mask)
        return inputs[-1] @ self.weights[-2] + self.weights[-1], inputs, masks

    def penalty(self):
        return self.l2 * sum(float((w**2).sum()) for w in self.weights[::2])

    def train(self, x, y, kind):
        """One step; returns the mean loss of the batch before it, noise on."""
        output, inputs, masks = self.forward(x, training=True)
        losses, delta = loss(output, y, kind)
        delta = (delta / len(x)).astype(np.float32)
        gradients = []
        for k in reversed(range(0, len(self.weights), 2)):
            w = self.weights[k]
            gradients = [inputs[k // 2].T @ delta + 2 * self.l2 * w, delta.sum(0), *gradients]
            if k:
                delta = (delta @ w.T) * masks[k // 2 - 1]
        self.adam(gradients)
        return float(losses.mean())

    def adam(self, gradients):
        self.step += 1
        scale = self.rate * np.sqrt(1 - 0.999**self.step) / (1 - 0.9**self.step)
        for w, g, m, v in zip(self.weights, gradients, self.first, self.second):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            w -= np.float32(scale) * m / (np.sqrt(v) + np.float32(1e-7))


def loss(output, y, kind):
    """Per-example losses and their gradients with respect to the outputs."""
    if kind == "regression":
        error = output - y
        return (error**2).mean(1), 2 * error
    shifted = output - output.max(1, keepdims=True)
    p = np.exp(shifted)
    total = p.sum(1, keepdims=True)
    rows = np.arange(len(y))
    losses = np.log(total[:, 0]) - shifted[rows, y]
    p /= total
    p[rows, y] -= 1
    return losses, p


def evaluate(net, split, kind, training=False):
    output = net.forward(split[0], training)[0]
    losses = loss(output, split[1], kind)[0]
    right = np.zeros(0, bool) if kind == "regression" else output.argmax(1) == split[1]
    return losses, right


def run(task: str, number: int, factors: dict, half: str, seed: int = 0, schedule: str = "") -> Run:
    rng = np.random.default_rng([sum(map(ord, task)), number, seed][: 3 if seed else 2])
    kind, (train, validation, test) = splits(TASKS[task], factors, rng)
    outputs = 1 if kind == "regression" else int(max(train[1].max(), test[1].max())) + 1
    net = Net([train[0].shape[1], factors["width"], factors["width"], outputs], factors, rng)
    measured = min(len(train[0]), len(validation[0]))  # the same number of rows on both sides
    probe = (train[0][:measured], train[1][:measured])
    curves, examples, correct = {}, [], []
    for epoch in range(EPOCHS):
        if schedule:
            net.rate = factors["rate"] * float(SCHEDULES[schedule](epoch / (EPOCHS - 1)))
        logged = trained(net, train, kind, rng)
        row, losses, right = measure(net, probe, validation, test, kind)
        row["loss"] = logged
        row["val_loss"] = row["val_clean_loss"] + row["penalty"]
        row |= {"learning_rate": net.rate} if schedule else {}
        for name, value in row.items():
            curves.setdefault(name, []).append(value)
        examples.append(losses)
        correct.append(right)
    meta = {"name": f"{task}-{number}", "task": task, "half": half, "kind": kind, **factors}
    meta |= {"train": len(train[0]), "measured": measured, "classes": outputs}
    meta["loss"] = "mse" if kind == "regression" else "sparse_categorical_crossentropy"
    if schedule:
        meta |= {"schedule": schedule, "reachable": trained_on(net, train, test, kind, rng)}
    return Run(meta, curves, np.array(examples, np.float32), np.array(correct))


def trained(net, train, kind, rng) -> float:
    """One epoch; the mean of the losses that the batches had before their steps."""
    order, logged = rng.permutation(len(train[0])), []
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        before = net.penalty()
        logged.append((net.train(train[0][rows], train[1][rows], kind) + before) * len(rows))
    return sum(logged) / len(order)


def trained_on(net, train, test, kind, rng) -> float:
    """The smallest test loss in as many epochs more, at a rate that is known to train."""
    net.rate, found = 1e-3, []
    for epoch in range(EPOCHS):
        trained(net, train, kind, rng)
        if epoch % 5 == 4:
            found.append(float(evaluate(net, test, kind)[0].mean()))
    return min(found)


def measure(net, probe, validation, test, kind):
    (train, right), (losses, correct) = (evaluate(net, s, kind) for s in (probe, validation))
    truth, truth_right = evaluate(net, test, kind)
    row = {
        "clean_loss": train.mean(),
        "noisy_loss": evaluate(net, probe, kind, training=True)[0].mean(),
        "val_clean_loss": losses.mean(),
        "test_loss": truth.mean(),
        "penalty": net.penalty(),
    }
    names = ("clean_accuracy", "val_clean_accuracy", "test_accuracy")
    for name, values in zip(names, (right, correct, truth_right)):
        row[name] = values.mean() if values.size else np.nan
    return row, losses, correct


def decayed(seed: int) -> list[Run]:
    """Each schedule at each rate on two tasks."""
    wanted = [(t, r, s) for t in ("blobs", "rings") for r in RATES for s in SCHEDULES]
    return [
        run(task, number, {**PLAIN, "rate": rate}, "held out", seed, schedule)
        for number, (task, rate, schedule) in enumerate(wanted)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=PATH)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--decayed", action="store_true", help="runs that end too early")
    arguments = parser.parse_args()
    if arguments.decayed:
        save(decayed(arguments.seed), DECAYED)
        return
    runs, start = [], time.process_time()
    for t, task in enumerate(TASKS):
        for number, factors in enumerate(design()):
            half = ("design", "held out")[(t + number) % 2]
            runs.append(run(task, number, factors, half, arguments.seed))
        print(
            f"{task:10s} {len(runs):4d} runs  {time.process_time() - start:6.0f} s CPU", flush=True
        )
    Path(arguments.out).parent.mkdir(parents=True, exist_ok=True)
    save(runs, arguments.out)
    print(f"{arguments.out}: {Path(arguments.out).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

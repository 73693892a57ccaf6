"""The lasso on the diabetes data: exact zeros, support and objective beside scikit-learn's.

    python benchmarks/bench_lasso.py [--seeds 3] [--steps 2000] [--batch-steps 8000]
        [--alphas 0.05 0.02] [--batches full 32]

Full batch and mini-batches of 32. `naive` is what everyone writes first: soft-threshold by
learning rate times l1 after the optimizer's step. The gap is relative, (F - F*) / F*, with F* from
`sklearn.linear_model.Lasso(tol=1e-14)`; every optimizer has a cosine learning rate, none is tuned.

Measured (all defaults): each kreg row has the support of scikit-learn, on the full batch and for
all three seeds. Largest gaps over both alphas: full batch 9.2e-13 (SGD), mini-batches 2.9e-6
(RMSprop), 1.1e-7 (the others). Keras L1 has no zero in any row; the naive thresholds have gaps from
5.4e-3 to 8.6e-2.
"""

import argparse

import keras
import linear_tools as tools
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso

import kreg

RATES = {"SGD": 0.05, "momentum": 0.02, "nesterov": 0.02, "Adam": 0.01, "AdamW": 0.01,
         "RMSprop": 0.01}  # fmt: skip


def optimizer(package, name: str, steps: int):
    rate = tools.cosine(RATES[name], steps)
    if name in ("momentum", "nesterov"):
        return package.SGD(rate, momentum=0.9, nesterov=name == "nesterov")
    decay = {"weight_decay": 0.0} if name == "AdamW" else {}
    return getattr(package, name)(rate, **decay)


def naive(name: str, steps: int, l1: float):
    """A stock optimizer with a threshold after the step."""

    class Naive(type(optimizer(keras.optimizers, name, steps))):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, learning_rate)
            if len(variable.shape) == 2:
                self.assign(variable, kreg.L1(l1).prox(variable, learning_rate))

    return Naive.from_config(optimizer(keras.optimizers, name, steps).get_config())


def trainings(steps: int, l1: float):
    """`(label, optimizer, penalty)` for each line of the table."""
    for name in ("SGD", "Adam"):
        yield (
            f"keras.{name} + keras L1",
            optimizer(keras.optimizers, name, steps),
            (keras.regularizers.L1(l1)),
        )
    for name in ("momentum", "Adam"):
        yield f"naive threshold, {name}", naive(name, steps, l1), None
    for name in RATES:
        yield f"kreg.{name} + kreg.L1", optimizer(kreg.optimizers, name, steps), kreg.L1(l1)


def compare(alpha: float, steps: int, batch, seeds: int) -> None:
    x, y = (tools.standardized(a) for a in load_diabetes(return_X_y=True))
    truth = Lasso(alpha=alpha, tol=1e-14, max_iter=10**6).fit(x, y)

    def objective(w, b):
        return np.mean((x @ w + b - y) ** 2) + 2 * alpha * np.abs(w).sum()

    best = objective(truth.coef_, truth.intercept_)
    zeros = int((truth.coef_ == 0).sum())
    print(f"\nalpha {alpha} (l1 = {2 * alpha}), batch {batch or 'full'}, {zeros} true zeros")
    print(f"{'':28s} {'exact zeros':14s} {'support':9s} largest relative gap")
    lines: dict[str, list] = {}
    for seed in range(seeds):
        for label, opt, penalty in trainings(steps, 2 * alpha):
            keras.utils.clear_session()
            model = tools.solve(opt, penalty, x, y, steps=steps, batch=batch, seed=seed)
            w, b = tools.coefficients(model)
            same = np.array_equal(w != 0, truth.coef_ != 0)
            row = (int((w == 0).sum()), same, objective(w, b) / best - 1)
            lines.setdefault(label, []).append(row)
    for label, rows in lines.items():
        found, same, gaps = zip(*rows, strict=True)
        counts = ", ".join(map(str, found))
        print(f"{label:28s} {counts:14s} {sum(same)} of {seeds:<4d} {max(gaps):.1e}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch-steps", type=int, default=8000)
    parser.add_argument("--alphas", type=float, nargs="+", default=[0.05, 0.02])
    parser.add_argument("--batches", nargs="+", default=["full", "32"], choices=["full", "32"])
    a = parser.parse_args()
    for alpha in a.alphas:
        if "full" in a.batches:
            compare(alpha, a.steps, None, 1)
        if "32" in a.batches:
            compare(alpha, a.batch_steps, 32, a.seeds)


if __name__ == "__main__":
    main()

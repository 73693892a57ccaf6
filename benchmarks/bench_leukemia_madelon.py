"""Feature selection beside scikit-learn: leukemia (38 x 7,129) and madelon (500 features, 20 real).

    KREG_DATA=... python benchmarks/bench_leukemia_madelon.py [--steps 6000] [--epochs 150]

Logistic regression with the lasso, the same objective in both packages, strengths as fractions of
the smallest one at which no feature is left. The gap is what `kreg.certificate` proves for kreg's
own solution. Below, what no linear model can do: a network on madelon whose first layer has a
group lasso on its input rows, beside the same network without it; `real` counts the selected
features among the 20 real ones.
"""

import argparse
import os
from pathlib import Path

import keras
import linear_tools as tools
import numpy as np
from sklearn.linear_model import LogisticRegression

import kreg

# 0-based; a random forest on all 2,600 rows ranks exactly these twenty first (checked)
REAL = (28, 48, 64, 105, 128, 153, 241, 281, 318, 336, 338, 378, 433, 442, 451, 453, 455, 472, 475,
        493)  # fmt: skip
LOSS = keras.losses.BinaryCrossentropy(from_logits=True)


def load(name: str):
    with np.load(Path(os.environ["KREG_DATA"]) / name / "data.npz") as archive:
        parts = [archive[k].astype("float64") for k in ("X_train", "y_train", "X_test", "y_test")]
    x, y, x_test, y_test = parts
    if name == "leukemia_golub":  # the usual preprocessing: Dudoit et al. 2002
        x, x_test = (np.log10(np.clip(a, 100, 16000)) for a in (x, x_test))
    return tools.standardized(x), y, tools.standardized(x_test, by=x), y_test


def largest_strength(x, y) -> float:
    return np.abs(x.T @ (y - y.mean())).max() / len(x)


def optimizer_for(x, steps: int):
    largest = np.linalg.eigvalsh(x @ x.T if len(x) < x.shape[1] else x.T @ x)[-1]
    rate = tools.cosine(0.9 * 4 * len(x) / largest, steps)
    return kreg.optimizers.SGD(rate, momentum=0.95, nesterov=True)


def linear(name: str, fractions, steps: int) -> None:
    x, y, x_test, y_test = load(name)
    print(f"\n{name}: {len(x)} rows, {x.shape[1]} features, {len(x_test)} test rows")
    print("l1/l1_max   features kreg / scikit-learn / both   test errors   proved gap of kreg")
    for fraction in fractions:
        keras.utils.clear_session()
        l1 = fraction * largest_strength(x, y)
        model = tools.solve(
            optimizer_for(x, steps), kreg.L1(l1), x, y, steps=steps, loss=LOSS, zeros=True
        )
        w, b = tools.coefficients(model)
        reference = LogisticRegression(
            C=1 / (len(x) * l1), l1_ratio=1, solver="saga", tol=1e-5, max_iter=5_000,
            random_state=0,
        ).fit(x, y)  # fmt: skip
        theirs = reference.coef_.ravel()
        errors = np.sum((x_test @ w + b > 0) != y_test), np.sum(reference.predict(x_test) != y_test)
        gap = kreg.certificate(model, x.astype("float32"), y.reshape(-1, 1)).relative_gap
        counts = np.sum(w != 0), np.sum(theirs != 0), np.sum((w != 0) & (theirs != 0))
        print(
            f"{fraction:9.2f}   {counts[0]:10d} / {counts[1]:6d} / {counts[2]:5d}      "
            f"{errors[0]:8d} / {errors[1]:<8d} {gap:10.1e}",
            flush=True,
        )


def network(penalty, epochs: int, seed: int = 0) -> tuple:
    """`(selected features, of them real, test error in per cent)`."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    x, y, x_test, y_test = load("madelon")
    first = keras.layers.Dense(64, "relu", kernel_regularizer=penalty)
    layers = [first, keras.layers.Dense(32, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((500,)), *layers])
    rate = tools.cosine(2e-3, epochs * 32)
    model.compile(kreg.optimizers.Adam(rate), LOSS)
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    selected = np.flatnonzero(np.any(first.get_weights()[0] != 0, axis=1))
    wrong = (model.predict(x_test, verbose=0).ravel() > 0) != y_test
    return len(selected), len(set(selected) & set(REAL)), 100 * wrong.mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=150)
    a = parser.parse_args()
    linear("leukemia_golub", (0.5, 0.2, 0.1), a.steps)
    linear("madelon", (0.5, 0.2), a.steps)
    print("\nmadelon, network 500-64-32-1   selected   real   test error %")
    for strength in (None, 2e-3, 4e-3, 8e-3):
        penalty = None if strength is None else kreg.GroupLasso(strength, axis=-2)
        label = "no penalty" if strength is None else f"group lasso {strength:g}"
        selected, real, error = network(penalty, a.epochs)
        print(f"{label:28s} {selected:10d} {real:6d} {error:12.1f}", flush=True)


if __name__ == "__main__":
    main()

"""Small problems with known optima, shared by the tests of the optimizers."""

import keras
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes


def standardized(x):
    return (x - x.mean(0)) / x.std(0)


def diabetes():
    x, y = load_diabetes(return_X_y=True)
    return standardized(x), standardized(y)


def breast_cancer():
    x, y = load_breast_cancer(return_X_y=True)
    return standardized(x), y.astype("float64")


def orthonormal(rows: int = 64, features: int = 8):
    """Columns with X'X/n = 1 and mean 0, and a target in which half of them have no part.

    The lasso's solution is a soft-thresholding: `w_j = soft(x_j'y / n, l1 / 2)`.
    """
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(np.c_[np.ones(rows), rng.normal(size=(rows, features + 1))])
    x = basis[:, 1 : features + 1] * np.sqrt(rows)
    truth = np.where(np.arange(features) % 2, 0.0, np.linspace(1.0, -1.0, features))
    y = x @ truth + 0.02 * basis[:, -1] * np.sqrt(rows) + 0.01 * x.sum(1)
    return x, y


def soft(z, threshold):
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0)


def orthonormal_lasso(l1: float) -> np.ndarray:
    """The exact coefficients of the lasso on `orthonormal()`."""
    x, y = orthonormal()
    return soft(x.T @ y / len(x), l1 / 2)


def batch():
    """`orthonormal()` as one batch."""
    x, y = orthonormal()
    return x.astype("float32"), y.reshape(-1, 1).astype("float32")


def fit(model, steps=200):
    """So many full-batch steps on `orthonormal()`; returns the history."""
    import tensorflow as tf  # the suite for other backends uses the other functions without it

    stream = tf.data.Dataset.from_tensors(batch()).repeat(steps)
    return model.fit(stream, shuffle=False, verbose=0)


def assert_solved(model, l1=0.3, atol=2e-5):
    """The weights are the lasso's on `orthonormal()`, zeros exactly."""
    w, _ = coefficients(model)
    expected = orthonormal_lasso(l1)
    np.testing.assert_array_equal(w != 0, expected != 0)
    np.testing.assert_allclose(w, expected, atol=atol)


def linear_model(features: int, penalty=None) -> keras.Model:
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(1, kernel_regularizer=penalty, name="linear")
    return keras.Sequential([keras.Input((features,)), dense])


def solve(
    optimizer, penalty, x, y, *, steps, batch=None, loss="mse", seed=0, execution=100, **compile
):
    """Train a linear model for exactly `steps` steps; return it."""
    import tensorflow as tf

    model = linear_model(x.shape[1], penalty)
    data = x.astype("float32"), y.reshape(-1, 1).astype("float32")
    if batch is None:
        stream = tf.data.Dataset.from_tensors(data).repeat(steps)
    else:
        order = shuffled(len(x), steps * batch, seed).reshape(steps, batch)
        stream = tf.data.Dataset.from_tensor_slices(tuple(a[order] for a in data))
    model.compile(optimizer, loss, steps_per_execution=execution, **compile)
    model.fit(stream, shuffle=False, verbose=0)
    return model


def shuffled(rows: int, count: int, seed: int) -> np.ndarray:
    """So many row numbers, a new permutation each epoch."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(rows) for _ in range(-(-count // rows))])[:count]


def coefficients(model) -> tuple[np.ndarray, float]:
    kernel, bias = model.get_layer("linear").get_weights()
    return kernel.ravel().astype("float64"), float(bias[0])


def squared_objective(x, y, w, b, l1, l2=0.0) -> float:
    return np.mean((x @ w + b - y) ** 2) + l1 * np.abs(w).sum() + l2 * np.square(w).sum()


def logistic_objective(x, y, w, b, l1, l2=0.0) -> float:
    margin = x @ w + b
    loss = np.mean(np.logaddexp(0, margin) - y * margin)
    return loss + l1 * np.abs(w).sum() + l2 * np.square(w).sum()


def cosine(rate: float, steps: int):
    return keras.optimizers.schedules.CosineDecay(rate, steps)

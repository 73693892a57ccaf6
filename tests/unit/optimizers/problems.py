"""Small problems with known optima, shared by the tests of the optimizers."""

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_breast_cancer, load_diabetes


def standardized(x):
    return (x - x.mean(0)) / x.std(0)


def diabetes():
    x, y = load_diabetes(return_X_y=True)
    return standardized(x), standardized(y)


def breast_cancer():
    x, y = load_breast_cancer(return_X_y=True)
    return standardized(x), y.astype("float64")


def linear_model(features: int, penalty=None) -> keras.Model:
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(1, kernel_regularizer=penalty, name="linear")
    return keras.Sequential([keras.Input((features,)), dense])


def solve(
    optimizer, penalty, x, y, *, steps, batch=None, loss="mse", seed=0, execution=100, **compile
):
    """Train a linear model for exactly `steps` steps; return it."""
    model = linear_model(x.shape[1], penalty)
    data = tf.constant(x, "float32"), tf.constant(y.reshape(-1, 1), "float32")
    if batch is None:
        stream = tf.data.Dataset.from_tensors(data).repeat(steps)
    else:
        stream = tf.data.Dataset.from_tensor_slices(data).shuffle(len(x), seed=seed)
        stream = stream.repeat().batch(batch, drop_remainder=True).take(steps)
    model.compile(optimizer, loss, steps_per_execution=execution, **compile)
    model.fit(stream, shuffle=False, verbose=0)
    return model


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

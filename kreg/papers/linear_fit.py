"""A linear model trained by a kreg optimizer until nothing moves: what the linear tables share."""

import keras
import numpy as np
import tensorflow as tf

from kreg.optimizers import SGD
from kreg.regularizers import Penalty

EXECUTION = 100  # steps in one call: a linear model is faster than the call


def linear_model(x: np.ndarray, penalty: Penalty, steps: int) -> keras.Model:
    """One dense unit, compiled for full-batch steps with the rate that its curvature allows."""
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(1, kernel_regularizer=penalty, name="linear")
    model = keras.Sequential([keras.Input((x.shape[1],)), dense])
    rate = 0.9 / curvature(x, penalty)
    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    at_once = 1 if keras.backend.backend() == "torch" else EXECUTION  # Keras knows no other there
    model.compile(SGD(decay, momentum=0.9, nesterov=True), "mse", steps_per_execution=at_once)
    return model


def curvature(x: np.ndarray, penalty: Penalty) -> float:
    """Largest eigenvalue of the Hessian of mean squared error plus ridge."""
    largest = float(np.linalg.eigvalsh(x.T @ x / len(x))[-1])
    return 2.0 * (largest + penalty.strengths().get("l2", 0.0))


def train(model: keras.Model, x: np.ndarray, y: np.ndarray, steps: int) -> np.ndarray:
    """So many full-batch steps, the optimizer's clock from zero; returns the kernel, float64."""
    model.optimizer.iterations.assign(0)
    data = tf.constant(x, tf.float32), tf.constant(y.reshape(-1, 1), tf.float32)
    model.fit(tf.data.Dataset.from_tensors(data).repeat(steps), shuffle=False, verbose=0)
    kernel: np.ndarray = model.get_layer("linear").get_weights()[0]
    return kernel.ravel().astype("float64")

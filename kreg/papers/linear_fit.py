"""A linear model trained by a kreg optimizer until nothing moves: what the experiments share."""

import keras
import numpy as np
import tensorflow as tf

from kreg.optimizers import SGD

EXECUTION = 100  # steps in one call: a linear model is faster than the call


def linear_model(x, penalty, steps: int) -> keras.Model:
    """One dense unit, compiled for full-batch steps with the rate that its curvature allows."""
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(1, kernel_regularizer=penalty, name="linear")
    model = keras.Sequential([keras.Input((x.shape[1],)), dense])
    rate = 0.9 / curvature(x, penalty)
    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(SGD(decay, momentum=0.9, nesterov=True), "mse", steps_per_execution=EXECUTION)
    return model


def curvature(x, penalty) -> float:
    """Largest eigenvalue of the Hessian of mean squared error plus ridge."""
    largest = np.linalg.eigvalsh(x.T @ x / len(x))[-1]
    ridge = penalty.strengths().get("l2", 0.0) if penalty is not None else 0.0
    return 2.0 * (largest + ridge)


def train(model, x, y, steps: int) -> np.ndarray:
    """So many full-batch steps, the optimizer's clock from zero; returns the kernel, float64."""
    model.optimizer.iterations.assign(0)
    data = tf.constant(x, tf.float32), tf.constant(y.reshape(-1, 1), tf.float32)
    model.fit(tf.data.Dataset.from_tensors(data).repeat(steps), shuffle=False, verbose=0)
    return model.get_layer("linear").get_weights()[0].ravel().astype("float64")

"""A linear model on standardized data, for the benchmarks that compare with scikit-learn."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

EXECUTION = 100  # steps in one call


def standardized(x, by=None):
    by = x if by is None else by
    return (x - by.mean(0)) / np.where(by.std(0) > 0, by.std(0), 1)


def cosine(rate: float, steps: int):
    return keras.optimizers.schedules.CosineDecay(rate, steps)


def solve(optimizer, penalty, x, y, *, steps, batch=None, seed=0, loss="mse", zeros=False):
    """A dense unit trained for so many steps, on the full batch or on mini-batches."""
    keras.utils.set_random_seed(seed)
    init = "zeros" if zeros else "glorot_uniform"
    dense = keras.layers.Dense(1, kernel_initializer=init, kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input((x.shape[1],)), dense])
    data = x.astype("float32"), y.reshape(-1, 1).astype("float32")
    if batch is None:
        stream = tf.data.Dataset.from_tensors(data).repeat(steps)
    else:
        order = shuffled(len(x), steps * batch, seed).reshape(steps, batch)
        stream = tf.data.Dataset.from_tensor_slices(tuple(a[order] for a in data))
    model.compile(optimizer, loss, steps_per_execution=EXECUTION)
    model.fit(stream, shuffle=False, verbose=0)
    return model


def shuffled(rows: int, count: int, seed: int) -> np.ndarray:
    """So many row numbers, a new permutation each epoch."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(rows) for _ in range(-(-count // rows))])[:count]


def coefficients(model):
    kernel, bias = model.layers[-1].get_weights()
    return kernel.ravel().astype("float64"), float(bias[0])

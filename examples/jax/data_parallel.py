"""One model on all devices of a machine, with JAX: every device gets its part of each batch.

    KERAS_BACKEND=jax python examples/jax/data_parallel.py

To try it on a processor, let JAX see it as two devices:

    XLA_FLAGS=--xla_force_host_platform_device_count=2 KERAS_BACKEND=jax python \
examples/jax/data_parallel.py

The distribution must be set before the model is made. JAX cuts a batch into equal parts, so the
rows of every batch, the last one too, must be a multiple of the devices: leave the rest out.
"""

import argparse
import json
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits

import kreg

BATCH = 32


def rows():
    """Pixels in 0..1 and classes; 1,280 training rows in whole batches, and 448 of validation."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    x, y = (x[order] / 16).astype("float32"), y[order].astype("int32")
    return (x[:1280], y[:1280]), (x[1280:1728], y[1280:1728])


def network():
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64, "relu")])
    model.add(keras.layers.Dense(10))
    kreg.regularize(model, kreg.L1(1e-3))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    return model


def main(out):
    devices = keras.distribution.list_devices()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    keras.utils.set_random_seed(0)
    train, validation = rows()
    model = network()
    diagnostics = kreg.Diagnostics(train, validation)
    stopping = kreg.EarlyStopping(patience=5)
    history = model.fit(
        *train,
        batch_size=BATCH,
        epochs=30,
        callbacks=[diagnostics, stopping],
        verbose=0,
    )
    zeros = kreg.sparsity(model)
    print(f"{len(devices)} devices: {diagnostics.verdict.headline}\n{zeros}")
    if out is not None:
        found = {
            "devices": len(devices),
            "verdict": diagnostics.verdict.state,
            "stopped": [stopping.best_epoch, stopping.stopped_epoch],
            "zeros": zeros.fraction,
            "history": history.history,
        }
        out.write_text(json.dumps(found, default=float))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="a file for the numbers, as JSON")
    main(parser.parse_args().out)

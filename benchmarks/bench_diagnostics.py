"""What Diagnostics costs: an epoch with it over an epoch without it, in one and the same training.

    KREG_DATA=... python benchmarks/bench_diagnostics.py [--epochs 60] [--validated]

Every second epoch goes without Diagnostics, so that both kinds see the same machine. `ratio` is the
median epoch with over the median epoch without, in processor time from one `on_epoch_begin` to the
next; the first six epochs are left out (compilation). The refined loss is in it; what averaging
costs beside it is measured by `bench_average.py`. Keras's own validation is off: it would hide the
cost. With `--validated` the other epochs have it, of the same rows: then the ratio is what the
callback costs in its place. The training side is thinned by sizes as in any training; the last
column says what is left of it. Fashion-MNIST is cut to 6000 training rows, and skipped without
KREG_DATA.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from fashion import fashion
from sklearn.datasets import load_digits

import kreg

SKIP = 6


class Alternating(kreg.Diagnostics):
    """Diagnostics in every second epoch only, and the time of every epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.stamps = [*getattr(self, "stamps", []), time.process_time()]
        if epoch % 2 == 0:
            super().on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 0:
            super().on_epoch_end(epoch, logs)

    def ratio(self) -> tuple[float, float]:
        """Median epoch with over without, and the one without in milliseconds."""
        seconds = np.diff(self.stamps)[SKIP:]
        with_it, without = (statistics.median(seconds[i::2]) for i in (0, 1))
        return with_it / without, 1e3 * without


def deep():
    """Digits: four dense layers of 128."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype("float32")
    hidden = [keras.layers.Dense(128, activation="relu", kernel_regularizer="l2") for _ in range(4)]
    model = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10)])
    return model, (x[:1260], y[:1260]), (x[1260:1530], y[1260:1530])


def cnn():
    """Fashion-MNIST: two convolutions and a dense layer."""
    (x, y), _ = fashion()
    x = x[..., None].astype("float32") / 255
    layers = [keras.Input((28, 28, 1))]
    for filters in (16, 32):
        layers += [keras.layers.Conv2D(filters, 3, activation="relu"), keras.layers.MaxPooling2D()]
    layers += [keras.layers.Flatten(), keras.layers.Dropout(0.3), keras.layers.Dense(10)]
    return keras.Sequential(layers), (x[:6000], y[:6000]), (x[6000:7000], y[6000:7000])


def measure(name: str, make, epochs: int, validated: bool) -> None:
    keras.utils.set_random_seed(0)
    model, train, validation = make()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    watch = Alternating(train, validation, verbose=0)
    how = {"validation_data": validation, "validation_freq": 2} if validated else {}
    model.fit(*train, batch_size=32, epochs=epochs, verbose=0, callbacks=[watch], **how)
    ratio, plain = watch.ratio()
    left = f"{len(watch.thin)} of {len(watch.train)}"
    print(f"{name:24s} {plain:9.1f} {ratio:7.3f}   {left}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--validated", action="store_true", help="beside Keras's own validation")
    arguments = parser.parse_args()
    epochs, validated = arguments.epochs, arguments.validated
    print(f"{'':24s} {'ms/epoch':>9s} {'ratio':>7s}   training rows")
    measure("digits/deep", deep, epochs, validated)
    if os.environ.get("KREG_DATA"):
        measure("fashion_mnist/cnn", cnn, max(epochs // 4, 16), validated)


if __name__ == "__main__":
    main()

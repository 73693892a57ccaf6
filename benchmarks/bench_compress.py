"""What `kreg.compress` removes, and what it costs: known architectures, and two trained models.

    python benchmarks/bench_compress.py applications [--side 96]
    python benchmarks/bench_compress.py digits
    KREG_DATA=... python benchmarks/bench_compress.py fashion [--rows 20000] [--epochs 12]

`applications`: keras.applications with random weights, in which 40 % of the input channels of every
convolution and 20 % of the gammas and betas of every normalisation are set to zero at random, so
that nothing is arranged for the compressor. The difference is relative to the largest output.

`digits` (64-256-256-10) and `fashion` (`kreg.models.cnn`): a dense model is trained for `--epochs`
epochs, its learning rate falling to zero. Another start is trained for a third of them, thinned
to `--keep` of its parameters, compressed, and refitted without penalty for what is left of the same
number of epochs. Test accuracy in per cent; latency is one prediction of 32 examples on one core.
Nothing is chosen by the test rows. Thinning is young: on `digits` (seed 0) it lost 6 points, 97.98
to 91.94 at 13.9 % of the parameters, so that `compress=true` does not thin unless it is asked to.
"""

import argparse

import keras
import numpy as np
from fashion import fashion
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import kreg
import kreg.optimizers
from kreg import models, surgery
from kreg.surgery.thin import CHECKS

ARCHITECTURES = ("MobileNetV2", "ResNet50", "DenseNet121", "EfficientNetB0")
RATE, BATCH = 2e-3, 128
FIT = {"batch_size": BATCH, "verbose": 0}
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def spoil(model: keras.Model, seed: int = 0) -> None:
    """Random statistics; zero input channels of convolutions, zero normalisation channels."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        values = layer.get_weights()
        if isinstance(layer, keras.layers.DepthwiseConv2D | keras.layers.Normalization):
            continue
        if isinstance(layer, keras.layers.Conv2D):
            values[0][..., rng.random(values[0].shape[-2]) < 0.4 * (values[0].shape[-2] > 3), :] = 0
        if isinstance(layer, keras.layers.BatchNormalization):
            dead = rng.random(values[0].shape) < 0.2
            values = [np.where(dead, 0, 1), np.where(dead, 0, rng.normal(size=dead.shape) / 5)]
            values += [rng.normal(size=dead.shape) / 5, rng.uniform(0.5, 1.5, dead.shape)]
        layer.set_weights(values)


def applications(args) -> Table:
    table = Table("model", "parameters", "left", "operations left", "ms before", "ms after",
                  "latency ratio", "difference")  # fmt: skip
    for name in args.models or ARCHITECTURES:
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)
        make = getattr(keras.applications, name)
        model = make(weights=None, input_shape=(args.side, args.side, 3), classes=100)
        spoil(model)
        _, report = kreg.compress(model)
        before, after = report.before, report.after
        table.add_row(
            name, f"{before.parameters:,}", f"{report.ratio:.1%}",
            f"{after.flops / before.flops:.1%}", f"{before.latency_ms:.1f}",
            f"{after.latency_ms:.1f}", f"{after.latency_ms / before.latency_ms:.2f}",
            f"{report.difference:.1e}",
        )  # fmt: skip
    return table


def digits_data():
    x, y = load_digits(return_X_y=True)
    return train_test_split((x / 16).astype("float32"), y, test_size=397, random_state=0)


def dense_net() -> keras.Model:
    dense = keras.layers.Dense
    layers = [dense(256, "relu"), dense(256, "relu"), dense(10)]
    return keras.Sequential([keras.Input((64,)), *layers])


def conv_net() -> keras.Model:
    return models.cnn((28, 28, 1), 10, "classification")


def ready(model: keras.Model, rate) -> keras.Model:
    model.compile(kreg.optimizers.Adam(rate), LOSS, metrics=["accuracy"])
    return model


def fashion_data(rows: int):
    (x, y), (x_test, y_test) = fashion()
    x, x_test = (part[..., None].astype("float32") / 255 for part in (x, x_test))
    return x[:rows], x_test, y[:rows].astype("int32"), y_test.astype("int32")


def showcase(args, make, data) -> Table:
    x, x_test, y, y_test = data
    steps = -(-len(x) // BATCH)
    first = args.epochs // 3
    table = Table("model", "test accuracy", "parameters", "of dense", "ms", "latency ratio")
    base = []

    def row(name, model):
        time = surgery.latency(model, x_test[:32], repeats=60)
        base.append((model.count_params(), time))
        count, dense = model.count_params(), base[0]
        found = accuracy_of(model, x_test, y_test)
        cells = (f"{found:.2f}", f"{count:,}", f"{count / dense[0]:.1%}", f"{time:.2f}")
        table.add_row(name, *cells, f"{time / dense[1]:.2f}")
        print(name, *cells, flush=True)

    def falling(epochs):
        return keras.optimizers.schedules.CosineDecay(RATE, epochs * steps)

    keras.utils.set_random_seed(args.seed)
    dense = ready(make(), falling(args.epochs))
    dense.fit(x, y, epochs=args.epochs, **FIT)
    row("dense", dense)
    keras.utils.set_random_seed(args.seed)
    model = ready(make(), RATE)
    model.fit(x, y, epochs=first, **FIT)
    slower = kreg.optimizers.Adam(RATE / 2)
    thinned, path = surgery.thin(
        model, x, y, keep=args.keep, epochs=first, optimizer=slower, **FIT
    )  # fmt: skip
    used = -(-len(path) * max(steps // CHECKS, 1) // steps)
    left = args.epochs - first - used
    refitted, _, _ = surgery.compress_and_refit(
        thinned, x, y, epochs=left, optimizer=keras.optimizers.Adam(falling(left)),
        data=x_test[:32], latency=False, **FIT,
    )  # fmt: skip
    row(f"{first} epochs, thinned in {used}, compressed, refitted for {left}", refitted)
    return table


def accuracy_of(model: keras.Model, x, y) -> float:
    """In per cent."""
    scores = model.predict(x, batch_size=256, verbose=0)
    return 100 * float((scores.argmax(axis=-1) == y).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("applications", "digits", "fashion"))
    parser.add_argument("--models", nargs="*", choices=ARCHITECTURES)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--keep", type=float, default=0.15)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.what == "applications":
        table = applications(args)
    elif args.what == "digits":
        args.epochs = args.epochs or 60
        table = showcase(args, dense_net, digits_data())
    else:
        args.epochs = args.epochs or 12
        table = showcase(args, conv_net, fashion_data(args.rows))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()

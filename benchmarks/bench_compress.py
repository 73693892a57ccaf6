"""What `kreg.compress` removes, and what it costs: known architectures, and two trained models.

    python benchmarks/bench_compress.py applications [--side 96]
    python benchmarks/bench_compress.py digits
    KREG_DATA=... python benchmarks/bench_compress.py fashion [--rows 10000] [--epochs 6]

`applications`: keras.applications with random weights, in which 40 % of the input channels of every
convolution and 20 % of the gammas and betas of every normalisation are set to zero at random, so
that nothing is arranged for the compressor. The difference is relative to the largest output.

`digits` and `fashion`: a dense model, the same model under a group lasso on input rows with
`kreg.optimizers.Adam`, what compression leaves of it, and the same after a refit without penalty.
Test accuracy in per cent; latency is one prediction of 32 examples on one core.
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
from kreg import surgery

ARCHITECTURES = ("MobileNetV2", "ResNet50", "DenseNet121", "EfficientNetB0")
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


def dense_net(penalty=None) -> keras.Model:
    dense = keras.layers.Dense
    layers = [dense(256, "relu", name="a"), dense(256, "relu", name="b"), dense(10, name="head")]
    return ready(keras.Sequential([keras.Input((64,)), *layers]), penalty, 2e-3)


def conv_net(penalty=None) -> keras.Model:
    conv, pool = keras.layers.Conv2D, keras.layers.MaxPooling2D
    layers = [
        keras.layers.Rescaling(1 / 255),
        conv(32, 3, padding="same", activation="relu"), pool(),
        conv(64, 3, padding="same", activation="relu"), pool(),
        conv(128, 3, padding="same", activation="relu"), keras.layers.Flatten(),
        keras.layers.Dense(128, "relu"), keras.layers.Dense(10, name="head"),
    ]  # fmt: skip
    return ready(keras.Sequential([keras.Input((28, 28, 1)), *layers]), penalty, 1e-3)


def ready(model, penalty, rate) -> keras.Model:
    if penalty is not None:
        kreg.regularize(model, penalty)
    model.compile(kreg.optimizers.Adam(rate), LOSS, metrics=["accuracy"])
    return model


def fashion_data(rows: int):
    (x, y), (x_test, y_test) = fashion()
    x, x_test = (part[..., None].astype("float32") for part in (x, x_test))
    return x[:rows], x_test, y[:rows].astype("int32"), y_test.astype("int32")


def showcase(args, make, data, strengths) -> Table:
    x, x_test, y, y_test = data
    table = Table("model", "test accuracy", "parameters", "of dense", "ms", "latency ratio")
    fit = {"batch_size": 64, "epochs": args.epochs, "verbose": 0}

    def row(name, model, base):
        measured = model if model.compiled else ready(keras.models.clone_model(model), None, 1e-3)
        measured.set_weights(model.get_weights())
        accuracy = measured.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
        time = surgery.latency(model, x_test[:32], repeats=60)
        count = model.count_params()
        base = base or (count, time)
        table.add_row(name, f"{100 * accuracy:.2f}", f"{count:,}", f"{count / base[0]:.1%}",
                      f"{time:.2f}", f"{time / base[1]:.2f}")  # fmt: skip
        return base

    keras.utils.set_random_seed(args.seed)
    dense = make()
    dense.fit(x, y, **fit)
    base = row("dense", dense, None)
    for strength in strengths:
        keras.utils.set_random_seed(args.seed)
        model = make(kreg.GroupLasso(strength, axis=-2))
        model.fit(x, y, **fit)
        row(f"group lasso {strength:g}", model, base)
        refitted, report, _ = kreg.surgery.compress_and_refit(
            model, x, y, epochs=args.refit, batch_size=64, data=x_test[:32], latency=False,
            optimizer=keras.optimizers.Adam(5e-4),
        )  # fmt: skip
        row(f"compressed, refit {args.refit} epochs", refitted, base)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("applications", "digits", "fashion"))
    parser.add_argument("--models", nargs="*", choices=ARCHITECTURES)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--refit", type=int, default=0)
    parser.add_argument("--strengths", type=float, nargs="*")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.what == "applications":
        table = applications(args)
    elif args.what == "digits":
        args.epochs, args.refit = args.epochs or 60, args.refit or 20
        table = showcase(args, dense_net, digits_data(), args.strengths or (3e-4, 1e-3))
    else:
        args.epochs, args.refit = args.epochs or 6, args.refit or 3
        data = fashion_data(args.rows)
        table = showcase(args, conv_net, data, args.strengths or (1e-4, 3e-4))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()

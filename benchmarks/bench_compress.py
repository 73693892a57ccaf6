"""What `kreg.compress` removes, and what it costs: known architectures, and two trained models.

    python benchmarks/bench_compress.py applications [--side 96]
    python benchmarks/bench_compress.py digits [--seeds 5]
    KREG_DATA=... python benchmarks/bench_compress.py fashion [--rows 10000] [--epochs 6]

`applications`: keras.applications with random weights, in which 40 % of the input channels of every
convolution and 20 % of the gammas and betas of every normalisation are set to zero at random, so
that nothing is arranged for the compressor. The difference is relative to the largest output.

`digits` (64-256-256-10) and `fashion` (`kreg.models.cnn`): a dense model is trained; from its
weights `kreg.size_path` goes on under an adaptive group lasso on the outgoing weights of hidden
units, from weak to strong; at each strength it is compressed and refitted without penalty. "trained
on" is the dense model after as many epochs as the last of them, `--small 12` a narrow network that
is trained as long from scratch; all end with as many epochs at a falling learning rate. Test
accuracy in per cent, and its mean difference to the dense model with the standard error over the
seeds of split and start; latency is one prediction of 32 examples. No strength is chosen by the
test set: all are shown.

Measured, on two busy cores (times are ratios inside a row). `applications`: left are 39.2, 44.0,
52.8 and 55.3 % of the parameters and 0.50, 0.59, 0.80 and 0.74 of the latency, in the order below;
largest difference 3.4e-7. `digits --seeds 5 --small 40 --strengths 5e-5 1e-4 2e-4 4e-4`, then
`fashion --small 12 --strengths 1e-4 3e-4 5e-4 7e-4` (one seed):

    digits                        accuracy     change   of dense
    dense                            98.14                100.0 %
    dense, trained on                98.09   -0.05 (0.12)  100.0
    small from scratch, width 40     97.98   -0.15 (0.17)    5.5
    group lasso 5e-05                98.24   +0.10 (0.19)   39.2
    group lasso 0.0001               97.98   -0.15 (0.13)    9.2
    group lasso 0.0002               98.09   -0.05 (0.28)    4.5
    group lasso 0.0004               97.38   -0.76 (0.40)    1.9

    fashion                       accuracy     change   of dense   latency
    dense                            87.87                100.0 %     1.00
    dense, trained on                89.38   +1.51         100.0
    small from scratch, width 12     87.78   -0.09          14.7      0.32
    group lasso 0.0001               88.50   +0.63          82.5
    group lasso 0.0003               87.59   -0.28          31.1      0.56
    group lasso 0.0005               85.88   -1.99          10.3      0.29
    group lasso 0.0007               85.03   -2.84           5.1      0.26

On Fashion-MNIST the narrow network from scratch is as good as what is left of the wide one.
"""

import argparse
from functools import partial

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

BATCH, RATE, STRENGTHS = 64, 1e-3, (1e-4, 3e-4, 1e-3)
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


def digits_data(seed: int):
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype("float32")
    return train_test_split(x, y, test_size=397, random_state=seed, stratify=y)


def dense_net(width: int = 256) -> keras.Model:
    hidden = [keras.layers.Dense(width, "relu") for _ in range(2)]
    return keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10)])


def conv_net(width: int = 32) -> keras.Model:
    return models.cnn((28, 28, 1), 10, "classification", width=width)


def hidden_layers(model: keras.Model) -> tuple[str, ...]:
    """Those that read hidden units: all kernels but the first, which reads pixels."""
    return tuple(layer.name for layer in model.layers if hasattr(layer, "kernel"))[1:]


def fashion_data(rows: int, seed: int):
    (x, y), (x_test, y_test) = fashion()
    x, x_test = (part[..., None].astype("float32") / 255 for part in (x, x_test))
    chosen = np.random.default_rng(seed).permutation(len(x))[:rows]
    return x[chosen], x_test, y[chosen].astype("int32"), y_test.astype("int32")


def showcase(args, make, load, strengths) -> Table:
    """The rows of all seeds, averaged."""
    runs = [list(rows(args, make, load(seed), strengths, seed)) for seed in range(args.seeds)]
    names = [name for name, *_ in runs[0]]
    numbers = np.array([[row[1:] for row in run] for run in runs])  # seeds, rows, measures
    change = numbers[:, :, 0] - numbers[:, :1, 0]
    ratios = numbers[:, :, 1:] / numbers[:, :1, 1:]
    table = Table("model", "accuracy", "change", "parameters", "of dense", "ms", "latency ratio")
    for place, name in enumerate(names):
        accuracy, count, time = numbers[:, place].mean(axis=0)
        error = change[:, place].std(ddof=1) / len(runs) ** 0.5 if len(runs) > 1 else np.nan
        table.add_row(
            name, f"{accuracy:.2f}", f"{change[:, place].mean():+.2f} ({error:.2f})",
            f"{count:,.0f}", f"{ratios[:, place, 0].mean():.1%}", f"{time:.2f}",
            f"{ratios[:, place, 1].mean():.2f}",
        )  # fmt: skip
    return table


def rows(args, make, data, strengths, seed: int):
    """(name, test accuracy, parameters, milliseconds) of one seed, from dense to small."""
    x, x_test, y, y_test = data
    fit = {"batch_size": BATCH, "verbose": 0}
    steps = -(-len(x) // BATCH) * args.epochs
    calm = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps))
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)

    def measured(name, model):
        time = surgery.latency(model, x_test[:32], repeats=60)
        row = (name, accuracy_of(model, x_test, y_test), model.count_params(), time)
        print(seed, *row, flush=True)
        return row

    def ended(model, more: int = 0):
        """A copy, trained on for some epochs, then as long as all others at a falling rate."""
        copy = ready(keras.models.clone_model(model))
        copy.set_weights(model.get_weights())
        if more:
            copy.fit(x, y, epochs=more, **fit)
        copy.compile(type(calm).from_config(calm.get_config()), LOSS)
        copy.fit(x, y, epochs=args.epochs, **fit)
        return copy

    model = ready(make())
    model.fit(x, y, epochs=args.epochs, **fit)
    yield measured("dense", ended(model))
    rest = args.epochs * len(strengths)
    yield measured("dense, trained on", ended(model, rest))
    if args.small:
        small = ended(make(args.small), rest + args.epochs)
        yield measured(f"small from scratch, width {args.small}", small)
    path = kreg.size_path(
        model, x, y, validation_data=(x_test, y_test), strengths=strengths, latency=False,
        penalty=kreg.GroupLasso(axis=-2, adaptive=args.adaptive), layers=hidden_layers(model),
        epochs=args.epochs, refit_epochs=args.epochs, refit_optimizer=calm, **fit,
    )  # fmt: skip
    for point in reversed(path.points):
        yield measured(f"group lasso {point.strength:g}, refit", point.model)


def ready(model: keras.Model) -> keras.Model:
    """Compiled, with a constant learning rate."""
    model.compile(kreg.optimizers.Adam(RATE), LOSS, metrics=["accuracy"])
    return model


def accuracy_of(model: keras.Model, x, y) -> float:
    """In per cent."""
    scores = model.predict(x, batch_size=256, verbose=0)
    return 100 * float((scores.argmax(axis=-1) == y).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("applications", "digits", "fashion"))
    parser.add_argument("--models", nargs="*", choices=ARCHITECTURES)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--small", type=int, help="width of a small network from scratch")
    parser.add_argument("--strengths", type=float, nargs="*")
    parser.add_argument("--adaptive", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    if args.what == "applications":
        table = applications(args)
    elif args.what == "digits":
        args.epochs = args.epochs or 40
        table = showcase(args, dense_net, digits_data, args.strengths or STRENGTHS)
    else:
        args.epochs = args.epochs or 6
        load = partial(fashion_data, args.rows)
        table = showcase(args, conv_net, load, args.strengths or STRENGTHS)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()

"""How far the logged losses are from the true ones: logged and clean gap, epoch by epoch.

    KREG_DATA=... python benchmarks/bench_bias.py [--epochs 25]

Five trainings of one network (two hidden layers of 128) on few rows of digits and of Fashion-MNIST
with a fifth of the labels wrong: A plain, B with dropout 0.5, C with L2 1e-3, D with dropout,
Gaussian noise and L2, E with L2 3e-3. `logged` is what Keras writes, `clean` is the loss in
inference mode without penalties; `gap` is validation minus training, at the last epoch; `hidden`
counts the epochs with a negative logged gap and a positive clean one; `costs` is the clean
validation loss at the minimum of `val_loss` above its own minimum. With the defaults, on a CPU:

                                logged gap  clean gap    hidden  val_loss best  clean best   costs
    digits, A plain                  0.737      0.788   4 of 25             10          10     0 %
    digits, B dropout               -0.017      0.256  21 of 25             16          16     0 %
    digits, C L2                     0.537      0.583   4 of 25              8          11     0 %
    digits, D all three             -0.336      0.067  20 of 25             25          25     0 %
    digits, E stronger L2            0.305      0.346   5 of 25             20          16   0.2 %
    Fashion-MNIST, A plain           1.782      1.681   1 of 25              6           6     0 %
    Fashion-MNIST, B dropout         0.258      0.467   8 of 25             17          17     0 %
    Fashion-MNIST, C L2              1.382      1.203   1 of 25              7           7     0 %
    Fashion-MNIST, D all three       0.052      0.289  18 of 25             24          24     0 %
    Fashion-MNIST, E stronger L2     0.747      0.714   1 of 25              8           8     0 %

Noise in training hides the gap on both sets. That the shrinking penalty hides the minimum of the
validation loss, as it does on synthetic data (by a third of the loss with L2 3e-3), is not seen
here: it costs 0.2 % at most.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from fashion import fashion
from sklearn.datasets import load_digits

import kreg

VARIANTS = {
    "A plain": {},
    "B dropout": {"dropout": 0.5},
    "C L2": {"l2": 1e-3},
    "D dropout+noise+L2": {"dropout": 0.5, "noise": 0.3, "l2": 1e-3},
    "E stronger L2": {"l2": 3e-3},
}
HEAD = ("epoch", "loss", "clean", "val_loss", "val clean", "logged gap", "clean gap")


def digits():
    """500 training and 600 validation rows; a fifth of all labels is wrong."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = (x[order] / 16).astype("float32"), y[order]
    y = wrong(y)
    return (x[:500], y[:500]), (x[500:1100], y[500:1100])


def fashion_rows():
    """1500 training and 2000 validation rows; a fifth of all labels is wrong."""
    (x, y), (x_val, y_val) = fashion()
    x, x_val = (a.reshape(len(a), -1).astype("float32") / 255 for a in (x[:1500], x_val[:2000]))
    return (x, wrong(y[:1500])), (x_val, wrong(y_val[:2000]))


def wrong(y):
    """Labels of which a fifth is drawn anew."""
    rng = np.random.default_rng(1)
    return np.where(rng.random(len(y)) < 0.2, rng.integers(0, 10, len(y)), y).astype("int32")


def network(features: int, dropout=0.0, noise=0.0, l2=0.0) -> keras.Model:
    penalty = keras.regularizers.L2(l2) if l2 else None
    layers = [keras.Input((features,))] + [keras.layers.GaussianNoise(noise)] * bool(noise)
    for _ in range(2):
        layers += [keras.layers.Dense(128, activation="relu", kernel_regularizer=penalty)]
        layers += [keras.layers.Dropout(dropout)] if dropout else []
    model = keras.Sequential([*layers, keras.layers.Dense(10, kernel_regularizer=penalty)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(2e-3), loss, metrics=["accuracy"])
    return model


def history(train, validation, options: dict, epochs: int) -> dict:
    keras.utils.set_random_seed(0)
    model = network(train[0].shape[1], **options)
    watch = kreg.Diagnostics(train, validation, rows=2048, adapt=False, verbose=0)
    found = model.fit(
        *train, validation_data=validation, epochs=epochs, verbose=0, callbacks=[watch]
    )
    return {name: np.array(values) for name, values in found.history.items()}


def report(name: str, h: dict) -> str:
    """Print some epochs; returns the line for the last table."""
    logged, clean = h["val_loss"] - h["loss"], h["gap"]
    best, logged_best = int(h["val_clean_loss"].argmin()), int(h["val_loss"].argmin())
    print(f"\n{name}")
    print("".join(f"{title:>12s}" for title in HEAD))
    names = ("loss", "clean_loss", "val_loss", "val_clean_loss")
    for t in sorted({0, 4, best, len(clean) - 1}):
        numbers = [*(h[n][t] for n in names), logged[t], clean[t]]
        print(f"{t + 1:12d}" + "".join(f"{value:12.3f}" for value in numbers))
    lied = int(np.sum((logged < 0) & (clean > 0)))
    over = 100 * (h["val_clean_loss"][logged_best] / h["val_clean_loss"][best] - 1)
    print(
        f"  logged gap negative while the clean one is positive: {lied} of {len(clean)} epochs\n"
        f"  minimum of val_loss: epoch {logged_best + 1}; of the clean one: epoch {best + 1}; "
        f"stopping by val_loss costs {over:.1f} %",
        flush=True,
    )
    return (
        f"{name:36s}{logged[-1]:12.3f}{clean[-1]:12.3f}{lied:9d}{logged_best + 1:15d}{best + 1:12d}"
        f"{over:9.1f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=25)
    epochs = parser.parse_args().epochs
    sets = {"digits": digits} | (
        {"Fashion-MNIST": fashion_rows} if "KREG_DATA" in os.environ else {}
    )
    lines = []
    for title, rows in sets.items():
        train, validation = rows()
        for name, options in VARIANTS.items():
            found = history(train, validation, options, epochs)
            lines.append(report(f"{title}, {name}", found))
    print(f"\n{'':36s}  logged gap   clean gap  hidden  val_loss best  clean best    costs")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

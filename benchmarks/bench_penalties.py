r"""Step time of a penalty: kreg's and Keras's own, over the bare optimizer.

    TF_NUM_INTRAOP_THREADS=1 python benchmarks/bench_penalties.py \
        [--rounds 15] [--steps 5] [--models mlp cnn] [--xla on off]

An MLP of 2 million and a CNN of 1 million parameters, Adam, one fixed batch of 128, with XLA (what
`compile` chooses) and without. Every variant trains for `--steps` steps in each round, one after
the other and every second round backwards, so that a busy machine slows all of them. Counted is
processor time. Shown are the median over rounds; the median ratio to the bare optimizer of the same
round, with its 95 % interval (bootstrap over rounds); that to Keras's penalty of the same formula;
and the ratio of the best rounds, which is the one that other work on the machine disturbs least.

Measured on one core of a busy machine (MLP, 11 rounds of 5 steps), median over bare, XLA on / off:

    Keras L1    1.04 / 1.09    Keras L1L2       1.16 / 1.15    Keras L2  1.10 / 1.05
    kreg L1     1.09 / 1.18    kreg ElasticNet  1.12 / 1.23    kreg L2   1.01 / 1.02
                               kreg GroupLasso  1.17 / 1.25

The intervals are 0.01 to 0.05 wide to each side. The aim is to be nowhere above Keras's penalty of
the same formula: kept by L2, and with XLA by the elastic net. L1 misses it: one more array has to
be read and written, and without XLA each operation of its step is a pass over memory of its own.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import kreg

VARIANTS = {  # label -> (optimizer, penalty)
    "bare keras.Adam": (keras.optimizers.Adam, lambda: None),
    "keras.Adam + keras L1": (keras.optimizers.Adam, lambda: keras.regularizers.L1(1e-5)),
    "kreg.Adam + kreg.L1": (kreg.optimizers.Adam, lambda: kreg.L1(1e-5)),
    "keras.Adam + keras L1L2": (keras.optimizers.Adam, lambda: keras.regularizers.L1L2(1e-5, 1e-5)),
    "kreg.Adam + kreg.ElasticNet": (kreg.optimizers.Adam, lambda: kreg.ElasticNet(1e-5, 1e-5)),
    "kreg.Adam + kreg.GroupLasso": (kreg.optimizers.Adam, lambda: kreg.GroupLasso(1e-5)),
    "keras.Adam + keras L2": (keras.optimizers.Adam, lambda: keras.regularizers.L2(1e-5)),
    "kreg.Adam + kreg.L2": (kreg.optimizers.Adam, lambda: kreg.L2(1e-5)),
}

SAME_FORMULA = {  # kreg's penalty -> Keras's
    "kreg.Adam + kreg.L1": "keras.Adam + keras L1",
    "kreg.Adam + kreg.ElasticNet": "keras.Adam + keras L1L2",
    "kreg.Adam + kreg.L2": "keras.Adam + keras L2",
}


def mlp(penalty):
    layers = [keras.layers.Dense(840, "relu", kernel_regularizer=penalty()) for _ in range(3)]
    head = keras.layers.Dense(10, kernel_regularizer=penalty())
    return keras.Sequential([keras.Input((784,)), *layers, head])


def cnn(penalty):
    def conv(filters):
        return keras.layers.Conv2D(
            filters, 3, 2, "same", activation="relu", kernel_regularizer=penalty()
        )

    blocks = [conv(filters) for filters in (64, 128, 256, 256)]
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input((32, 32, 3)), *blocks, *head])


MODELS = {"mlp": mlp, "cnn": cnn}


class Timed:
    """One compiled variant, warmed up, ready to be timed again and again."""

    def __init__(self, build, optimizer, penalty, jit: bool, steps: int):
        keras.utils.set_random_seed(0)
        self.model = build(penalty)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(optimizer(1e-3), loss, jit_compile=jit)
        rng = np.random.default_rng(0)
        x = rng.normal(size=(128, *self.model.input_shape[1:])).astype("float32")
        y = rng.integers(0, 10, 128)
        batch = tf.data.Dataset.from_tensors((tf.constant(x), tf.constant(y)))
        self.steps, self.data = steps, batch.repeat(steps)
        self()

    def __call__(self) -> float:
        """Milliseconds of processor time a step."""
        began = time.process_time()
        self.model.fit(self.data, shuffle=False, verbose=0)
        return 1e3 * (time.process_time() - began) / self.steps


def interval(ratios) -> str:
    """The median of the rounds' ratios and its 95 % interval."""
    drawn = np.random.default_rng(0).choice(ratios, (4000, len(ratios)))
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return f"{np.median(ratios):.3f} [{low:.3f}, {high:.3f}]"


def measure(build, jit: bool, steps: int, rounds: int) -> None:
    timed = {k: Timed(build, o, p, jit, steps) for k, (o, p) in VARIANTS.items()}
    times = {label: [] for label in timed}
    for number in range(rounds):
        for label in list(timed)[:: -1 if number % 2 else 1]:
            times[label].append(timed[label]())
    times = {label: np.array(values) for label, values in times.items()}
    size = next(iter(timed.values())).model.count_params()
    print(f"\n{build.__name__}, {size / 1e6:.2f} M parameters, XLA {'on' if jit else 'off'}")
    print(f"{'':30s} ms/step   over bare              best    over Keras's own")
    bare = times["bare keras.Adam"]
    for label, values in times.items():
        other = times.get(SAME_FORMULA.get(label))
        beside = "" if other is None else interval(values / other)
        told = f"{interval(values / bare)} {values.min() / bare.min():7.3f}    {beside}"
        print(f"{label:30s} {np.median(values):7.2f}   {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--xla", nargs="+", default=["on", "off"], choices=["on", "off"])
    arguments = parser.parse_args()
    for model in arguments.models:
        for xla in arguments.xla:
            measure(MODELS[model], xla == "on", arguments.steps, arguments.rounds)
            keras.utils.clear_session()


if __name__ == "__main__":
    main()

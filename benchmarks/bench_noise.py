"""Forward and backward pass of every noise layer beside Keras's nearest.

    python benchmarks/bench_noise.py [--rounds 15] [--xla both|on|off] [--only Dropout]

Each row times one compiled function, `y = layer(x, training=True)` and the gradient of
`sum(y * w)`, for kreg's layer and for Keras's, in turns within one process, in seconds of the
processor on one thread, so that other programs do not count; the ratio is the median over the
rounds of kreg's time by Keras's (below 1: kreg is faster). Where Keras has no such layer the rival
is the same block without noise, which says what the noise costs. Keras against itself shows how
much of the rest is chance.
"""

import argparse
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers as theirs
from rich.console import Console
from rich.table import Table

from kreg import layers as ours
from kreg.schedules import Linear

RAMP = Linear(0.1, 0.5, duration=1_000_000)
DENSE, SERIES, IMAGE, VOLUME = (256, 1024), (64, 64, 64), (16, 32, 32, 32), (8, 16, 16, 16, 16)


def conv_block(noise=None):
    """A convolution, ReLU and the noise: where it stands in a network."""
    steps = [theirs.Conv2D(32, 3, padding="same", activation="relu", use_bias=False)]
    return keras.Sequential([keras.Input(IMAGE[1:]), *steps, *([noise] if noise else [])])


def dense(wrap=None):
    layer = theirs.Dense(1024)
    return wrap(layer) if wrap else layer


# name, kreg's, Keras's, the rival's name, shape of x, dtype
ROWS = [
    ("Keras against itself", lambda: theirs.Dropout(0.5), lambda: theirs.Dropout(0.5),
     "Dropout", DENSE, "float32"),
    ("Dropout", lambda: ours.Dropout(0.5), lambda: theirs.Dropout(0.5),
     "Dropout", DENSE, "float32"),
    ("Dropout, bfloat16", lambda: ours.Dropout(0.5, dtype="bfloat16"),
     lambda: theirs.Dropout(0.5, dtype="bfloat16"), "Dropout", DENSE, "bfloat16"),
    ("Dropout, scheduled", lambda: ours.Dropout(RAMP), lambda: theirs.Dropout(0.5),
     "Dropout", DENSE, "float32"),
    ("SpatialDropout1D", lambda: ours.SpatialDropout1D(0.5), lambda: theirs.SpatialDropout1D(0.5),
     "SpatialDropout1D", SERIES, "float32"),
    ("SpatialDropout2D", lambda: ours.SpatialDropout2D(0.5), lambda: theirs.SpatialDropout2D(0.5),
     "SpatialDropout2D", IMAGE, "float32"),
    ("SpatialDropout3D", lambda: ours.SpatialDropout3D(0.5), lambda: theirs.SpatialDropout3D(0.5),
     "SpatialDropout3D", VOLUME, "float32"),
    ("GaussianDropout", lambda: ours.GaussianDropout(0.5), lambda: theirs.GaussianDropout(0.5),
     "GaussianDropout", DENSE, "float32"),
    ("AlphaDropout", lambda: ours.AlphaDropout(0.5), lambda: theirs.AlphaDropout(0.5),
     "AlphaDropout", DENSE, "float32"),
    ("StochasticDepth", lambda: ours.StochasticDepth(0.5),
     lambda: theirs.Dropout(0.5, noise_shape=(None, 1, 1, 1)), "Dropout(noise_shape)", IMAGE,
     "float32"),
    ("ConcreteDropout", lambda: ours.ConcreteDropout(0.1), lambda: theirs.Dropout(0.1),
     "Dropout", DENSE, "float32"),
    ("DropConnect(Dense)", lambda: dense(lambda layer: ours.DropConnect(layer, 0.5)), dense,
     "Dense, no noise", DENSE, "float32"),
    ("DropBlock2D 7x7 after a conv", lambda: conv_block(ours.DropBlock2D(0.1, 7)), conv_block,
     "the conv, no noise", IMAGE, "float32"),
    ("DropBlock2D 3x3 after a conv", lambda: conv_block(ours.DropBlock2D(0.1, 3)), conv_block,
     "the conv, no noise", IMAGE, "float32"),
    ("Keras's Dropout after a conv", lambda: conv_block(theirs.Dropout(0.1)), conv_block,
     "the conv, no noise", IMAGE, "float32"),
]  # fmt: skip


def compiled(layer, shape, dtype: str, xla: bool):
    """The timed function, already traced."""
    random = np.random.default_rng(0)
    x = tf.constant(random.normal(size=shape), dtype=dtype)
    layer(x)
    w = tf.constant(random.normal(size=layer(x).shape), dtype=dtype)

    @tf.function(jit_compile=xla)
    def both():
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=True) * w)
        return tape.gradient(loss, x)

    both()
    return both


def seconds(function, calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        result = function()
    result.numpy()
    return (time.process_time() - start) / calls


def compare(row, rounds: int, xla: bool) -> tuple[float, float, float]:
    """Milliseconds of both, and the median ratio."""
    _, make, rival, _, shape, dtype = row
    keras.utils.set_random_seed(0)
    pair = [compiled(build(), shape, dtype, xla) for build in (make, rival)]
    calls = max(1, int(0.04 / max(seconds(function, 3) for function in pair)))
    times = np.array([[seconds(function, calls) for function in pair] for _ in range(rounds)])
    mine, other = np.median(times, axis=0) * 1e3
    return mine, other, float(np.median(times[:, 0] / times[:, 1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--xla", choices=("both", "on", "off"), default="both")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    modes = {"both": (False, True), "on": (True,), "off": (False,)}[options.xla]
    table = Table("layer", "rival", "XLA", "kreg ms", "rival ms", "ratio")
    for row in ROWS:
        if not row[0].startswith(options.only):
            continue
        for xla in modes:
            mine, other, ratio = compare(row, options.rounds, xla)
            switch = "on" if xla else "off"
            table.add_row(row[0], row[3], switch, f"{mine:.3f}", f"{other:.3f}", f"{ratio:.2f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()

"""The epoch stream against `.shuffle(N)`: seconds an epoch, and how many orders it sees.

    python benchmarks/bench_stream.py [rows]

60,000 images of 28 x 28 bytes in batches of 128, no model, the median of five epochs after one to
warm up. "orders" counts the different orders among four epochs of `fit`, seeded: 1 means that every
epoch repeats the first. Each line draws its own iterator once, as `fit` does.
"""

import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from kreg.data import Split, epoch_stream, steps_per_epoch

BATCH, EPOCHS = 128, 5


def shuffled(split):
    rows = tf.data.Dataset.from_tensor_slices((split.x, split.y))
    return rows.shuffle(len(split), seed=1).repeat().batch(BATCH).prefetch(tf.data.AUTOTUNE)


def unshuffled(split):
    rows = tf.data.Dataset.from_tensor_slices((split.x, split.y))
    return rows.repeat().batch(BATCH).prefetch(tf.data.AUTOTUNE)


def index_shuffled(split):
    """The order by `index_shuffle`, a function of each element: reproducible, but one by one."""
    x, y, rows = tf.constant(split.x), tf.constant(split.y), len(split)

    def pick(i):
        key = tf.stack([tf.constant(1, tf.int64), i // rows])
        last = tf.constant(rows - 1, tf.int64)
        k = tf.random.experimental.index_shuffle(i % rows, key, last)
        return tf.gather(x, k), tf.gather(y, k)

    picked = tf.data.Dataset.range(10**9).map(pick, num_parallel_calls=tf.data.AUTOTUNE)
    return picked.batch(BATCH).prefetch(tf.data.AUTOTUNE)


def ours(split):
    return epoch_stream(split, batch_size=BATCH, seed=1)


STREAMS = {
    "no shuffle": unshuffled,
    ".shuffle(N)": shuffled,
    "index_shuffle": index_shuffled,
    "kreg.data.epoch_stream": ours,
}


def seconds(stream, steps) -> float:
    """The median time of an epoch."""
    iterator, times = iter(stream), []
    for _ in range(EPOCHS + 1):
        start = time.perf_counter()
        for _ in range(steps):
            next(iterator)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


class Orders(keras.Model):
    """A model that learns nothing and notes the targets it is shown."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def train_step(self, data):
        self.seen.append(data[1].numpy())
        return {"loss": 0.0}


def orders(split, streamed: bool) -> int:
    """Different orders among four epochs of `fit` after `set_random_seed`."""
    keras.utils.set_random_seed(0)
    model, steps = Orders(), steps_per_epoch(len(split), BATCH)
    model.compile(run_eagerly=True)
    if streamed:
        model.fit(ours(split), epochs=4, steps_per_epoch=steps, shuffle=False, verbose=0)
    else:
        model.fit(split.x, split.y, batch_size=BATCH, epochs=4, shuffle=True, verbose=0)
    epochs = [np.concatenate(model.seen[i * steps : (i + 1) * steps]) for i in range(4)]
    return len({epoch.tobytes() for epoch in epochs})


def main(rows=60_000):
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (rows, 28, 28, 1), np.uint8)
    split = Split(images, np.arange(rows, dtype=np.int32))
    steps = steps_per_epoch(rows, BATCH)
    measured = {name: seconds(make(split), steps) for name, make in STREAMS.items()}
    print(f"{'stream':<24}{'s / epoch':>12}{'ratio':>8}")
    for name, value in measured.items():
        print(f"{name:<24}{value:>12.3f}{value / measured['.shuffle(N)']:>8.2f}")
    few = Split(images[:1000], split.y[:1000])
    print(f"orders in 4 epochs, fit(x, y, shuffle=True): {orders(few, False)}")
    print(f"orders in 4 epochs, kreg.data.epoch_stream:  {orders(few, True)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

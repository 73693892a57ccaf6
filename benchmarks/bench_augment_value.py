"""What augmentation is worth: test accuracy of a small residual network with and without it.

    KREG_DATA=... python benchmarks/bench_augment_value.py                    the full table, hours
    KREG_DATA=... python benchmarks/bench_augment_value.py --rows 2000 --epochs 8 --seeds 1
    KREG_DATA=... python benchmarks/bench_augment_value.py --data fashion_mnist

cifar10_small has 8,000 training and 2,000 test images of CIFAR-10, Fashion-MNIST 60,000 and 10,000.
Each cell trains `kreg.models.resnet` from the same initial weights per seed with SGD, momentum 0.9
and a cosine learning rate, for a fixed number of epochs without early stopping, so that
augmentation is the only difference. The options are those of `conf/augment`; the budget is printed
with the table.
"""

import argparse
import gzip
import os
import statistics
import time
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import yaml

from kreg import models
from kreg.build.augment import pipeline
from kreg.config import augment as config

ROOT = Path(__file__).parents[1]
OPTIONS = ("none", "standard", "heavy", "mixup")


def cifar10_small(folder: Path):
    stored = np.load(folder / "cifar10_small" / "data.npz")
    return [stored[key] for key in ("X_train", "y_train", "X_test", "y_test")]


def fashion_mnist(folder: Path):
    def read(name, offset):
        with gzip.open(folder / "fashion_mnist" / name) as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)

    parts = []
    for split in ("train", "t10k"):
        parts.append(read(f"{split}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1))
        parts.append(read(f"{split}-labels-idx1-ubyte.gz", 8))
    return parts


DATA = {"cifar10_small": cifar10_small, "fashion_mnist": fashion_mnist}


def augmentation(option: str, x, y, seed: int):
    """The pipeline of an option file, or `None`."""
    values = yaml.safe_load((ROOT / "conf" / "augment" / f"{option}.yaml").read_text())
    values.pop("defaults")
    info = SimpleNamespace(
        input_shape=x.shape[1:],
        outputs=10,
        task="classification",
        is_image=True,
        train=SimpleNamespace(x=x, y=y),
    )
    return pipeline(config.KINDS[values["kind"]](**values), info, seed)


def stream(x, y, augment, batch: int, epochs: int, seed: int):
    """Batches of one-hot targets, in an order of its own in each epoch."""
    one_hot = tf.constant(np.eye(10, dtype=np.float32)[y])
    x = tf.constant(x)

    def epoch_of(epoch):
        order = tf.random.experimental.stateless_shuffle(
            tf.range(len(x), dtype=tf.int64), seed=tf.stack([tf.constant(seed, tf.int64), epoch])
        )
        rows = tf.data.Dataset.from_tensor_slices(order).batch(batch, drop_remainder=True)
        return rows.map(lambda index: (index, epoch))

    def load(index, epoch):
        images, targets = tf.gather(x, index), tf.gather(one_hot, index)
        if augment is None:
            return images, targets
        return augment(images, targets, index=index, epoch=epoch)

    dataset = tf.data.Dataset.range(epochs).flat_map(epoch_of)
    return dataset.map(load, num_parallel_calls=2, deterministic=True).prefetch(2)


def accuracy(option: str, arrays, seed: int, budget) -> tuple[float, float]:
    """Test accuracy and training accuracy without augmentation, after the last epoch."""
    x, y, x_test, y_test = arrays
    keras.utils.set_random_seed(seed)
    model = models.resnet(
        x.shape[1:], 10, "classification", depth=1, width=budget.width, rescale=1 / 255
    )
    steps = len(x) // budget.batch
    rate = keras.optimizers.schedules.CosineDecay(budget.rate, steps * budget.epochs)
    model.compile(
        keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    augment = augmentation(option, x, y, seed)
    batches = stream(x, y, augment, budget.batch, budget.epochs, seed)
    model.fit(batches, steps_per_epoch=steps, epochs=budget.epochs, shuffle=False, verbose=0)

    def share(images, labels):
        predicted = model.predict(images, batch_size=256, verbose=0).argmax(axis=1)
        return float((predicted == labels).mean())

    return share(x_test, y_test), share(x[:2000], y[:2000])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifar10_small", choices=DATA)
    parser.add_argument("--rows", type=int, default=8000, help="training rows")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--options", nargs="+", default=list(OPTIONS))
    budget = parser.parse_args()
    x, y, x_test, y_test = DATA[budget.data](Path(os.environ["KREG_DATA"]))
    arrays = x[: budget.rows], y[: budget.rows].astype(np.int64).ravel(), x_test, y_test.ravel()
    print(
        f"{budget.data}: {len(arrays[0])} training images, {budget.epochs} epochs, "
        f"resnet width {budget.width}, {budget.seeds} seed(s), batch {budget.batch}"
    )
    print(f"{'augment':16}{'test':>8}{'spread':>8}{'train':>8}{'gap':>8}{'seconds':>9}", flush=True)
    for option in budget.options:
        start = time.perf_counter()
        runs = [accuracy(option, arrays, seed, budget) for seed in range(budget.seeds)]
        test, train = (statistics.mean(column) for column in zip(*runs))
        spread = max(r[0] for r in runs) - min(r[0] for r in runs)
        seconds = (time.perf_counter() - start) / budget.seeds
        row = f"{option:16}{test:8.4f}{spread:8.4f}{train:8.4f}{train - test:8.4f}{seconds:9.0f}"
        print(row, flush=True)


if __name__ == "__main__":
    main()

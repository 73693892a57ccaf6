"""Population-based training beside a grid of 64: losses, and processor seconds.

Both look for a learning rate and a strength of l1, in the same ranges, a tenth of the default to
ten times it: the grid has 8 x 8 of them, trained as one stack; a population begins with as many
members, or with a quarter, and changes them. Every training has the same rows and length, keeps its
best epoch, and is chosen by its validation loss; the test rows choose nothing. The seconds of a
population include its page, two reports and the run that is trained by the schedule found; those of
the grid its trainings alone.

    python benchmarks/bench_population.py            digits and breast_cancer, two seeds
    python benchmarks/bench_population.py --seeds 5
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from kreg.launch.compose import compose_job
from kreg.procedures import trials
from kreg.procedures.population import experiment
from kreg.training import app, result
from kreg.training.shared_steps import SharedSteps
from kreg.training.stacks import Stacks

DATA = ("digits", "breast_cancer")
SIDE = 8
RATES, STRENGTHS = np.geomspace(2e-4, 2e-2, SIDE), np.geomspace(2e-5, 2e-3, SIDE)
SHOWN = ("val_clean_loss", "test_clean_loss", "test_clean_accuracy")


def words(data: str, seed: int, epochs: int) -> list[str]:
    common = ["model=shallow", "reg=l1", f"trainer.epochs={epochs}", "trainer.verbose=quiet"]
    return [f"data={data}", f"seed={seed}", *common]


def grid(given: list[str]) -> dict[str, float]:
    """The best of 64 settings."""
    configs = [
        compose_job([*given, "stop=best", f"optimizer.learning_rate={r}", f"reg.l1={s}"])
        for r in RATES
        for s in STRENGTHS
    ]
    steps, whole, found = SharedSteps(), Stacks(configs), []
    assert len(whole.decide()["stacks"]) == 1
    for config in configs:
        training, _ = trials.fit(config, steps=steps, member=whole.take(config, steps))
        found.append(result.metrics(training))
    return min(found, key=lambda one: one["val_clean_loss"])


def population(given: list[str], members: int) -> dict[str, float]:
    """The best line, and the validation loss of the run that its schedule trains."""
    own = ["experiment=population", f"arguments.members={members}", "logger=none"]
    config = compose_job([*given, *own])
    with tempfile.TemporaryDirectory() as folder:
        app.run(config, Path(folder))
        told = experiment.RunDirectory(folder).result or {}
    return told["metrics"] | {"again": told["retrained"]["metrics"]["val_clean_loss"]}


def numbers(rows: list[dict[str, float]], key: str) -> str:
    """One number a seed."""
    return f"{key} {' '.join(f'{row[key]:.4f}' for row in rows)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--data", nargs="+", default=DATA)
    args = parser.parse_args()
    ways = {
        "grid of 64": grid,
        "population of 16": lambda given: population(given, 16),
        "population of 64": lambda given: population(given, 64),
    }
    for data in args.data:
        for name, way in ways.items():
            rows, seconds = [], []
            for seed in range(args.seeds):
                began = time.process_time()
                rows.append(way(words(data, seed, args.epochs)))
                seconds.append(time.process_time() - began)
            told = [numbers(rows, key) for key in (*SHOWN, "again") if key in rows[0]]
            spent = " ".join(f"{s:.1f}" for s in seconds)
            print("; ".join([f"{data}, {name}: {spent} s", *told]), flush=True)


if __name__ == "__main__":
    main()

"""Is an under-trained run called so? Runs whose truth is known by training on.

    python benchmarks/bench_undertrained.py
    python benchmarks/bench_undertrained.py --held-out

Each run trains a model for so many steps, at a rate, with a schedule. The truth comes from the same
model trained ten times as long as kreg's default, at a constant rate that is at least Adam's usual
1e-3: a run is under-trained where the best validation loss of that training is lower than its own
best one by more than a tenth and by more than 1 % of what guessing costs, and trained where it is
lower by less than 3 %, or where the run's training loss is below 0.1 % of what guessing costs: what
is learned by heart has been trained to the end, whatever another path finds. Runs between the two
are left out, and counted. `named` are runs called UNDER-TRAINED; `told` are those whose word says
in other ways that training goes on to help (LEARNING, LATE GAIN, SETTLING, SCHEDULE ENDED, TOO
EARLY).
"""

import argparse
import itertools
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench_defaults import STEPS, Run, named, train
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

SETS = ("wine", "breast_cancer", "diabetes", "synthetic", "digits")
HELD_OUT = ("prostate", "stripes", "fashion")
MODELS = ("linear", "deep")
# how long, learning rate, schedule; an epoch is 4 steps on wine, 40 on digits
TRAININGS = (
    ("epochs=15", 2e-3, "cosine"),
    ("epochs=60", 2e-3, "cosine"),
    ("epochs=240", 2e-3, "cosine"),
    (f"steps={STEPS}", 1e-5, "cosine"),
    (f"steps={STEPS}", 1e-4, "constant"),
    (f"steps={4 * STEPS}", 2e-3, "cosine"),
    (f"steps={4 * STEPS}", 1e-2, "constant"),
)
TOLD = {"LEARNING", "LATE GAIN", "SETTLING", "SCHEDULE ENDED", "TOO EARLY"}
GAIN, NONE = 0.1, 0.03  # shares of the best validation loss
WORTH, BY_HEART = 0.01, 0.001  # shares of the loss of guessing


@dataclass(frozen=True)
class Case:
    """One run with its truth: `True` under-trained, `False` trained, `None` between the two."""

    words: str
    gain: float
    truth: bool | None
    verdict: str


def of(run: Run, reference: Run) -> tuple[float, bool | None]:
    """The share by which training on lowers the best validation loss, and what that means."""
    best = min(run.best, reference.best)
    gain = 1 - best / run.best
    if run.fitted < BY_HEART * run.guessing:
        return gain, False
    if gain > GAIN and run.best - best > WORTH * run.guessing:
        return gain, True
    return gain, False if gain < NONE else None


def cases(data: str, words: list[str], model: str) -> list[Case]:
    """All runs of one data set, by its words, and model."""
    base = [*words, f"model={model}", "reg=none", "stop=none"]
    long = [f"trainer.steps={10 * STEPS}", "optimizer.schedule=constant"]
    reference = train([*base, *long, "optimizer.learning_rate=2e-3"])
    found = []
    for length, rate, schedule in TRAININGS:
        how = [f"trainer.{length}", f"optimizer.learning_rate={rate}"]
        run = train([*base, *how, f"optimizer.schedule={schedule}"])
        gain, truth = of(run, reference)
        case = Case(f"{data} {model} {length} {rate:g} {schedule}", gain, truth, run.verdict)
        print(f"{case.words:44} {gain:6.1%} {truth!s:6} {run.fitted:.2g} {run.verdict}", flush=True)
        found.append(case)
    return found


def scores(found: list[Case]) -> Table:
    """Recall and precision of the word, and of all words that say the same."""
    table = Table("words", "recall", "precision", "false alarms")
    known = [case for case in found if case.truth is not None]
    positive = [case for case in known if case.truth]
    for name, words in (("named", {"UNDER-TRAINED"}), ("named or told", {"UNDER-TRAINED"} | TOLD)):
        said = [case for case in known if case.verdict in words]
        hits = sum(case.truth is True for case in said)
        false = f"{len(said) - hits} of {len(known) - len(positive)}"
        table.add_row(name, f"{hits}/{len(positive)}", f"{hits}/{len(said)}", false)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(SETS), help="data sets, with commas")
    parser.add_argument("--held-out", action="store_true", help=", ".join(HELD_OUT) + " instead")
    arguments = parser.parse_args()
    names = HELD_OUT if arguments.held_out else arguments.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        known = {name: named(name, Path(folder)) for name in names}
        wanted = itertools.product(known, MODELS)
        found = [case for data, model in wanted for case in cases(data, known[data], model)]
    between = sum(case.truth is None for case in found)
    print(f"{len(found)} runs, {between} of them between under-trained and trained")
    Console(width=100).print(scores(found))


if __name__ == "__main__":
    main()

"""What does a stopping rule cost, and what does it save? Regret and epochs on recorded runs.

    python benchmarks/bench_stopping.py            # half a minute; the runs are recorded

Every rule watches a run epoch by epoch and goes back to the best epoch it has seen (Keras's and
kreg's restore; Lightning keeps its last weights unless a checkpoint callback is added, so it has a
row of each kind). Regret: test loss of the weights kept, above the smallest test loss of the same
run, in percent, mean over the runs. Epochs: share of the 100 that were trained. Early: runs stopped
before 60 % of the way to the best epoch. The test set is large and no rule sees it.
"""

import argparse

import numpy as np
from suite import PATH, load

from kreg.diagnostics import criteria

CLEAN = {"monitor": "val_clean_loss", "train": "clean_loss"}
LOGGED = {"monitor": "val_loss", "train": "loss"}


def rule(text, quantity=CLEAN, restore=True):
    """A criterion by its rule string."""

    def stop(run):
        criterion = criteria.parse(text, **quantity)
        for t in range(len(run.examples)):
            values = {name: curve[t] for name, curve in run.curves.items()}
            if criterion.update(t + 1, values, run.examples[t]).stop:
                return t
        return len(run.examples) - 1

    return stop, quantity["monitor"] if restore else None


def sagemaker(quantity):
    """(val - train) / train > 0.1 for more than one step."""

    def stop(run):
        over = run.curves[quantity["monitor"]] > 1.1 * run.curves[quantity["train"]]
        hits = np.flatnonzero(over & np.concatenate([[False], over[:-1]]))
        return int(hits[0]) if hits.size else len(over) - 1

    return stop, quantity["monitor"]


def never(run):
    return len(run.examples) - 1


RULES = {
    "no stopping, last weights": (never, None),
    "no stopping, best weights": (never, "val_clean_loss"),
    "kreg fast": rule("fast"),
    "kreg default": rule("default"),
    "kreg default, no examples": rule("trend:12|patience:20"),
    "kreg careful": rule("careful"),
    "Keras patience 0": rule("patience:0", LOGGED),
    "Keras patience 3": rule("patience:3", LOGGED),
    "Keras patience 5": rule("patience:5", LOGGED),
    "Keras patience 10": rule("patience:10", LOGGED),
    "Keras patience 20": rule("patience:20", LOGGED),
    "Lightning patience 3": rule("patience:3", LOGGED, restore=False),
    "textbook, 1 epoch, logged": rule("textbook:1", LOGGED),
    "textbook, 1 epoch, clean": rule("textbook:1"),
    "textbook, 3 in a row, clean": rule("textbook:3"),
    "SageMaker Overfit, logged": sagemaker(LOGGED),
    "SageMaker Overfit, clean": sagemaker(CLEAN),
    "patience 3, clean": rule("patience:3"),
    "patience 5, clean": rule("patience:5"),
    "patience 10, clean": rule("patience:10"),
    "patience 20, clean": rule("patience:20"),
    "patience 5, smoothed 0.6": rule("patience:5~0.6"),
    "GL 1": rule("gl:1"),
    "GL 2": rule("gl:2"),
    "GL 5": rule("gl:5"),
    "PQ 0.5": rule("pq:0.5"),
    "UP 1": rule("up:1"),
    "UP 2": rule("up:2"),
    "UP 3": rule("up:3"),
    "trend 8": rule("trend:8"),
    "paired 2.33, twice": rule("paired:2.33"),
    "GL 2 and paired 1.28": rule("gl:2+paired:1.28"),
    "past best": rule("past_best"),
}


def outcome(stop, monitor, run) -> tuple[float, float, bool]:
    """(regret in percent, share of the epochs, stopped far too early)."""
    at, test = stop(run), run.curves["test_loss"]
    kept = at if monitor is None else int(run.curves[monitor][: at + 1].argmin())
    best = int(test.argmin())
    return 100 * (test[kept] / test[best] - 1), (at + 1) / len(test), at < 0.6 * best


def table(title: str, runs) -> list[tuple[str, float, float]]:
    print(f"\n{title}: {len(runs)} runs")
    print(f"{'rule':30s} regret %  (90th)  epochs  early")
    rows = []
    for name, (stop, monitor) in RULES.items():
        regret, epochs, early = np.array([outcome(stop, monitor, run) for run in runs]).T
        rows.append((name, float(regret.mean()), float(epochs.mean())))
        print(
            f"{name:30s} {regret.mean():8.2f} {np.quantile(regret, 0.9):7.2f} "
            f"{epochs.mean():7.2f} {early.mean():6.0%}"
        )
    return rows


def frontier(rows) -> list[str]:
    """Rules that no other rule beats in both regret and epochs."""
    return [
        name
        for name, regret, epochs in rows
        if not any(r <= regret and e <= epochs and (r, e) != (regret, epochs) for _, r, e in rows)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default=PATH)
    runs = load(parser.parse_args().suite)
    rows = table("all runs", runs)
    print("on the frontier:", ", ".join(frontier(rows)))
    held = table("second half", [run for run in runs if run.meta["half"] == "held out"])
    print("on the frontier:", ", ".join(frontier(held)))


if __name__ == "__main__":
    main()

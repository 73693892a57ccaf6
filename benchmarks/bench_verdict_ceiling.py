"""How much recall do the recorded rows hold? Rules learned from the truth, beside kreg's verdict.

    python benchmarks/bench_verdict_ceiling.py        # a minute; nothing trains

At every epoch of the development suite six numbers are known from the past alone: the rise of the
validation loss above its best, its paired z, how long ago the best was, how far the training loss
has fallen since, the gap, and the number of validation rows. Classifiers learn "past its best" from
them on all tasks but one and are read on that one. `recall at` is the largest share of past-best
epochs that they find at that precision: what a hand-made rule can hope for, give or take.
"""

from statistics import NormalDist

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.verdicts.suite import load
from benchmarks.verdicts.verdict_score import truth
from kreg.diagnostics.judge import middle
from kreg.diagnostics.series import judged
from kreg.diagnostics.trailing import Trailing

PRECISIONS = (0.97, 0.95, 0.90)


def features(run) -> list[list[float]]:
    """One row of numbers for each epoch, from the past alone."""
    series, trail, anchor, age, rows = judged(run.record()), Trailing(), 0, 0, []
    for t, value in enumerate(series.validation):
        lost, sure = trail.update(float(value), series.examples[t])
        if lost == 0:
            anchor, age = middle(series, t, 5), 0
        z = NormalDist().inv_cdf(min(max(sure, 1e-6), 1 - 1e-6))
        fall = np.log(max(series.train[anchor], 1e-6) / max(series.train[t], 1e-6))
        gap = (value - series.train[t]) / value
        size = np.log(run.meta["validation"])
        rows.append([np.log1p(max(lost, 0)), z, np.log1p(age), fall, gap, size])
        age += 1
    return rows


def recalls(score: np.ndarray, past: np.ndarray) -> list[float]:
    """The largest recall at each precision."""
    hits = np.cumsum(past[np.argsort(-score)])
    precision = hits / np.arange(1, len(past) + 1)
    return [float(hits[precision >= p].max(initial=0) / past.sum()) for p in PRECISIONS]


def main():
    runs = load()
    x = np.array([row for run in runs for row in features(run)])
    past = np.concatenate([truth(run)[0] for run in runs])
    task = np.repeat([run.meta["task"] for run in runs], [len(run.examples) for run in runs])
    print(f"{'':34s}" + "".join(f"  recall at {p:.2f}" for p in PRECISIONS))
    line = make_pipeline(StandardScaler(), LogisticRegression())
    trees = HistGradientBoostingClassifier(max_depth=4, learning_rate=0.07)
    scores = {"z where the rise is over 2 %": np.where(x[:, 0] > np.log(3), x[:, 1], -9)}
    for title, model, used in (
        ("logistic: rise, z", line, [0, 1]),
        ("logistic: all six", line, range(6)),
        ("boosted trees: all six", trees, range(6)),
    ):
        how = {"groups": task, "cv": LeaveOneGroupOut(), "method": "predict_proba"}
        scores[title] = cross_val_predict(model, x[:, list(used)], past, **how)[:, 1]
    for title, score in scores.items():
        print(f"{title:34s}" + "".join(f"{r:16.3f}" for r in recalls(score, past)))


if __name__ == "__main__":
    main()

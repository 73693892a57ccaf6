"""What bounds the verdict's recall? Rules learned from the truth, and the noise of the rows alone.

    python benchmarks/bench_verdict_ceiling.py        # two minutes; nothing trains

On the development suites, at every epoch, from the past alone: the rise of the validation loss
above its best, its paired z, how long ago the best was, how far the training loss has fallen since,
the gap, the number of validation rows, the fall of the accuracy, and the rise of the refined loss
where it was measured. Classifiers learn "past its best" from them on four fifths of the tasks and
are read on the others. *Recall at* is the largest share of past-best epochs that they find at that
precision, or with so few false alarms.

`z above 2 %` is one number: `(rise - 2 % of the best) / paired standard error`, the last validation
against the mean of the best five. `rows x k` is what nobody can have: the true rise at each epoch
and the true best, hidden by nothing but the chance of k times as many validation rows (a normal
error of the paired standard error over sqrt(k)), and judged by the same z.

                                         development, 104 runs       keras-development, 120 runs
    recall at                             precision 0.95  1 % false    precision 0.95  1 % false
    kreg's z where the rise is over 2 %            0.785      0.769             0.749      0.696
    z above 2 %                                    0.796      0.770             0.780      0.751
    logistic: excess, fall                         0.761      0.666             0.789      0.744
    logistic: excess, fall, gap, rows              0.694      0.623             0.795      0.739
    boosted trees: all numbers                     0.703      0.671             0.739      0.720
    rows x 1                                       0.747      0.714             0.779      0.716
    rows x 2                                       0.843      0.806             0.873      0.815
    rows x 3                                       0.884      0.848             0.911      0.859
    rows x 4                                       0.907      0.874             0.931      0.886

So it is the number of validation rows that bounds the recall, not what is computed from them: what
is learned from more numbers is no better on other tasks, and 0.85 at 1 % takes three times as many.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.verdicts.suite import KERAS, PATH, Run, load
from benchmarks.verdicts.verdict_score import TOLERANCE, trailing, truth
from kreg.diagnostics.statistics import paired_se

SUITES = {"development": PATH, "keras-development": KERAS}
NUMBERS = ("rise", "z", "excess", "age", "fall", "gap", "rows", "accuracy", "refined")
LARGE = 30.0  # a z that is as good as infinite
DRAWS = 20  # of the rows' chance


def z_of(mean: float, error: float) -> float:
    return float(np.clip(mean / error, -LARGE, LARGE)) if error > 0 else -LARGE


def features(run: Run) -> np.ndarray:
    """`NUMBERS` for each epoch, shape (epochs, 9); NaN where one was not measured."""
    means, right = trailing(run.examples, 5), run.curves["clean_loss"] * np.nan
    if run.correct.size:
        right = trailing(run.correct, 5).mean(axis=1)
    level, train = means.mean(axis=1), trailing(run.curves["clean_loss"][:, None], 5)[:, 0]
    soft = trailing(run.curves.get("val_refined_loss", right * np.nan)[:, None], 5)[:, 0]
    rows, best = [], 0
    for t, now in enumerate(run.examples):
        best = t if level[t] < level[best] else best
        smooth, last = means[t] - means[best], now - means[best]
        over = last.mean() - (TOLERANCE - 1) * abs(level[best])
        size = abs(level[best])
        rows.append(
            [
                smooth.mean() / size,
                z_of(smooth.mean(), paired_se(smooth)),
                z_of(over, paired_se(last)),
                np.log1p(t - best),
                np.log(max(train[best], 1e-6) / max(train[t], 1e-6)),
                (level[t] - train[t]) / size,
                np.log(len(now)),
                right[best] - right[t],
                (soft[t] - soft[: t + 1].min()) / size,
            ]
        )
    return np.array(rows)


def rows_alone(run: Run) -> np.ndarray:
    """True rise above 2 % at each epoch, and its paired standard error; shape (epochs, 2)."""
    loss = run.curves["test_loss"]
    found = []
    for t, value in enumerate(loss):
        best = int(loss[: t + 1].argmin())
        error = paired_se(run.examples[t] - run.examples[best])
        found.append((value - TOLERANCE * loss[best], error))
    return np.array(found)


def recalls(score: np.ndarray, past: np.ndarray) -> tuple[float, float]:
    """The largest recall at a precision of 0.95, and with 1 % false alarms."""
    hits = np.cumsum(past[np.argsort(-score, kind="stable")])
    alarms = np.arange(1, len(past) + 1)
    recall, false = hits / past.sum(), (alarms - hits) / (~past).sum()
    return recall[hits / alarms >= 0.95].max(initial=0), recall[false <= 0.01].max(initial=0)


def learned(x: np.ndarray, past: np.ndarray, tasks: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of classifiers, each epoch's from other tasks."""
    line = make_pipeline(StandardScaler(), LogisticRegression())
    trees = HistGradientBoostingClassifier(max_depth=4, learning_rate=0.07)
    how = {"groups": tasks, "cv": GroupKFold(5), "method": "predict_proba"}
    known = np.flatnonzero(np.isfinite(x).any(axis=0))
    return {
        title: cross_val_predict(model, x[:, used], past, **how)[:, 1]
        for title, model, used in (
            ("logistic: excess, fall", line, [2, 4]),
            ("logistic: excess, fall, gap, rows", line, [2, 4, 5, 6]),
            ("boosted trees: all numbers", trees, known),
        )
    }


def report(title: str, runs: list[Run]) -> None:
    """The table of one suite."""
    x, past = (
        np.concatenate([of(run) for run in runs]) for of in (features, lambda r: truth(r)[0])
    )
    tasks = np.repeat([run.meta["task"] for run in runs], [len(run.examples) for run in runs])
    scores = {
        "kreg's z where the rise is over 2 %": np.where(x[:, 0] > TOLERANCE - 1, x[:, 1], -LARGE),
        "z above 2 %": x[:, 2],
    } | learned(x, past, tasks)
    print(f"\n{title + f', {len(runs)} runs':36s} recall at precision 0.95   at 1 % false alarms")
    for name, score in scores.items():
        print(f"{name:36s}" + "".join(f"{recall:24.3f}" for recall in recalls(score, past)))
    rise, error = np.concatenate([rows_alone(run) for run in runs]).T
    chance = np.random.default_rng(0).normal(size=(DRAWS, len(rise)))
    for count in (1, 2, 3, 4):
        noise = np.maximum(error / np.sqrt(count), 1e-12)
        z = np.where(error > 0, rise / noise + chance, -LARGE).clip(-LARGE, LARGE)
        both = recalls(z.ravel(), np.tile(past, DRAWS))
        print(f"{f'rows x {count}':36s}" + "".join(f"{recall:24.3f}" for recall in both))


def main() -> None:
    for title, path in SUITES.items():
        report(title, [run for run in load(path) if run.examples.size])


if __name__ == "__main__":
    main()

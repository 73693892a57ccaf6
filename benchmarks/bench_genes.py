"""Which columns, and how strong a lasso? `experiment=lasso_path` beside scikit-learn's own.

    KREG_DATA=... python benchmarks/bench_genes.py [--folds 5] [--count 100] [leukemia prostate ...]

Leukemia (72 patients, 7,129 genes, two classes), prostate (97 men, 8 columns) and diabetes (442
patients, 10 columns). Five outer folds; in each, both choose a strength by five inner folds, the
same ones, on the other rows - the smallest mean squared error, or log loss - at the same hundred
strengths, and are tested on the held-out rows. Beside `LassoCV` and `LogisticRegressionCV`
(liblinear: saga needs thousands of epochs here; at every fourth strength) with columns standardised
on the training rows, as they come and, for classes, solved: with their usual `tol` of 1e-4
liblinear ends far from the optimum at weak penalties (25 genes instead of 16), and its held-out
loss is that of another model. CPU seconds are those of the fits, `time.process_time`, without any
import; TensorFlow is not started by either.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LassoCV, LogisticRegressionCV
from sklearn.model_selection import KFold, StratifiedKFold

from kreg.data import Splitting, Standard
from kreg.data.dataset import Raw
from kreg.diagnostics.intervals import of_mean
from kreg.procedures.lasso_path import rows
from kreg.procedures.lasso_path.experiment import solve

INNER, SEED = 5, 0
SOLVED = {"tol": 1e-8, "intercept_scaling": 1000, "max_iter": 100_000}


def leukemia():
    """Golub's patients, both sets; the usual preprocessing of Dudoit et al. 2002."""
    with np.load(Path(os.environ["KREG_DATA"]) / "leukemia_golub" / "data.npz") as archive:
        x = np.concatenate([archive["X_train"], archive["X_test"]]).astype(float)
        y = np.concatenate([archive["y_train"], archive["y_test"]]).astype(int)
        return np.log10(np.clip(x, 100, 16_000)), y, archive["feature_names"].astype(str)


def prostate():
    with np.load(Path(os.environ["KREG_DATA"]) / "prostate" / "data.npz") as archive:
        names = archive["feature_names"] if "feature_names" in archive else np.arange(8)
        return archive["X_all"].astype(float), archive["y_all"].astype(float), names.astype(str)


def diabetes():
    data = load_diabetes(scaled=False)
    return data.data, data.target, np.array(data.feature_names)


SETS = {"leukemia": leukemia, "prostate": prostate, "diabetes": diabetes}


def ours(x, y, test, names, count, choose):
    """Strength, columns, errors of the test rows, CPU seconds."""
    classes = y.dtype.kind == "i"
    raw = Raw(
        "rows", x, y, "binary" if classes else "regression", test=test,
        feature_names=list(names), preprocess=lambda seen: Standard.fit(seen, names),
        class_names=["0", "1"] if classes else [],
    )  # fmt: skip
    table = rows.of(raw, Splitting(test=0.0, validation=0.15, seed=SEED), INNER)
    began = time.process_time()
    found = solve(table, count, None, choose)
    seconds = time.process_time() - began
    used = set(np.flatnonzero(found.path.used[found.place]).tolist())
    scores = found.chosen_alone.outputs(found.whole.held.x)[0, :, 0]
    told = (scores > 0).astype(int) if classes else scores * found.scale
    return float(found.path.strengths[found.place]), used, told, seconds, found


def theirs(x, y, test, strengths, scale, inner, solved=False):
    """The same of scikit-learn, at the same strengths and on the same inner folds."""
    fitted, classes = Standard.fit(x), y.dtype.kind == "i"
    columns, held = (np.asarray(fitted(rows), float) for rows in (x, test[0]))
    if classes:
        model = LogisticRegressionCV(
            Cs=1 / (len(x) * strengths[::4]), l1_ratios=(1,), solver="liblinear", cv=inner,
            scoring="neg_log_loss", random_state=SEED, use_legacy_attributes=False,
            **SOLVED if solved else {"intercept_scaling": 10, "max_iter": 1000},
        )  # fmt: skip
    else:
        model = LassoCV(alphas=strengths * scale / 2, cv=inner, max_iter=20_000)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(columns, y)
    seconds = time.process_time() - began
    strength = 1 / (len(x) * float(np.ravel(model.C_)[0])) if classes else model.alpha_ * 2 / scale
    used = set(np.flatnonzero(np.ravel(model.coef_)).tolist())
    return float(strength), used, model.predict(held), seconds


def outer(y, folds):
    if y.dtype.kind == "i":
        return StratifiedKFold(folds, shuffle=True, random_state=1).split(y[:, None], y)
    return KFold(folds, shuffle=True, random_state=1).split(y[:, None])


def compare(name: str, folds: int, count: int) -> None:
    x, y, names = SETS[name]()
    table: dict[str, list] = {"kreg, min": [], "kreg, 1se": [], "scikit-learn": []}
    for train, held in outer(y, folds):
        test = x[held], y[held]
        *found, path = ours(x[train], y[train], test, names, count, "min")
        table["kreg, min"].append((*found, y[held]))
        table["kreg, 1se"].append(
            (*ours(x[train], y[train], test, names, count, "1se")[:4], y[held])
        )
        strengths, scale = path.path.strengths, path.scale
        rows_of = x[train], y[train], test, strengths, scale, path.rows.folds
        table["scikit-learn"].append((*theirs(*rows_of), y[held]))
        if y.dtype.kind == "i":
            solved = (*theirs(*rows_of, solved=True), y[held])
            table.setdefault("sklearn, solved", []).append(solved)
    print(f"\n{name}: {len(x)} rows, {x.shape[1]} columns, {folds} outer folds, {count} strengths")
    what = "test error %" if y.dtype.kind == "i" else "test mse"
    print(f"{'':15s} {what:>22s}  strength (median)  columns  in all folds  in any  CPU s")
    losses = {who: np.concatenate([loss(told, truth) for _, _, told, _, truth in runs])
              for who, runs in table.items()}  # fmt: skip
    for who, runs in table.items():
        line(who, runs, losses[who])
    for other in list(table)[2:]:
        mean, error = of_mean(losses["kreg, min"] - losses[other])
        ratio = sum(r[3] for r in table["kreg, min"]) / sum(r[3] for r in table[other])
        print(f"kreg, min - {other}: {mean:+.4g} (+- {error:.2g}, paired), {ratio:.2f} of its CPU")


def loss(told, truth):
    """Squared errors, or 100 a wrong class."""
    return 100.0 * (told != truth) if truth.dtype.kind == "i" else (told - truth) ** 2


def line(who: str, runs: list, losses) -> None:
    mean, error = of_mean(losses)
    sizes, sets = [len(run[1]) for run in runs], [run[1] for run in runs]
    told, strength = f"{mean:.4g} (+- {error:.2g})", np.median([run[0] for run in runs])
    print(
        f"{who:15s} {told:>22s}  {strength:17.4g}  "
        f"{np.mean(sizes):7.1f}  {len(set.intersection(*sets)):12d}  {len(set.union(*sets)):6d}  "
        f"{sum(r[3] for r in runs):5.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--count", type=int, default=100)
    a = parser.parse_args()
    for name in a.sets:
        compare(name, a.folds, a.count)


if __name__ == "__main__":
    main()

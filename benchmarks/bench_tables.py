"""Tables: kreg's networks beside boosted trees and a random forest, with default settings only.

    KREG_DATA=/path/to/data python benchmarks/bench_tables.py report --splits 3

Every split puts 20 % of the rows aside (stratified), the same for all methods. Scikit-learn's
models are fitted on the other 80 %, boosted trees with native categories; kreg gets these 80 % as a
file and takes its validation rows from them. Of more than 5,000 rows 5,000 are drawn. Printed are
accuracy or RMSE, log loss, processor seconds (of kreg: the whole program, report included), and
ranks: their mean over the sets, and its standard error.

`DEVELOPMENT` sets choose defaults, and nothing else does; `REPORT` sets were named before the first
run. A method whose package is not installed is left out, and said so. `--results FILE` keeps a line
of JSON a fit, and what it has is not fitted again: LightGBM and CatBoost can be run from an
environment of their own that has no kreg,

    peers/bin/python benchmarks/bench_tables.py report --results FILE --methods lightgbm catboost

and the same file then makes one table. So can pytabkit's networks, which their authors and those of
the papers use: `realmlp_td_s` beside `realmlp`, `realmlp_td` beside `realmlp_full`, `tabm_d` beside
`tabm`. They refuse missing numbers, and get the training rows' medians.

Three splits of all fifteen report sets (178 to 5,000 rows, two shared cores under other load). Mean
rank of five, in score and (ten sets) in log loss, and mean processor seconds a set:

    catboost        1.87 +- 0.20    2.40 +- 0.34    0.6 to 66
    tabm            2.27 +- 0.37    1.90 +- 0.41    12 to 71
    lightgbm        3.37 +- 0.26    3.10 +- 0.41    0.01 to 2.3
    boosting        3.43 +- 0.38    3.20 +- 0.39    0.04 to 2.0
    random_forest   4.07 +- 0.28    4.40 +- 0.34    0.1 to 1.7

The score of tabm, which `model=auto` stands for, is better than boosting's on ten sets and worse on
five (car, kr_vs_kp, glass, soybean, thyroid); RMSE of kin8nm 0.077 beside 0.132, of naval 0.00085
beside 0.00169. It takes more than 60 processor seconds on mice_protein (71) and naval (60.5). On
glass, 26 validation rows, its log loss is the worst: 1.24; catboost has 0.58.

`recipe=realmlp` beside them, one split, six methods: in score it is the first, 2.80 +- 0.51 (tabm
3.00 +- 0.44, catboost 3.23 +- 0.35); in log loss, where smoothed labels cost, 4.40 +- 0.50 (tabm
2.30 +- 0.52, boosting 2.70 +- 0.33). It takes 10 to 29 processor seconds. Its authors chose its
defaults on sets of the UCI, as most of these are.

`experiment=table_ensemble` on ten of the sets (not kr_vs_kp, digits, kin8nm, naval, protein), one
split, is the first of seven methods: 2.95 +- 0.47 in score (tabm 3.45, realmlp 3.50, boosting 3.90)
and 2.44 +- 0.55 in log loss (boosting 3.25, tabm 3.31, catboost 3.50), in 28 to 97 seconds.

Beside pytabkit 1.8, three splits of the smallest six (wine, heartc, glass, diabetes, breast_cancer,
soybean: 178 to 683 rows): no difference in score is larger than two standard errors.

    tabm_d          2.42 +- 0.69    3.20 +- 0.80    4.5 to 26
    realmlp_td      2.58 +- 0.65    2.80 +- 0.37    2.8 to 4.9
    tabm            2.67 +- 0.42    2.20 +- 0.58    12 to 20
    realmlp         3.17 +- 0.60    2.60 +- 0.81    10 to 12
    realmlp_td_s    4.17 +- 0.33    4.20 +- 0.37    1.9 to 3.4

pytabkit is the faster one there: kreg's seconds have TensorFlow's start, its compiler and the
report in them. On car, mice_protein, thyroid and abalone, one split, tabm takes 23 to 67 seconds,
tabm_d 56 to 189, realmlp 18 to 26, realmlp_td_s 5 to 35.
"""

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")  # waiting threads would count as working ones

import numpy as np

ROOT = Path(__file__).parents[1]
MOST = 5_000  # rows
TEST = 0.2
DEVELOPMENT = ("vehicle", "credit_g", "sonar", "segment", "phoneme", "concrete", "power")
REPORT = (
    "car", "kr_vs_kp", "mice_protein", "glass", "soybean", "thyroid", "heartc", "wine",
    "breast_cancer", "digits", "abalone", "kin8nm", "naval", "protein", "diabetes",
)  # fmt: skip
SKLEARN = ("wine", "breast_cancer", "digits", "diabetes")
PROBEN1 = ("glass", "soybean", "thyroid", "heartc")
REGRESSION = ("concrete", "power", "abalone", "kin8nm", "naval", "protein", "diabetes")
FOLDERS = ("uci_classification", "uci_regression", "proben1")


class Table(NamedTuple):
    """Rows as they are in their source; categories as whole numbers, missing values as NaN."""

    x: np.ndarray
    y: np.ndarray
    nominal: np.ndarray


class Split(NamedTuple):
    """One division of a table."""

    train: Table
    test: Table
    regression: bool


def load(name: str) -> Table:
    """A whole set by its name."""
    if name in SKLEARN:
        from sklearn import datasets

        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        return Table(x.astype(float), y, np.zeros(x.shape[1], bool))
    data = Path(os.environ["KREG_DATA"])
    files = [data / folder / f"{name}.npz" for folder in FOLDERS] + [data / name / "data.npz"]
    with np.load(next(file for file in files if file.exists()), allow_pickle=False) as file:
        found = {key.lower(): file[key] for key in file.files}
    x, y = found["x"].astype(float), found["y"]
    y = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y))
    nominal = found.get("is_categorical", np.zeros(x.shape[1], bool)).astype(bool)
    x[:, nominal] = np.where(x[:, nominal] < 0, np.nan, x[:, nominal])
    return Table(x, y, nominal)


def split(name: str, seed: int) -> Split:
    """The rows of a set, at most `MOST`, in two parts."""
    from sklearn.model_selection import train_test_split

    table, regression = load(name), name in REGRESSION
    y = table.y.astype(float) if regression else np.unique(table.y, return_inverse=True)[1]
    rows = np.random.default_rng(seed).permutation(len(y))[:MOST]
    x, y = table.x[rows], y[rows]
    strata = None if regression else y
    train_x, test_x, train_y, test_y = train_test_split(
        x, y, test_size=TEST, random_state=seed, stratify=strata
    )
    parts = ((train_x, train_y), (test_x, test_y))
    return Split(*(Table(*part, table.nominal) for part in parts), regression)


# --- methods: a split to (score, log loss) --------------------------------------------------------


def scored(parts: Split, guess: np.ndarray, chances: np.ndarray | None) -> dict[str, float]:
    """Accuracy and log loss, or RMSE."""
    truth = parts.test.y
    if parts.regression:
        return {"rmse": float(np.sqrt(np.mean((guess - truth) ** 2)))}
    assert chances is not None
    sure = np.clip(chances[np.arange(len(truth)), truth], 1e-7, 1)
    return {"accuracy": float(np.mean(guess == truth)), "log_loss": float(-np.log(sure).mean())}


def fitted(model: Any, parts: Split, prepare: Any = lambda x: x) -> dict[str, float]:
    """A model with scikit-learn's interface."""
    model.fit(prepare(parts.train.x), parts.train.y)
    x = prepare(parts.test.x)
    guess = np.asarray(model.predict(x)).reshape(len(x))
    return scored(parts, guess, None if parts.regression else model.predict_proba(x))


def boosting(parts: Split, seed: int) -> dict[str, float]:
    from sklearn import ensemble

    kind = "Regressor" if parts.regression else "Classifier"
    make = getattr(ensemble, f"HistGradientBoosting{kind}")
    return fitted(make(random_state=seed, categorical_features=parts.train.nominal), parts)


def random_forest(parts: Split, seed: int) -> dict[str, float]:
    from sklearn import ensemble
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    make = getattr(ensemble, f"RandomForest{'Regressor' if parts.regression else 'Classifier'}")
    levels = (OneHotEncoder(handle_unknown="ignore", sparse_output=False), parts.train.nominal)
    columns = make_column_transformer(levels, remainder="passthrough")
    return fitted(make_pipeline(columns, make(random_state=seed)), parts)


def lightgbm(parts: Split, seed: int) -> dict[str, float]:
    import lightgbm as peer

    make = peer.LGBMRegressor if parts.regression else peer.LGBMClassifier
    model = make(random_state=seed, n_jobs=1, verbose=-1)
    nominal = np.flatnonzero(parts.train.nominal).tolist()
    model.fit(parts.train.x, parts.train.y, categorical_feature=nominal)
    guess = model.predict(parts.test.x)
    chances = None if parts.regression else model.predict_proba(parts.test.x)
    return scored(parts, guess, chances)


def catboost(parts: Split, seed: int) -> dict[str, float]:
    import catboost as peer

    make = peer.CatBoostRegressor if parts.regression else peer.CatBoostClassifier
    nominal = np.flatnonzero(parts.train.nominal).tolist()
    more = {"random_seed": seed, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    return fitted(make(cat_features=nominal, **more), parts, lambda x: _as_texts(x, nominal))


def pytabkit(name: str) -> Any:
    """The authors' RealMLP or TabM, with its defaults."""

    def fit(parts: Split, seed: int) -> dict[str, float]:
        import pytabkit as peer

        make = getattr(peer, f"{name}_{'Regressor' if parts.regression else 'Classifier'}")
        model = make(device="cpu", random_state=seed, n_threads=1, verbosity=0)
        medians = np.nanmedian(np.where(parts.train.nominal, 0, parts.train.x), axis=0)
        train, test = (_as_frame(part, medians) for part in (parts.train, parts.test))
        nominal = [str(column) for column in np.flatnonzero(parts.train.nominal)]
        target = parts.train.y.astype(np.float32) if parts.regression else parts.train.y
        model.fit(train, target, cat_col_names=nominal)
        chances = None if parts.regression else model.predict_proba(test)
        return scored(parts, np.asarray(model.predict(test)).reshape(len(test)), chances)

    return fit


def _as_frame(rows: Table, medians: np.ndarray) -> Any:
    """Categories as texts; missing numbers, which these networks refuse, as the medians."""
    import pandas

    x = np.where(np.isnan(rows.x) & ~rows.nominal, medians, rows.x).astype(np.float32)
    frame = pandas.DataFrame(x, columns=[str(column) for column in range(x.shape[1])])
    for column in frame.columns[rows.nominal]:
        frame[column] = frame[column].map(str).astype("category")
    return frame


def _as_texts(x: np.ndarray, nominal: list[int]) -> np.ndarray:
    """CatBoost wants categories as texts, and a table that mixes them with numbers."""
    mixed = x.astype(object)
    for column in nominal:
        mixed[:, column] = [str(value) for value in x[:, column]]
    return mixed


def kreg(*overrides: str) -> Any:
    """The program with these words, and everything else as it comes."""

    def fit(parts: Split, seed: int) -> dict[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            file = write(parts, Path(folder))
            task = ["data.task=regression"] if parts.regression else []
            words = ["data=npz", f"data.path={file}", f"seed={seed}", "trainer.verbose=quiet"]
            command = [sys.executable, str(ROOT / "train.py"), *words, *task, *overrides]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
            (path,) = Path(folder, "logs").glob("*/runs/*/result.json")
            metrics = json.loads(path.read_text())["metrics"]
        if parts.regression:
            return {"rmse": metrics["test_clean_rmse"]}
        names = {"accuracy": "test_clean_accuracy", "log_loss": "test_clean_loss"}
        return {ours: metrics[theirs] for ours, theirs in names.items()}

    return fit


def write(parts: Split, folder: Path) -> Path:
    """The split as an archive that `data=npz` reads; what is aside are its own test rows."""
    columns = range(parts.train.x.shape[1])
    both = np.vstack([parts.train.x, parts.test.x])
    most = [int(np.nanmax(both[:, i])) if parts.train.nominal[i] else -1 for i in columns]
    levels = np.array([json.dumps([str(level) for level in range(n + 1)]) for n in most])
    more = {"is_categorical": parts.train.nominal, "categories": levels}
    arrays = {"x_train": parts.train.x, "y_train": parts.train.y}
    arrays |= {"x_test": parts.test.x, "y_test": parts.test.y}
    np.savez(folder / "table.npz", **arrays, **(more if parts.train.nominal.any() else {}))
    return folder / "table.npz"


METHODS = {
    "boosting": boosting,
    "random_forest": random_forest,
    "deep": kreg("model=deep"),
    "tabm": kreg("recipe=tabm"),
    "realmlp": kreg("recipe=realmlp"),
    "realmlp_full": kreg("recipe=realmlp_full"),
    "ensemble": kreg("experiment=table_ensemble"),
    "lightgbm": lightgbm,
    "catboost": catboost,
    "realmlp_td_s": pytabkit("RealMLP_TD_S"),
    "realmlp_td": pytabkit("RealMLP_TD"),
    "tabm_d": pytabkit("TabM_D"),
}
PACKAGES = {  # what a method needs beside kreg's own
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    **dict.fromkeys(("realmlp_td_s", "realmlp_td", "tabm_d"), "pytabkit"),
}


def there(methods: list[str]) -> list[str]:
    """The methods whose package is installed; of the others it is said that they are left out."""
    missing = [m for m in methods if m in PACKAGES and not importlib.util.find_spec(PACKAGES[m])]
    for method in missing:
        print(f"{method} is not fitted: the package {PACKAGES[method]} is not installed.")
    return [method for method in methods if method not in missing]


def cpu() -> float:
    """Processor seconds of this process and of the programs that it has run."""
    mine = time.process_time()
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine + theirs.ru_utime + theirs.ru_stime


def measure(names: list[str], methods: list[str], splits: int, results: Path) -> None:
    """Fit what the file of results lacks."""
    lines = results.read_text().splitlines() if results.exists() else []
    done = {tuple(json.loads(line)[key] for key in ("set", "split", "method")) for line in lines}
    for seed in range(splits):
        for name in names:
            parts = split(name, seed)
            for method in methods:
                if (name, seed, method) in done:
                    continue
                began = cpu()
                row = {"set": name, "split": seed, "method": method, **METHODS[method](parts, seed)}
                row["seconds"] = round(cpu() - began, 2)
                with results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)


# --- what is printed ------------------------------------------------------------------------------


def summary(results: Path, names: list[str], methods: list[str], splits: int) -> None:
    """A table a measure, then the ranks over the sets that every method has done."""
    found: dict[str, Any] = defaultdict(lambda: defaultdict(list))
    for line in results.read_text().splitlines():
        row = json.loads(line)
        if row["split"] < splits and row["method"] in methods:
            for key in ("accuracy", "rmse", "log_loss", "seconds"):
                if key in row:
                    found[key][row["set"], row["method"]].append(row[key])
    means = {
        key: {at: float(np.mean(v)) for at, v in table.items()} for key, table in found.items()
    }
    for key, table in means.items():
        print(f"\n{key:<16}" + "".join(f"{method:>14}" for method in methods))
        for name in names:
            cells = [table.get((name, method)) for method in methods]
            if any(cell is not None for cell in cells):
                shown = ("-" if cell is None else f"{cell:.4g}" for cell in cells)
                print(f"{name:<16}" + "".join(f"{cell:>14}" for cell in shown))
    score = {**means.get("rmse", {}), **{at: -v for at, v in means.get("accuracy", {}).items()}}
    for title, table in (("score", score), ("log loss", means.get("log_loss", {}))):
        tell_ranks(title, table, names, methods)


def tell_ranks(
    title: str, table: dict[tuple[str, str], float], names: list[str], methods: list[str]
) -> None:
    """Mean rank and its standard error; 1 is the best, equal values share theirs."""
    from scipy.stats import rankdata

    whole = [name for name in names if all((name, method) in table for method in methods)]
    if not whole:
        return
    ranks = np.array([rankdata([table[name, method] for method in methods]) for name in whole])
    print(f"\nmean rank in {title} of {len(methods)} methods on {len(whole)} sets")
    for column, method in enumerate(methods):
        values = ranks[:, column]
        error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
        print(f"  {method:<16}{values.mean():6.2f} +- {error:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Kreg's networks beside trees on tables.")
    parser.add_argument("sets", nargs="+", help="development, report, or names of sets")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--results", type=Path, help="a file that keeps what is measured")
    given = parser.parse_args()
    groups = {"development": DEVELOPMENT, "report": REPORT}
    names = [name for word in given.sets for name in groups.get(word, (word,))]
    with tempfile.TemporaryDirectory() as folder:
        results = given.results or Path(folder, "tables.jsonl")
        measure(names, there(given.methods), given.splits, results)
        summary(results, names, given.methods, given.splits)


if __name__ == "__main__":
    main()

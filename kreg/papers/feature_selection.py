"""`experiment=feature_selection`: at most 50 features, by kreg's group lasso and by scikit-learn.

Every selector chooses on the training rows; then one and the same network (one hidden layer of a
third of the features, as in the LassoNet paper) is trained on the chosen features alone, for the
same number of steps. kreg: `kreg.select_features` on that network, with all its defaults, and the
same with a plain group lasso, to show what the adaptive one adds.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectFromModel, SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression

from kreg import check, files
from kreg.optimizers import Adam
from kreg.papers import feature_selection_data as tables
from kreg.papers.data_folder import data_folder
from kreg.papers.feature_selection_data import Split
from kreg.surgery import select_features
from kreg.surgery.table import text_table

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
BATCH = 64


def run(
    out_dir: str | Path,
    *,
    datasets: Sequence[str] = ("mice", "isolet", "mnist"),
    data_dir: str | Path | None = None,
    features: int = 50,
    seeds: int = 1,
    steps: int = 3000,
    path_steps: int = 150,
    selectors: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Compare the selectors, print the table, write `feature_selection.json`.

    Args:
        out_dir: Where the table goes.
        datasets: Some of `"mice"`, `"isolet"`, `"mnist"`.
        data_dir: The folder of the data sets. Defaults to the environment's `KREG_DATA`.
        features: Whole number >= 1: how many a selector may choose at most.
        seeds: Whole number >= 1 of splits to average.
        steps: Whole number >= 1 of training steps on the chosen features.
        path_steps: Whole number >= 1 of steps at each strength of kreg's path.
        selectors: Some of the names in `SELECTORS`. Defaults to all.

    Returns:
        `{"rows": [...], "settings": {...}}`: for each data set and selector the test accuracy and
        the number of features, and what is published.
    """
    check.integer("features", features, low=1)
    check.integer("steps", steps, low=1)
    check.integer("path_steps", path_steps, low=1)
    chosen = [check.choice("selectors", s, SELECTORS) for s in selectors or SELECTORS]
    names = [check.choice("datasets", name, tables.PUBLISHED) for name in datasets]
    folder = data_folder(data_dir, *(tables.FILES[name] for name in names))
    rows: list[dict[str, Any]] = []
    for name in names:
        for selector in chosen:
            choose, loaded = SELECTORS[selector], partial(tables.load, folder, name)
            runs = [
                one_run(loaded(seed), choose, features, steps, path_steps, seed)
                for seed in range(check.integer("seeds", seeds, low=1))
            ]
            found, count = np.mean(runs, axis=0).tolist()
            rows.append({"data": name, "selector": selector, "accuracy": found, "features": count})
            print(f"{name}: {selector}, {found:.1f} % with {count:g} features", flush=True)
        rows += [{"data": name, **row} for row in tables.PUBLISHED[name]]
    settings = {"features": features, "seeds": seeds, "steps": steps, "path_steps": path_steps}
    result = {"rows": rows, "settings": settings}
    files.write_json(Path(out_dir) / "feature_selection.json", result)
    print(table(rows))
    return result


def one_run(
    data: Split, choose: "Selector", features: int, steps: int, path_steps: int, seed: int
) -> tuple[float, int]:
    """Test accuracy in per cent with the features that one selector chooses, and how many."""
    keras.utils.clear_session()
    chosen = choose(data, features, seed, path_steps)
    model = network(len(chosen), data.hidden, data.classes, seed)
    train(model, data.x[:, chosen], data.y, steps, seed)
    right = model.predict(data.x_test[:, chosen], verbose=0).argmax(axis=1) == data.y_test
    return 100 * float(right.mean()), len(chosen)


def network(features: int, hidden: int, classes: int, seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    dense = keras.layers.Dense
    layers = [dense(hidden, "relu", name="first"), dense(classes, name="head")]
    model = keras.Sequential([keras.Input((features,)), *layers])
    model.compile(Adam(1e-3), LOSS)
    return model


def train(model: keras.Model, x: np.ndarray, y: np.ndarray, steps: int, seed: int) -> None:
    """Shuffled batches in one epoch: an epoch each would cost more than the arithmetic."""
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    passes = -(-steps * BATCH // len(x))
    order = np.concatenate([rng.permutation(len(x)) for _ in range(passes)])[: steps * BATCH]
    x, y = tf.constant(x), tf.constant(y)
    batches = tf.data.Dataset.from_tensor_slices(order.reshape(steps, BATCH))
    batches = batches.map(lambda rows: (tf.gather(x, rows), tf.gather(y, rows)))
    model.fit(batches, shuffle=False, verbose=0)


def by_kreg(
    data: Split, features: int, seed: int, path_steps: int, adaptive: float = 1.0
) -> np.ndarray:
    wanted = min(features, data.x.shape[1])
    model = network(data.x.shape[1], data.hidden, data.classes, seed)
    found = select_features(
        model, data.x, data.y, features=wanted, adaptive=adaptive,
        steps=path_steps, batch_size=BATCH, seed=seed,
    )  # fmt: skip
    return np.asarray(found.features)


def by_f_test(data: Split, features: int, *_: int) -> np.ndarray:
    best = SelectKBest(f_classif, k=min(features, data.x.shape[1]))
    return np.asarray(best.fit(data.x, data.y).get_support(indices=True))


def by_forest(data: Split, features: int, seed: int, *_: int) -> np.ndarray:
    return from_model(RandomForestClassifier(200, random_state=seed), data, features)


def by_logistic(data: Split, features: int, *_: int) -> np.ndarray:
    """The largest coefficients of an L1 logistic regression; fewer where it leaves fewer."""
    lasso = LogisticRegression(l1_ratio=1.0, C=1.0, solver="saga", tol=1e-2, max_iter=100)
    return from_model(lasso, data, features)


def from_model(model: BaseEstimator, data: Split, features: int) -> np.ndarray:
    chooser = SelectFromModel(model, max_features=min(features, data.x.shape[1]), threshold=1e-10)
    return np.asarray(chooser.fit(data.x, data.y).get_support(indices=True))


def everything(data: Split, *_: int) -> np.ndarray:
    return np.arange(data.x.shape[1])


Selector = Callable[[Split, int, int, int], np.ndarray]  # features, seed, steps of the path
SELECTORS: dict[str, Selector] = {
    "all features": everything,
    "F-test": by_f_test,
    "SelectFromModel, random forest": by_forest,
    "SelectFromModel, L1 logistic": by_logistic,
    "kreg, plain group lasso": partial(by_kreg, adaptive=0.0),
    "kreg.select_features": by_kreg,
}


def table(rows: list[dict[str, Any]]) -> str:
    cells = [
        (row["data"], row["selector"], f"{row['accuracy']:.1f}", f"{row['features']:g}")
        for row in rows
    ]
    return text_table(("data", "features chosen by", "test accuracy", "features"), cells)

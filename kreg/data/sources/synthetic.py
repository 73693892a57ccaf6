"""Data whose truth is known: a sparse linear teacher, and the setting of double descent."""

import numpy as np
from numpy.typing import NDArray

from kreg import check
from kreg.data.dataset import Raw
from kreg.data.preprocessing import Standard

Array = NDArray[np.float64]


def sparse_teacher(
    rows: int = 500,
    features: int = 50,
    informative: int = 5,
    noise: float = 0.5,
    correlation: float = 0.0,
    seed: int = 0,
) -> Raw:
    """`y = x @ w + noise * e` with `informative` non-zero weights of size 1 and random sign.

    Args:
        rows: Rows in all.
        features: Columns; those named `true_<i>` have a weight.
        informative: Columns with a weight, at most `features`.
        noise: Standard deviation of the noise; the signal's is about `sqrt(informative)`.
        correlation: In [0, 1): between neighbouring columns, falling off as its powers.
        seed: Whole number >= 0.
    """
    check.integer("informative", informative, low=0, high=features)
    generator = np.random.default_rng((seed, rows, features))
    x = _correlated(generator.standard_normal((rows, features)), correlation)
    chosen = np.sort(generator.permutation(features)[:informative])
    weights = np.zeros(features)
    weights[chosen] = generator.choice([-1.0, 1.0], informative)
    y = x @ weights + noise * generator.standard_normal(rows)
    names = [f"{'true' if weights[i] else 'noise'}_{i}" for i in range(features)]
    return _regression("sparse_teacher", x, y, names)


def _correlated(x: Array, correlation: float) -> Array:
    """Neighbouring columns as a first-order autoregression with unit variance."""
    result = x.copy()
    for column in range(1, x.shape[1]):
        fresh = np.sqrt(1 - correlation**2) * x[:, column]
        result[:, column] = correlation * result[:, column - 1] + fresh
    return result


def double_descent(rows: int = 400, features: int = 30, noise: float = 0.5, seed: int = 0) -> Raw:
    """A dense linear teacher of unit signal on noisy rows.

    Train few of the rows (`data.train_size`) with models of growing width: the test error peaks
    where the number of parameters passes the number of training rows (Belkin et al. 2019).
    """
    generator = np.random.default_rng((seed, rows, features, 1))
    x = generator.standard_normal((rows, features))
    weights = generator.standard_normal(features) / np.sqrt(features)
    y = x @ weights + noise * generator.standard_normal(rows)
    return _regression("double_descent", x, y, [f"x_{i}" for i in range(features)])


def _regression(name: str, x: Array, y: Array, names: list[str]) -> Raw:
    return Raw(
        name=name,
        x=x,
        y=y,
        task="regression",
        feature_names=names,
        preprocess=lambda rows: Standard.fit(rows, names),
    )

"""`KregRegressor`: kreg's training as a regressor of scikit-learn."""

from collections.abc import Sequence
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags, column_or_1d

from kreg.fields import Number
from kreg.sklearn import rows
from kreg.sklearn.estimator import KregEstimator

Array = NDArray[Any]


class KregRegressor(RegressorMixin, KregEstimator):
    """A network of kreg as a scikit-learn regressor: `train.py model=deep reg=l1` on `X, y`.

    The parameters and the attributes are those of `kreg.sklearn.KregClassifier`, but for
    `class_weight` and `classes_`. The network is trained on targets in units of their deviation;
    `predict`, `result_` and the report have them in the target's own units.

    Args:
        model, reg, l1, l2, strength, dropout, augment, optimizer, stop: As in `KregClassifier`.
        random_state, overrides, log_dir, verbose: As in `KregClassifier`.

    Raises:
        ValueError: From `fit`, with one sentence, if parameters contradict each other or the rows
            cannot be learned from.

    Example:

    ```python
    from kreg.sklearn import KregRegressor

    lasso = KregRegressor(model="linear", reg="l1", l1=0.1).fit(X, y)
    lasso.predict(X_new), lasso.selected_features_
    ```
    """

    def __init__(
        self,
        *,
        model: str = "deep",
        reg: str = "l1",
        l1: Number | None = None,
        l2: Number | None = None,
        strength: Number | None = None,
        dropout: str = "none",
        augment: str = "none",
        optimizer: str = "adam",
        stop: str = "auto",
        random_state: Any = 0,
        overrides: Sequence[str] = (),
        log_dir: str | PathLike[str] | None = None,
        verbose: int = 0,
    ) -> None:
        self.model = model
        self.reg = reg
        self.l1 = l1
        self.l2 = l2
        self.strength = strength
        self.dropout = dropout
        self.augment = augment
        self.optimizer = optimizer
        self.stop = stop
        self.random_state = random_state
        self.overrides = overrides
        self.log_dir = log_dir
        self.verbose = verbose

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on these rows.

        Args:
            X: As for `KregClassifier.fit`.
            y: Numbers, `(rows,)` or `(rows, targets)`.
            sample_weight: Numbers >= 0 `(rows,)`, or `None`; rows of weight 0 are left out.
        """
        config = self._configuration()
        found = rows.inputs(self, X, reset=True)
        y = rows.targets(self, found, y, dtype=np.float64)
        if y.ndim > 2:
            raise ValueError(f"y must be (rows,) or (rows, targets); it has shape {y.shape}.")
        several = y.ndim == 2 and y.shape[1] > 1
        if not several:
            y = column_or_1d(y, warn=True)
        self._train(
            rows.raw(
                found,
                y,
                rows.weights(found, sample_weight),
                config.data,
                task="regression",
                target_names=[str(i) for i in range(y.shape[1])] if several else [],
                written=rows.notations(self, X),
            ),
            config,
        )
        return self

    def predict(self, X: Any) -> Array:
        """The targets in their own units, `(rows,)` or `(rows, targets)`."""
        found = self._outputs(X)
        if self._target["scale"]:
            found = found * np.asarray(self._target["scale"]) + np.asarray(self._target["mean"])
        return found[:, 0] if found.shape[1] == 1 else found

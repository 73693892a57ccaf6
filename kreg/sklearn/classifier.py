"""`KregClassifier`: kreg's training as a classifier of scikit-learn."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from kreg.fields import Number
from kreg.sklearn import outputs, rows
from kreg.sklearn.estimator import KregEstimator

LABELS = "multilabel-indicator"
Array = NDArray[Any]


class KregClassifier(ClassifierMixin, KregEstimator):
    """A network of kreg as a scikit-learn classifier: `train.py model=deep reg=l1` on `X, y`.

    The training is the one of `train.py`: the same options, checks, early stopping and verdict, the
    same weights on the same rows with the same seed. A share of the rows of `fit` (0.15; another by
    `overrides=("data.validation=0.2",)`) validates: it stops the training and chooses the epoch.
    Columns of a frame are numbers, dates or categories by their dtype; numbers are standardised,
    categories one-hot encoded, missing values filled, all by the training rows. Nothing is written
    to disk unless `log_dir` names a folder.

    Args:
        model: Name of an option of the group `model`, `"linear"` or `"deep"` say. Defaults to
            `"deep"`.
        reg: Name of an option of the group `reg`. Defaults to `"l1"`.
        l1, l2: Strengths of the penalty: numbers >= 0 or schedules as dictionaries. `None` for the
            penalty's default; refused where `reg` has no such strength.
        strength: The same for any penalty, whatever it calls its strength: for a grid over several
            penalties. Of two strengths each gets half. Defaults to `None`.
        dropout: Name of an option of the group `dropout`. Defaults to `"none"`.
        augment: Name of an option of the group `augment`. Defaults to `"none"`.
        optimizer: Name of an option of the group `optimizer`. Defaults to `"adam"`.
        stop: Name of an option of the group `stop`. Defaults to `"auto"`.
        class_weight: `None`, `"balanced"`, or a number for each class, in the training loss.
        random_state: The seed of the split, the weights, the order and the noise: a whole number,
            a `RandomState`, or `None` for another one in every fit. Defaults to `0`.
        overrides: Everything else, as on the command line: `("optimizer.learning_rate=1e-3",)`.
        log_dir: Folder below which each fit makes a run directory, or `None`.
        verbose: `1` prints a line before and after the training and shows its progress.

    Attributes:
        classes_: The labels, sorted; of several labels a row, their numbers.
        n_features_in_, feature_names_in_: Of the rows of `fit`.
        n_iter_: Epochs that were trained.
        model_: The trained `keras.Model`; its outputs are logits.
        preprocessing_: What turns a frame into the inputs of `model_`, or `None` for pictures.
        verdict_: The `kreg.diagnostics.Verdict` on the training: does it overfit, since when.
        history_: Name of a number to its values, one an epoch.
        result_: Scores, sizes and zeros, as in `result.json`.
        selected_features_: The columns that an output depends on: names, or numbers of columns
            where `X` had no names; `None` for pictures.

    Raises:
        ValueError: From `fit`, with one sentence, if parameters contradict each other or the rows
            cannot be learned from.

    Example:

    ```python
    from kreg.sklearn import KregClassifier

    classifier = KregClassifier(model="deep", reg="l1", l1=1e-3).fit(X, y)
    classifier.predict_proba(X_new)
    print(classifier.verdict_.headline, classifier.selected_features_)
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
        class_weight: str | Mapping[Any, float] | None = None,
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
        self.class_weight = class_weight
        self.random_state = random_state
        self.overrides = overrides
        self.log_dir = log_dir
        self.verbose = verbose

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on these rows.

        Args:
            X: A frame or an array `(rows, columns)`, or pictures `(rows, h, w)` or
                `(rows, h, w, c)`, uint8 or floats.
            y: Labels `(rows,)`, or 0 and 1 `(rows, labels)` of which a row may have several.
            sample_weight: Numbers >= 0 `(rows,)`, or `None`; rows of weight 0 are left out.
        """
        config = self._configuration()
        found = rows.inputs(self, X, reset=True)
        y = rows.targets(self, found, y, dtype=None)
        check_classification_targets(y)
        several = type_of_target(y) == LABELS
        if y.ndim > 1 and not several:
            y = column_or_1d(y, warn=True)
        self.classes_, codes = labels(y) if several else np.unique(y, return_inverse=True)
        names = [str(label) for label in self.classes_.tolist()]
        raw = rows.raw(
            found,
            codes,
            rows.weights(found, sample_weight),
            config.data,
            task="multilabel" if several else "classes",
            class_names=[] if several else names,
            target_names=names if several else [],
            written=rows.notations(self, X),
        )
        self._train(raw, config)
        return self

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, `(rows, classes)`; of several labels, of each one."""
        return outputs.probabilities(self._outputs(X), self._task)

    def predict(self, X: Any) -> Array:
        """The most probable class, `(rows,)`; of several labels, those above one half."""
        chances = self.predict_proba(X)
        if self._task == "multilabel":
            return (chances > 0.5).astype(int)
        found: Array = self.classes_[chances.argmax(axis=1)]
        return found


def labels(y: Array) -> tuple[Array, Array]:
    """The numbers of the labels, and 0 or 1 for each row and label."""
    return np.arange(y.shape[1]), np.asarray(y, np.float32)

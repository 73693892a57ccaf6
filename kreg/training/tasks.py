"""What is minimised and what is measured, by task: classification, binary or regression."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

    from kreg.data import Data

ERRORS = ("rmse", "mae")  # of a regression
LABELS = ("binary", "multilabel")  # one logit for each label
MOST_CLASSES = 1000


def loss(
    task: str, soft_labels: bool = False, label_smoothing: float = 0.0, of_members: bool = False
) -> "keras.losses.Loss":
    """The loss on logits.

    Args:
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        soft_labels: Whether the targets are rows of class weights, as mixing stages make them.
        label_smoothing: Share of each label that is spread evenly in training.
        of_members: Whether the model ends in `kreg.models.MeanOfMembers`: each member is trained on
            its own loss.
    """
    from kreg.models import members_loss

    plain = loss_of_one(task, soft_labels, label_smoothing)
    return members_loss(plain) if of_members else plain


def loss_of_one(task: str, soft_labels: bool, label_smoothing: float) -> "keras.losses.Loss":
    """Keras's loss of a task, or kreg's, which smooths labels in training."""
    import keras

    from kreg import models

    source = models if label_smoothing else keras.losses
    settings: dict[str, Any] = {"label_smoothing": label_smoothing} if label_smoothing else {}
    made: keras.losses.Loss = keras.losses.MeanSquaredError()
    if task in LABELS:
        made = source.BinaryCrossentropy(from_logits=True, **settings)
    elif task == "classification" and soft_labels:
        made = source.CategoricalCrossentropy(from_logits=True, **settings)
    elif task == "classification":
        made = source.SparseCategoricalCrossentropy(from_logits=True, **settings)
    return made


def unsmoothed(task: str, label_smoothing: float) -> list[str]:
    """A sentence where there is no label that could be smoothed."""
    if task != "regression" or not label_smoothing:
        return []
    return [f"trainer.label_smoothing={label_smoothing:g} has no part in a regression."]


def metrics(
    task: str,
    soft_labels: bool = False,
    target_scale: Sequence[float] = (),
    target_names: Sequence[str] = (),
) -> "list[keras.metrics.Metric | str]":
    """The metrics of a task. Several targets have several units: each has errors of its own.

    Args:
        task: As for `loss`.
        soft_labels: As for `loss`.
        target_scale: What the targets of a regression were divided by, if they were: its errors are
            in the units before that.
        target_names: Of several targets.
    """
    import keras

    if task == "classification":
        return [keras.metrics.CategoricalAccuracy(name="accuracy") if soft_labels else "accuracy"]
    if task in LABELS:
        from kreg.models import ExactMatch, LogitAccuracy

        accuracy = LogitAccuracy(name="accuracy")
        return [accuracy] if task == "binary" else [accuracy, ExactMatch()]
    return errors(target_scale, target_names)


def errors(
    target_scale: Sequence[float] = (), target_names: Sequence[str] = ()
) -> "list[keras.metrics.Metric | str]":
    """The errors of a regression, as for `metrics`: `rmse` and `mae`, or `rmse_<target>`, ..."""
    from kreg.models import UnscaledMeanAbsoluteError, UnscaledRootMeanSquaredError

    scale = target_scale or [1.0] * max(len(target_names), 1)
    kinds = dict(zip(ERRORS, (UnscaledRootMeanSquaredError, UnscaledMeanAbsoluteError)))
    if not target_names:
        return [kind(scale) for kind in kinds.values()]
    return [
        kind(scale, name=of_target(error, name), target=place)
        for place, name in enumerate(target_names)
        for error, kind in kinds.items()
    ]


def of_target(error: str, name: str) -> str:
    """What the error of one of several targets is called.

    >>> of_target("rmse", "heating load")
    'rmse_heating load'
    """
    return f"{error}_{name}"


def described(data: "Data", inferred: bool) -> str:
    """The task in words; where it was inferred from the target, the key that changes it.

    Args:
        data: The rows.
        inferred: Whether nobody has said the task: `data.task=auto`.
    """
    regression, targets = data.task == "regression", data.outputs
    words = "regression" if regression else f"classification into {len(data.class_names)} classes"
    words += f" of {targets} targets" if regression and targets > 1 else ""
    if data.task == "multilabel":
        words = f"multi-label classification, {targets} labels"
    if not inferred or not ambiguous(data):
        return words
    if regression:
        return f"{words} (inferred; data.task=classification makes its values classes)"
    return f"{words} (inferred; data.task=regression reads them as numbers)"


def ambiguous(data: "Data") -> bool:
    """Whether the target could have been read as the other task: numbers, and not too many."""
    if data.task == "multilabel":
        return False
    if data.task != "regression":
        return all(is_number(name) for name in data.class_names)
    import numpy as np

    values = np.concatenate([split.y for split in data.splits.values()])
    return values.shape[-1] == 1 and len(np.unique(values)) <= MOST_CLASSES


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

"""Labels as rows of probabilities, and whether a loss fits them."""

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from kreg import check
from kreg.augment.engine.records import Target
from kreg.augment.engine.steps import flatten
from kreg.augment.engine.targets import OUTSIDE
from kreg.augment.mixing import LabelSmoothing
from kreg.augment.stage import AnyStage, Geometry


def probabilities(labels: tf.Tensor | None, classes: int | None, who: str) -> tf.Tensor:
    """Labels as rows of probabilities, float (records, classes).

    Class ids need `classes`: without it, mixing would average the ids themselves. One class means
    a probability, as of binary labels; floating-point targets pass as they are.
    """
    if labels is None:
        raise ValueError(f"{who} changes the targets, but the batch has none. Pass (x, y).")
    if labels.dtype.is_floating and (classes is None or labels.shape[-1] == classes):
        return labels
    if classes == 1:
        return tf.cast(labels, tf.float32)
    if classes is None:
        raise ValueError(
            f"{who} turns class ids into probabilities, so it must know how many classes there "
            f"are. Pass Pipeline(..., num_classes=...), or one-hot labels as floating point. "
            f"Received: labels of dtype {labels.dtype.name} and shape {labels.shape}."
        )
    if labels.shape.rank == 2 and labels.shape[1] == classes:
        return tf.cast(labels, tf.float32)
    if labels.shape.rank == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape.rank != 1:
        raise ValueError(
            f"{who} expects class ids of shape (batch,) or (batch, 1), or one-hot rows of shape "
            f"(batch, {classes}). Received: shape={labels.shape}."
        )
    return tf.one_hot(tf.cast(labels, tf.int32), classes)


def class_count(value: int | None) -> int | None:
    return None if value is None else check.integer("num_classes", value, low=1)


def check_loss(stages: Iterable[AnyStage], loss: Any) -> None:
    """Refuse smoothing twice, and class ids where there are rows of probabilities.

    Args:
        stages: The stages of a pipeline.
        loss: A Keras loss, its name, or a list or dictionary of these.
    """
    if isinstance(loss, dict):
        loss = list(loss.values())
    if isinstance(loss, (list, tuple)):
        for one in loss:
            check_loss(stages, one)
        return
    found = [step.stage for step in flatten(stages).steps if step.stage.changes_targets]
    smoothing = [stage for stage in found if isinstance(stage, LabelSmoothing) and stage.smoothing]
    if smoothing and smooths(loss):
        raise ValueError(
            f"Labels would be smoothed twice: by {smoothing[0]!r} in the pipeline and by "
            f"label_smoothing={smooths(loss):g} in the loss {name(loss)}. Keep one of the two."
        )
    if found and name(loss).lower().startswith("sparse"):
        raise ValueError(
            f"{found[0].name} turns class ids into rows of probabilities, which the loss "
            f"{name(loss)} does not take. Use keras.losses.CategoricalCrossentropy."
        )


def check_ignored(
    stages: Iterable[AnyStage], loss: Any, target: Target, ignore_index: int | None
) -> None:
    """Refuse a loss of class ids that counts what fills a mask from outside of the image.

    Args:
        stages: The stages of a pipeline.
        loss: A Keras loss, its name, or a list or dictionary of these.
        target: As for the pipeline.
        ignore_index: As for the pipeline.
    """
    moving = [step.stage for step in flatten(stages).steps if isinstance(step.stage, Geometry)]
    filling = [stage for stage in moving if stage.fill_mode == "constant"]
    index = OUTSIDE if ignore_index is None else ignore_index
    for one in mask_losses(loss, target) if filling else ():
        if not name(one).lower().startswith("sparse"):
            continue
        config: dict[str, Any] = one.get_config() if hasattr(one, "get_config") else {}
        if config.get("ignore_class") != index and not (ignore_index is not None and index == 0):
            raise ValueError(
                f"{filling[0].name} fills masks from outside of the image with {index}, which the "
                f"loss {name(one)} would take for a class. Use keras.losses."
                f"SparseCategoricalCrossentropy(ignore_class={index}), or "
                f'fill_mode="reflect" in the stage.'
            )


def mask_losses(loss: Any, target: Target) -> list[Any]:
    """The losses of those outputs whose targets are masks."""
    if isinstance(target, Mapping):
        masks = {key for key, kind in target.items() if kind == "mask"}
        if isinstance(loss, Mapping):
            return [one for key, one in loss.items() if key in masks]
        everything = masks == {key for key, kind in target.items() if kind != "input"}
        target = "mask" if masks and everything else None
    if target != "mask":
        return []
    if isinstance(loss, Mapping):
        return list(loss.values())
    return list(loss) if isinstance(loss, (list, tuple)) else [loss]


def smooths(loss: Any) -> float:
    """The label smoothing of a loss."""
    config: dict[str, Any] = loss.get_config() if hasattr(loss, "get_config") else {}
    return float(config.get("label_smoothing", 0))


def name(loss: Any) -> str:
    """`"SparseCategoricalCrossentropy"`, or the name under which Keras knows the loss."""
    if isinstance(loss, str):
        return loss
    return str(getattr(loss, "__name__", type(loss).__name__))

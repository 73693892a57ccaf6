"""Whether a loss fits the targets that a pipeline makes."""

from kreg.augment.mixing import LabelSmoothing
from kreg.augment.steps import flatten


def check(stages, loss) -> None:
    """Refuse smoothing twice, and class ids where there are rows of probabilities.

    Args:
        stages: The stages of a pipeline.
        loss: A Keras loss, its name, or a list or dictionary of these.
    """
    if isinstance(loss, dict):
        loss = list(loss.values())
    if isinstance(loss, (list, tuple)):
        for one in loss:
            check(stages, one)
        return
    found = [step.stage for step in flatten(stages).steps if step.stage.changes_targets]
    smoothing = [stage for stage in found if isinstance(stage, LabelSmoothing) and stage.smoothing]
    if smoothing and smooths(loss):
        raise ValueError(
            f"Labels would be smoothed twice: by {smoothing[0]!r} in the pipeline and by "
            f"label_smoothing={smooths(loss)} in the loss {name(loss)}. Keep one of the two."
        )
    if found and name(loss).lower().startswith("sparse"):
        raise ValueError(
            f"{found[0].name} turns class ids into rows of probabilities, which the loss "
            f"{name(loss)} does not take. Use keras.losses.CategoricalCrossentropy."
        )


def smooths(loss) -> float:
    """The label smoothing of a loss."""
    get_config = getattr(loss, "get_config", dict)
    return get_config().get("label_smoothing", 0)


def name(loss) -> str:
    """`"SparseCategoricalCrossentropy"`, or the name under which Keras knows the loss."""
    if isinstance(loss, str):
        return loss
    return getattr(loss, "__name__", type(loss).__name__)

"""`finetune=head`: what is frozen is computed once, and the head is trained on its outputs.

The whole model is what everybody else sees: callbacks, states, reports, files. Only the forward
pass of a step, and of the clean curves, begins at the features instead of at the pictures.
"""

from typing import TYPE_CHECKING, Any

from kreg.config.custom import Custom
from kreg.config.root import Config
from kreg.foreign import memory
from kreg.training.options import HeadOptions

if TYPE_CHECKING:
    import keras
    import numpy as np

    from kreg.data import Split
    from kreg.measuring.frozen import Frozen
    from kreg.runs import Checkpoint
    from kreg.training.plan import Plan

MOST = 2**30  # bytes of features that are kept
AT_ONCE = 2**25  # bytes of inputs that are computed together
NOT_KEPT = "finetune=head computes the frozen layers in each step anew: {reason}."


def part(plan: "Plan", config: Config) -> "tuple[Frozen | None, list[str]]":
    """The parts of the model, if its features are kept; else a sentence that says why not.

    Nothing is said where it was not asked for, where each epoch has other pictures, or where the
    rows are too many for the memory already.
    """
    from kreg.data.dataset import on_disk
    from kreg.measuring import frozen

    asked = isinstance(config.finetune, HeadOptions) and config.finetune.keep_features
    if not asked or plan.pipeline is not None or on_disk(plan.data.train.x):
        return None, []
    if isinstance(config.callbacks, Custom):
        return None, [NOT_KEPT.format(reason="callbacks of your own may look at a step")]
    try:
        found = frozen.parted(plan.model)
    except frozen.NotSteadyError as error:
        return None, [NOT_KEPT.format(reason=error)]
    needed = weight(plan, found)
    if needed > min(MOST, memory.available() // 4):
        return None, [NOT_KEPT.format(reason=f"the features would take {memory.told(needed)}")]
    return found, []


def weight(plan: "Plan", parts: "Frozen") -> int:
    """Bytes of the features of all training and validation rows."""
    return (len(plan.data.train) + len(plan.data.validation)) * parts.row_bytes


def told(plan: "Plan") -> str:
    """For the first line of a training."""
    if plan.frozen is None:
        return ""
    return f" on features that are kept, {memory.told(weight(plan, plan.frozen))}"


def as_saved(model: "keras.Model", store: "Checkpoint | None") -> None:
    """Give the model the weights of the state from which it goes on: its features are of these.

    A state of another model is refused later, by `kreg.callbacks.Saver`.
    """
    state: Any = store.read() if store else None
    saved = state["variables"]["model"] if state else []
    pairs = list(zip(model.variables, saved, strict=False))
    if len(saved) == len(model.variables) and all(v.shape == a.shape for v, a in pairs):
        for variable, value in pairs:
            variable.assign(value)


def of(split: "Split", parts: "Frozen") -> "np.ndarray":
    """The features of all rows of a split, `(rows, ...)`."""
    import numpy as np

    row = int(np.prod(split.x.shape[1:])) * split.x.dtype.itemsize
    size = int(np.clip(AT_ONCE // max(row, 1), 1, 256))
    starts = range(0, len(split), size)
    places = [np.arange(start, min(start + size, len(split))) for start in starts]
    return np.concatenate([parts.features(split.take(at).in_memory().x) for at in places])


def fit(plan: "Plan", parts: "Frozen", store: "Checkpoint | None", first: int, how: Any) -> None:
    """`fit` on the features; the callbacks belong to the whole model.

    Args:
        plan: The training.
        parts: Of its model, the upper one compiled.
        store: Where the run's state is kept, or `None`.
        first: The first epoch.
        how: What else `fit` is given.
    """
    import keras

    whole, head = plan.model, parts.rest
    as_saved(whole, store)
    whole.stop_training = False

    def end(*_: Any, **__: Any) -> None:  # what a callback has said to the whole model
        head.stop_training = whole.stop_training

    members = [*how.pop("callbacks"), keras.callbacks.LambdaCallback(on_epoch_end=end)]
    members[-1].on_train_batch_end = end
    callbacks = keras.callbacks.CallbackList(
        members, model=whole, epochs=how["epochs"], steps=plan.steps, verbose=0
    )
    head.history = whole.history  # `fit` returns it, and looks for it at its own model
    if how["validation_data"] is not None:
        how["validation_data"] = (of(plan.data.validation, parts), *how["validation_data"][1:])
    stream = plan.stream(first, features=of(plan.data.train, parts))
    with parts.measured_with(whole):
        head.fit(stream, callbacks=callbacks, **how)

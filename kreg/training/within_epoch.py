"""A training that goes on in the middle of an epoch, where epochs are long: rows on the disk."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kreg.training.plan import Plan

if TYPE_CHECKING:
    import keras


def has_states(plan: Plan) -> bool:
    """Whether states are written within an epoch.

    Not where several train, whose replicas differ by roundings until an epoch begins, not under
    JAX, whose variables are up to date at its end alone, and not where `fit` changes weights when
    it ends (Keras's averages).
    """
    import keras

    from kreg.data.dataset import on_disk

    alone = plan.workers is None and plan.devices == 1 and not plan.stacked and plan.frozen is None
    averages = bool(getattr(plan.model.optimizer, "use_ema", False))
    known = keras.backend.backend() == "tensorflow"
    return on_disk(plan.data.train.x) and alone and known and not averages


def fit(plan: Plan, stream: Iterator[Any], done: int, how: dict[str, Any]) -> None:
    """The rest of an epoch, and then the others: two calls of `fit` that the callbacks see as one.

    Args:
        plan: The training.
        stream: Its batches behind these.
        done: How many batches of the first epoch are trained already.
        how: The arguments of `fit` for whole epochs.
    """
    first, last = how["initial_epoch"], how["epochs"]
    build_metrics(plan)
    seen = callbacks_of_both(plan, done, how)
    both = how | {"callbacks": seen}
    plan.model.fit(stream, **both | {"epochs": first + 1, "steps_per_epoch": plan.steps - done})
    if first + 1 < last and not plan.model.stop_training:
        plan.model.fit(plan.stream(first + 1), **both | {"initial_epoch": first + 1})


def build_metrics(plan: Plan) -> None:
    """Keras makes the variables of metrics in the first step; they are restored before it."""
    x, y, weight = plan.targeted(plan.data.train.spread(1).in_memory())
    plan.model.compute_metrics(x, y, plan.model(x, training=False), weight)
    plan.model.reset_metrics()


def callbacks_of_both(plan: Plan, done: int, how: dict[str, Any]) -> "keras.callbacks.Callback":
    """The callbacks, which see one training that begins at a batch.

    Args:
        plan: The training.
        done: How many batches of its first epoch are trained already.
        how: The arguments of `fit` for whole epochs.
    """
    import keras

    first, last = how["initial_epoch"], how["epochs"]

    class Both(keras.callbacks.CallbackList):
        epoch = first

        def on_train_begin(self, logs: Any = None) -> None:
            if self.epoch == first:
                super().on_train_begin(logs)

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch
            super().on_epoch_begin(epoch, logs)

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            super().on_train_batch_begin(self._counted(batch), logs)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            super().on_train_batch_end(self._counted(batch), logs)

        def _counted(self, batch: int) -> int:
            return batch + done if self.epoch == first else batch

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            super().on_epoch_end(epoch, logs)
            self.epoch = epoch + 1

        def on_train_end(self, logs: Any = None) -> None:
            if self.epoch >= last or self.model.stop_training:
                super().on_train_end(logs)

    return Both(
        how["callbacks"],
        add_history=True,
        model=plan.model,
        epochs=last,
        steps=plan.steps,
        verbose=0,
    )

"""Let a group penalty grow until the model is as small as wanted."""

import keras

from kreg import check
from kreg.regularizers import GroupLasso
from kreg.surgery import copying, shrink
from kreg.surgery.refit import compile_like
from kreg.surgery.regularize import regularize
from kreg.surgery.size_path import check_optimizer

CHECKS = 20  # looks at the size in an epoch
WEAKEST, GROWTH = 1e-5, 1.2  # the first strength, and its growth at a look
RAMP = 0.8  # of the time; the rest is for what is still above the wanted size


class Grow(keras.callbacks.Callback):
    """Raises `penalty.l1` while the model is larger than planned; ends at the wanted size.

    The planned share falls in a straight line from 1 to `keep`. A model that is ahead of the plan
    keeps its strength.

    Args:
        penalty: The penalty that all weights share.
        keep: The share of parameters at which training ends.
        epochs: How many the whole growth takes.
    """

    def __init__(self, penalty, keep: float, epochs: int):
        super().__init__()
        self.penalty = penalty
        self.keep = keep
        self.epochs = epochs
        self.step = 0
        self.path: list[tuple[float, float]] = []

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.step % max(self.params["steps"] // CHECKS, 1):
            return
        share = shrink.parameters_left(self.model) / self.model.count_params()
        self.path.append((self.penalty.l1, share))
        if share <= self.keep:
            self.model.stop_training = True
        elif share > self.planned():
            self.penalty.l1 *= GROWTH

    def planned(self) -> float:
        """The share of parameters that should be left by now."""
        progress = min(self.step / (RAMP * self.epochs * self.params["steps"]), 1.0)
        return 1 - (1 - self.keep) * progress


def thin(model, x, y=None, *, keep: float = 0.15, epochs: int = 4, optimizer=None, **fit):
    """A copy of a trained model, trained on until `compress` would leave a share of it.

    A group lasso on the weights that leave each unit takes the place of the model's penalties. Its
    strength grows while the model is larger than planned, so that the units that matter least go
    first and the others learn to do without them; training ends when the wanted size is reached.
    Nobody has to guess a strength. Growing in small steps instead of cutting at once follows
    Zhu & Gupta, To prune or not to prune, 2017.

    Args:
        model: A trained, compiled Functional or Sequential `keras.Model`. It is not changed.
        x: What `fit` takes: arrays, or a dataset of known size (else pass `steps_per_epoch`).
        y: Targets, where `x` does not bring them.
        keep: Number in (0, 1): the share of parameters at which training ends.
        epochs: Whole number >= 1: at most so many.
        optimizer: An optimizer of `kreg.optimizers`. Defaults to a fresh one like the model's.
        **fit: Further arguments of `fit`.

    Returns:
        The copy, and the list of `(strength, share of parameters)` on the way. Where the last share
        is above `keep`, the epochs were too few or barriers hold more than that.
    """
    check.number("keep", keep, low=0, high=1, low_open=True, high_open=True)
    check.integer("epochs", epochs, low=1)
    copied, pairs = copying.rebuild(model, copying.from_config)
    for old, new in pairs:
        copying.copy_weights(old, new)
    compile_like(model, copied, optimizer)
    check_optimizer(copied)
    penalty = GroupLasso(WEAKEST, axis=-2)
    regularize(copied, None)
    regularize(copied, penalty)
    grow = Grow(penalty, keep, epochs)
    callbacks = [*fit.pop("callbacks", []), grow]
    copied.fit(x, y, epochs=epochs, callbacks=callbacks, **{"verbose": 0, **fit})
    return copied, grow.path

"""How long a training is: optimizer steps, in epochs that are long enough to be worth a look.

A pass over 124 rows in batches of 32 is four steps. Sixty of them leave a network where it began,
and a validation after every fourth step costs more than the training. With `trainer.epochs=auto` an
epoch is as many passes over the rows as make `EPOCH` steps, and there are so many epochs that
`NETWORK` steps are made, `EPOCHS` of them at least. A linear model gets `LINEAR` steps: it has but
one layer to move, at the same rate, and to its optimum. Nothing here looks at a clock.
"""

from dataclasses import dataclass

from kreg.training.options import TrainerOptions

EPOCH = 40  # steps between two validations
EPOCHS = 60
NETWORK, LINEAR = 2_400, 24_000  # steps at least: see benchmarks/bench_defaults.py
SHARED = 2 * EPOCH  # steps that one call of the compiled step may make


@dataclass(frozen=True)
class Budget:
    """`epochs * steps` optimizer steps.

    Args:
        epochs: How many, at most.
        steps: Optimizer steps of one epoch, `steps_per_epoch` of `fit`.
        passes: Over the training rows in one epoch.
    """

    epochs: int
    steps: int
    passes: int = 1

    @property
    def total(self) -> int:
        """Optimizer steps of the whole training."""
        return self.epochs * self.steps

    def steps_at_once(self, epoch_by_epoch: bool) -> int:
        """Keras's `steps_per_execution`: an epoch of several passes is one call, where it is short.

        Args:
            epoch_by_epoch: Whether nobody looks at single batches, so that every epoch may be one.
        """
        short = self.passes > 1 and self.steps <= SHARED
        return self.steps if epoch_by_epoch or short else 1


def planned(cfg: TrainerOptions, steps: int, linear: bool = False) -> Budget:
    """The budget of a checked `trainer` group.

    Args:
        cfg: With a number of epochs, an epoch is one pass over the rows, as in Keras.
        steps: Optimizer steps of one pass.
        linear: Whether the model has but one layer.

    >>> planned(TrainerOptions(), steps=4)
    Budget(epochs=60, steps=40, passes=10)
    >>> planned(TrainerOptions(epochs=60), steps=4)
    Budget(epochs=60, steps=4, passes=1)
    """
    if isinstance(cfg.epochs, int):
        return Budget(cfg.epochs, steps)
    passes = rounded_up(min(EPOCH, cfg.steps or EPOCH), steps)
    length = passes * steps
    if cfg.steps is not None:
        return Budget(rounded_up(cfg.steps, length), length, passes)
    return Budget(max(EPOCHS, rounded_up(LINEAR if linear else NETWORK, length)), length, passes)


def rounded_up(whole: int, part: int) -> int:
    """How many parts cover the whole."""
    return -(-whole // part)

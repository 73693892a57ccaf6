"""`optimizer`: from its configuration to an optimizer of `kreg.optimizers`."""

from typing import TYPE_CHECKING

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.optimizers.options import OptimizerOptions

if TYPE_CHECKING:
    from kreg.optimizers import Proximal, Scaled


def optimizer(cfg: OptimizerOptions | Custom, total_steps: int) -> "Proximal":
    """The optimizer of a configuration.

    Args:
        cfg: The checked `optimizer` group.
        total_steps: Batches in the whole training, for the learning rate's schedule.
    """
    from kreg.optimizers import Scaled, proximal

    if isinstance(cfg, Custom):
        own: Proximal = proximal(components.create_custom(cfg))
        return own
    rate = learning_rate(cfg, total_steps)
    made: Proximal = components.create(cfg, learning_rate=rate)
    if isinstance(rate, Scaled):
        made.scaled_rate = rate  # Keras has no public way to a schedule
    return made


def learning_rate(cfg: OptimizerOptions, total_steps: int) -> "float | Scaled":
    """A number, or Keras's cosine from the end of a linear warm-up down to zero."""
    import keras

    from kreg.optimizers import Scaled

    warmup = round(cfg.warmup * total_steps)
    if cfg.schedule == "constant" and not warmup:
        return cfg.learning_rate
    floor = 1.0 if cfg.schedule == "constant" else 0.0
    course = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else 1.0,
        decay_steps=max(total_steps - warmup, 1),
        alpha=floor,
        warmup_target=1.0 if warmup else None,
        warmup_steps=warmup,
    )
    return Scaled(cfg.learning_rate, course)

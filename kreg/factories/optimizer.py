"""`optimizer`: from its configuration to an optimizer of `kreg.optimizers`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.optimizers.options import OptimizerOptions

if TYPE_CHECKING:
    from keras.optimizers.schedules import LearningRateSchedule

    from kreg.optimizers import Proximal, Scaled


WARMUP = 0.1  # share of the steps after the thaw, at least


@dataclass(frozen=True)
class Thaw:
    """When all layers begin to be trained: after `step` steps, at `height` of the rate."""

    step: int
    height: float


def optimizer(
    cfg: OptimizerOptions | Custom,
    total_steps: int,
    thaw: Thaw | None = None,
    steps_per_epoch: int | None = None,
) -> "Proximal":
    """The optimizer of a configuration.

    Args:
        cfg: The checked `optimizer` group.
        total_steps: Batches in the whole training, for the learning rate's schedule.
        thaw: Where a second course begins, or `None`.
        steps_per_epoch: Length of an epoch, for numbers that are scheduled by epochs.
    """
    from kreg.optimizers import Scaled, proximal

    if isinstance(cfg, Custom):
        own: Proximal = proximal(components.create_custom(cfg))
        return own
    rate = learning_rate(cfg, total_steps, thaw, steps_per_epoch)
    made: Proximal = components.create(cfg, steps_per_epoch=steps_per_epoch, learning_rate=rate)
    if isinstance(rate, Scaled):
        made.scaled_rate = rate  # Keras has no public way to a schedule
    return made


def learning_rate(
    cfg: OptimizerOptions,
    total_steps: int,
    thaw: Thaw | None = None,
    steps_per_epoch: int | None = None,
) -> "float | Scaled":
    """A number, or a course from the end of a linear warm-up on, scaled to the rate."""
    from kreg.optimizers import Scaled, Scheduled

    height: Any = cfg.learning_rate  # no number by task, since the rows have said theirs
    shape = shape_of(cfg, total_steps, thaw)
    if isinstance(height, dict):
        heights = components.scheduled(height, steps_per_epoch)
        return Scaled(1.0, Scheduled(heights, shape))
    return float(height) if shape is None else Scaled(height, shape)


def shape_of(
    cfg: OptimizerOptions, total_steps: int, thaw: Thaw | None
) -> "LearningRateSchedule | None":
    """The whole course, of height 1; `None` where it is 1 throughout."""
    from kreg.optimizers import InTwo

    if thaw is not None:
        left = max(total_steps - thaw.step, 1)
        # an optimizer knows nothing yet of what is thawed: its first steps would be large
        warmups = round(cfg.warmup * thaw.step), max(round(max(cfg.warmup, WARMUP) * left), 1)
        first, second = (
            course(cfg.schedule, steps, warmup)
            for steps, warmup in zip((thaw.step, left), warmups, strict=True)
        )
        found: LearningRateSchedule = InTwo(first, second, thaw.step, thaw.height)
        return found

    warmup = round(cfg.warmup * total_steps)
    if cfg.schedule == "constant" and not warmup:
        return None
    return course(cfg.schedule, total_steps, warmup)


def course(name: str, total_steps: int, warmup: int) -> "LearningRateSchedule":
    """The rate over the steps of a training, as a share of its largest one."""
    from kreg.optimizers import FlatCosine, LogCosine

    steps = max(total_steps - warmup, 1)
    if name == "coslog4":
        return LogCosine(steps)
    if name == "flat_cos":
        return FlatCosine(steps, warmup=warmup)
    return cosine(steps, warmup, floor=1.0 if name == "constant" else 0.0)


def cosine(steps: int, warmup: int, floor: float) -> "LearningRateSchedule":
    """Keras's own, which knows a warm-up."""
    import keras

    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else 1.0,
        decay_steps=steps,
        alpha=floor,
        warmup_target=1.0 if warmup else None,
        warmup_steps=warmup,
    )

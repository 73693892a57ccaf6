"""`augment`: from its configuration to a `kreg.augment.Pipeline`."""

from typing import TYPE_CHECKING

from kreg.augment.options import AugmentOptions, NoAugmentationOptions, StreamOptions
from kreg.config.custom import Custom
from kreg.factories import components

if TYPE_CHECKING:
    from kreg.augment import Pipeline
    from kreg.data import Data


def pipeline(
    cfg: AugmentOptions | Custom, info: "Data", seed: int, passes: int = 1
) -> "Pipeline | None":
    """The augmentation of the training rows, or `None`.

    Args:
        cfg: The checked `augment` group.
        info: The data.
        seed: Whole number.
        passes: Over the rows in one epoch, which schedules count.
    """
    if isinstance(cfg, NoAugmentationOptions):
        return None
    from kreg import augment

    if isinstance(cfg, Custom):
        stages = components.create_custom(cfg)
    else:
        stages = components.load(cfg.component)(info.input_shape, **cfg.arguments())
    if isinstance(cfg, StreamOptions) and cfg.smoothing:
        if info.task == "multilabel":
            raise ValueError(
                "augment.smoothing spreads the label of a row over all classes, but a row of "
                f"{info.name} may have several labels. Say augment.smoothing=0."
            )
        stages.append(augment.LabelSmoothing(cfg.smoothing))
    return augment.Pipeline(
        stages,
        seed,
        fuse=cfg.fuse if isinstance(cfg, StreamOptions) else "fast",
        num_classes=classes(info),
        value_range=value_range(info),
        passes=passes,
    )


def classes(info: "Data") -> int | None:
    """What turns class ids into probabilities; numbers and 0/1 labels are mixed as they are."""
    return {"classification": info.outputs, "binary": 1}.get(info.task)


def value_range(info: "Data") -> tuple[float, float] | None:
    """From 0 to the largest training value, for floating-point images that start at 0."""
    import numpy as np

    x = info.train.x  # rows that are not in memory yet are bytes
    if not (info.is_image and isinstance(x, np.ndarray)) or x.dtype == np.uint8 or x.min() < 0:
        return None
    return 0, max(1.0, float(x.max()))

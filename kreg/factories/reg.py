"""`reg`: from its configuration to what `kreg.regularize` takes."""

from typing import Any

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.fields import Options


def rules(cfg: Options, steps_per_epoch: int | None = None) -> Any:
    """The penalty for all kernels, or `None`; a user's own may be a list of `kreg.surgery.Rule`.

    Args:
        cfg: The checked `reg` group.
        steps_per_epoch: Length of an epoch, for strengths that are scheduled by epochs.
    """
    if isinstance(cfg, Custom):
        return components.create_custom(cfg)
    return components.create(cfg, steps_per_epoch=steps_per_epoch) if cfg.component else None

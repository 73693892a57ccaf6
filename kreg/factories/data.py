"""`data`: from its configuration to rows that are split and checked."""

from typing import TYPE_CHECKING

from kreg.config.custom import Custom
from kreg.data.options import SourceOptions
from kreg.factories import components

if TYPE_CHECKING:
    from kreg.data import Data


def load(cfg: SourceOptions | Custom, seed: int) -> "Data":
    """The split and checked rows of a configuration.

    Args:
        cfg: The checked `data` group.
        seed: Whole number >= 0: the splits and the label noise are a function of it.
    """
    from kreg.data import Splitting, assemble

    if isinstance(cfg, Custom):
        return assemble(components.create_custom(cfg), Splitting(seed=seed))
    raw = components.create(cfg, **({"seed": seed} if cfg.seeded else {}))
    splitting = Splitting(seed=seed, **cfg.splitting())
    return assemble(raw, splitting, scale_target=cfg.scale_target)

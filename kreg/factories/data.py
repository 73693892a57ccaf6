"""`data`: from its configuration to rows that are split and checked."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig

from kreg.config import data_checks
from kreg.config.custom import Custom
from kreg.data.source_options import SourceOptions
from kreg.factories import components

if TYPE_CHECKING:
    from kreg.data import Data, Raw


def from_start(path: str) -> str:
    """A path as it was meant where the command was given: `hydra.job.chdir=true` goes elsewhere.

    Where Hydra runs nothing, or stays where it is, the path remains as the user has written it.
    """
    if not HydraConfig.initialized() or path.startswith("~"):
        return path
    told = HydraConfig.get()
    return str(Path(told.runtime.cwd) / path) if told.job.chdir else path


def load(cfg: SourceOptions | Custom, seed: int, given: "Raw | None" = None) -> "Data":
    """The split and checked rows of a configuration.

    Args:
        cfg: The checked `data` group.
        seed: Whole number >= 0: the splits and the label noise are a function of it.
        given: The rows of `data=given`, which a program has in its hands.
    """
    from kreg.data import Splitting, assemble

    if isinstance(cfg, Custom):
        return assemble(components.create_custom(cfg), Splitting(seed=seed))
    raw = read(cfg, seed) if given is None else given
    splitting = Splitting(seed=seed, **cfg.splitting())
    return assemble(raw, splitting, scale_target=cfg.scale_target)


def read(cfg: SourceOptions, seed: int) -> "Raw":
    """The rows of a source, as it has them.

    Raises:
        ValueError: If only a program could hand them over.
    """
    data_checks.refuse_given(cfg)
    named = {name: getattr(cfg, name, None) for name in cfg.paths}
    found: dict[str, Any] = {
        name: from_start(path) for name, path in named.items() if path is not None
    }
    raw: Raw = components.create(cfg, **({"seed": seed} if cfg.seeded else {}), **found)
    return raw

"""`logger`: from its configuration to the loggers of a run."""

from collections.abc import Mapping
from typing import Any

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.fields import Options
from kreg.loggers.protocol import Logger


def loggers(cfg: Mapping[str, Options]) -> list[Logger]:
    """The loggers that were chosen, in that order.

    Args:
        cfg: The checked `logger` group, by name.

    Raises:
        ValueError: If a component of the user's own is no logger.
    """
    return [logger(options) for options in cfg.values() if options.kind != "none"]


def logger(cfg: Options) -> Logger:
    """One of them."""
    found: Any = (
        components.create_custom(cfg) if isinstance(cfg, Custom) else components.create(cfg)
    )
    if not isinstance(found, Logger):
        raise ValueError(
            f"logger.custom.kind={cfg.kind} gives {type(found).__name__}, which is no logger. "
            "Expected an object with the methods begin, epoch, report and end of "
            "kreg.loggers.Logger."
        )
    return found

"""`stop`: from its configuration to the callback that ends a training."""

from typing import TYPE_CHECKING, Any

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.metric_names import direction
from kreg.training.stop_options import NoStopOptions, StopOptions

if TYPE_CHECKING:
    from kreg.callbacks import EarlyStopping


def callback(cfg: StopOptions | NoStopOptions | Custom, **more: Any) -> "EarlyStopping | None":
    """The `kreg.EarlyStopping`, or `None`.

    Args:
        cfg: The checked `stop` group.
        **more: More arguments of `kreg.EarlyStopping`: `validation`, `verbose`.
    """
    from kreg.callbacks import EarlyStopping

    if isinstance(cfg, Custom):
        own: EarlyStopping = components.create_custom(cfg)
        return own
    if isinstance(cfg, NoStopOptions):
        return None
    return EarlyStopping(**cfg.shared(), **rule(cfg), **more)


def rule(cfg: StopOptions) -> dict[str, Any]:
    """The arguments that name the criterion."""
    if not cfg.component:
        return cfg.arguments()
    mode = direction(cfg.monitor, cfg.mode)
    return {"criterion": components.create(cfg, monitor=cfg.monitor, mode=mode)}

"""`diagnostics`: from its configuration to the callbacks that measure, judge and write events."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kreg.factories import custom

if TYPE_CHECKING:
    from kreg.callbacks import Diagnostics, TensorBoard
    from kreg.data import Data

PROBES = ("sharpness", "gradient_noise", "random_labels")


class Measured(Protocol):
    """Whose rows are measured: a training's plan."""

    data: "Data"
    rows: Callable[[str], tuple]


def callback(cfg: Any, plan: Measured, *, seed: int = 0, **report: Any) -> "Diagnostics | None":
    """The `kreg.Diagnostics`, or `None`.

    Args:
        cfg: The checked `diagnostics` group.
        plan: Its `rows` are measured: un-augmented, with targets as the model is trained on.
        seed: Draws the measured rows.
        **report: More arguments of `kreg.Diagnostics`: `name`, `settings`, `inputs`, `verbose`.
    """
    if cfg.kind == "off":
        return None
    if custom.is_custom(cfg.kind):
        return custom.create(cfg, plan.data)
    from kreg.callbacks import Diagnostics

    return Diagnostics(
        plan.rows("train"),
        plan.rows("validation"),
        rows=cfg.rows,
        adapt=cfg.adapt,
        budget=cfg.budget,
        seed=seed,
        validate=0 < len(plan.data.validation) <= cfg.rows,  # all of them, in every epoch
        probes=tuple(name for name in PROBES if getattr(cfg, name, False)),
        **report,
    )


def tensorboard(cfg: Any, directory: Path, **more: Any) -> "TensorBoard | None":
    """The writer of the TensorBoard events, or `None`.

    Args:
        cfg: The checked `diagnostics` group.
        directory: The run's one event directory.
        **more: More arguments of `kreg.callbacks.TensorBoard`.
    """
    if not getattr(cfg, "tensorboard", False):
        return None
    from kreg.callbacks import TensorBoard

    return TensorBoard(directory, histograms=cfg.histograms, **more)

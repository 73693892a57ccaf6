"""`diagnostics`: from its configuration to the callback that measures and judges."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.training.options import DiagnosticsOff, DiagnosticsOptions

if TYPE_CHECKING:
    from kreg.callbacks import Diagnostics
    from kreg.data import Data

Group = DiagnosticsOptions | DiagnosticsOff | Custom


class Measured(Protocol):
    """Whose rows are measured: a training's plan."""

    data: "Data"
    batch_size: int

    @property
    def steps(self) -> int:
        """Optimizer steps of one epoch."""

    @property
    def changes_rows(self) -> bool:
        """Whether the model trains on something else than `rows`."""

    def rows(self, split: str) -> tuple[Any, ...]:
        """`(x, y, weight)` of a split."""

    def stream(self, first_epoch: int = 0) -> Iterator[Any]:
        """Augmented batches."""


def callback(cfg: Group, plan: Measured, *, seed: int = 0, **report: Any) -> "Diagnostics | None":
    """The `kreg.Diagnostics`, or `None`.

    Args:
        cfg: The checked `diagnostics` group.
        plan: Its `rows` are measured: un-augmented, with targets as the model is trained on.
        seed: Draws the measured rows.
        **report: More arguments of `kreg.Diagnostics`: `name`, `settings`, `inputs`, `verbose`.
    """
    from kreg.callbacks import Diagnostics

    if isinstance(cfg, Custom):
        own: Diagnostics = components.create_custom(cfg, plan.data)
        return own
    if isinstance(cfg, DiagnosticsOff):
        return None
    return Diagnostics(
        plan.rows("train"),
        plan.rows("validation"),
        rows=cfg.rows,
        adapt=cfg.adapt,
        budget=cfg.budget,
        rows_per_epoch=plan.steps * plan.batch_size,
        seed=seed,
        validate=0 < len(plan.data.validation) <= cfg.rows,  # all of them, in every epoch
        probes=cfg.probes,
        probe_training=cfg.probe_training,
        batches=plan.stream if plan.changes_rows else None,
        **report,
    )

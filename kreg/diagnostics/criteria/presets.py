"""Three rules to choose from by taste, not by number: fast, default, careful."""

from kreg import check
from kreg.diagnostics.criteria.base import MONITOR, Criterion
from kreg.diagnostics.criteria.combine import all_of, any_of
from kreg.diagnostics.criteria.evidence import Paired
from kreg.diagnostics.criteria.patience import Patience
from kreg.diagnostics.criteria.prechelt import GL

PRESETS = ("fast", "default", "careful")


def preset(
    name: str, *, examples: bool = True, monitor: str = MONITOR, mode: str = "min"
) -> Criterion:
    """The criterion behind a preset's name.

    - `fast`: three validations without improvement.
    - `default`: 2 % worse than the best *and* worse on the same examples (paired z > 1.28, two in a
      row), or twenty validations without improvement.
    - `careful`: thirty validations without improvement.

    Args:
        name: `"fast"`, `"default"` or `"careful"`.
        examples: Whether per-example losses are there; without them `default` leaves the paired
            test out.
        monitor: Name of the monitored quantity.
        mode: `"min"` or `"max"`. With `"max"` no ratio is defined: `default` is patience alone.
    """
    check.choice("preset", name, PRESETS)
    quantity = {"monitor": monitor, "mode": mode}
    if name == "fast":
        return Patience(3, **quantity)
    if name == "careful":
        return Patience(30, **quantity)
    if mode == "max":
        return Patience(20, **quantity)
    lost = GL(2.0, **quantity)
    if examples:
        lost = all_of(lost, Paired(1.28, times=2, **quantity))
    return any_of(lost, Patience(20, **quantity))

"""Three rules to choose from by taste, not by number: fast, default, careful."""

from kreg import check
from kreg.diagnostics.criteria.base import MONITOR, Criterion
from kreg.diagnostics.criteria.combine import any_of
from kreg.diagnostics.criteria.evidence import PastBest, Trend
from kreg.diagnostics.criteria.patience import Patience

PRESETS = ("fast", "default", "careful")


def preset(
    name: str, *, examples: bool = True, monitor: str = MONITOR, mode: str = "min"
) -> Criterion:
    """The criterion behind a preset's name.

    - `fast`: three validations without improvement.
    - `default`: 2 % above the best and surely worse, on the same examples (`PastBest`), or twenty
      validations without improvement.
    - `careful`: thirty validations without improvement.

    Args:
        name: `"fast"`, `"default"` or `"careful"`.
        examples: Whether per-example losses are there; without them `default` looks for a rising
            trend over twelve validations instead.
        monitor: Name of the monitored quantity.
        mode: `"min"` or `"max"`. With `"max"` `default` is patience alone.
    """
    check.choice("preset", name, PRESETS)
    quantity = {"monitor": monitor, "mode": mode}
    if name == "fast":
        return Patience(3, **quantity)
    if name == "careful":
        return Patience(30, **quantity)
    if mode == "max":
        return Patience(20, **quantity)
    evidence = PastBest(**quantity) if examples else Trend(12, **quantity)
    return any_of(evidence, Patience(20, **quantity))

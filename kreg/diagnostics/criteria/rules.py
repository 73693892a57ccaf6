"""Rule strings: `default`, `gl:2`, `patience:5`, `gl:2+paired:1.28`, `trend|patience:20`."""

from collections.abc import Callable

from kreg import check
from kreg.diagnostics.criteria.base import MONITOR, REFINED, Criterion, Quantity
from kreg.diagnostics.criteria.combine import Smoothed, all_of, any_of
from kreg.diagnostics.criteria.evidence import Paired, PastBest, Trend
from kreg.diagnostics.criteria.limits import Budget, Divergence, Threshold
from kreg.diagnostics.criteria.patience import Patience
from kreg.diagnostics.criteria.prechelt import GL, PQ, TRAIN, UP, Progress
from kreg.diagnostics.criteria.textbook import Textbook

PRESETS = ("fast", "default", "careful", "refine")  # to choose from by taste, not by number
# name -> (class, whether its number is a whole one)
KINDS: dict[str, tuple[Callable[..., Criterion], bool]] = {
    "patience": (Patience, True),
    "gl": (GL, False),
    "pq": (PQ, False),
    "up": (UP, True),
    "progress": (Progress, False),
    "trend": (Trend, True),
    "paired": (Paired, False),
    "past_best": (PastBest, False),
    "threshold": (Threshold, False),
    "divergence": (Divergence, False),
    "budget": (Budget, True),
    "textbook": (Textbook, True),
}


def parse(
    rule: str,
    *,
    examples: bool = True,
    monitor: str = MONITOR,
    mode: str = "min",
    train: str = TRAIN,
) -> Criterion:
    """The criterion that a rule string describes.

    `name` or `name:number`; `+` joins rules that must agree, `|` rules of which one is enough; `+`
    binds tighter. `~0.6` at the end smooths the curve with that memory first.

    Args:
        rule: The string.
        examples: Whether per-example losses are there (see `preset`).
        monitor: Name of the monitored quantity.
        mode: `"min"` or `"max"`.
        train: Name of the training loss, for the rules that look at it.

    Raises:
        ValueError: If a name is unknown (with the nearest one) or a number is out of range.

    >>> parse("gl:2").alpha, parse("gl:5|patience:8").criteria[1].patience
    (2.0, 8)
    """
    text = rule.strip()
    text, smooth, weight = text.partition("~")
    quantity: Quantity = {"monitor": monitor, "mode": mode}
    options = [_conjunction(part, examples, quantity, train) for part in text.split("|")]
    criterion = options[0] if len(options) == 1 else any_of(*options)
    return Smoothed(criterion, _number(rule, weight, False)) if smooth else criterion


def preset(
    name: str, *, examples: bool = True, monitor: str = MONITOR, mode: str = "min"
) -> Criterion:
    """The criterion behind a preset's name.

    - `fast`: three validations without improvement.
    - `default`: six validations in a row 2 % above the best and surely worse, on the same examples
      (`PastBest`), or twenty validations without improvement.
    - `careful`: thirty validations without improvement.
    - `refine`: ten validations without improvement of `val_refined_loss`, where nothing else is
      monitored: over-confidence, which a temperature repairs, neither stops nor chooses.

    Args:
        name: `"fast"`, `"default"`, `"careful"` or `"refine"`.
        examples: Whether per-example losses are there; without them `default` looks for a rising
            trend over twelve validations instead.
        monitor: Name of the monitored quantity.
        mode: `"min"` or `"max"`. With `"max"` `default` is patience alone.
    """
    check.choice("preset", name, PRESETS)
    quantity: Quantity = {"monitor": monitor, "mode": mode}
    if name == "fast":
        return Patience(3, **quantity)
    if name == "refine":
        return Patience(10, monitor=REFINED if monitor == MONITOR else monitor, mode=mode)
    if name == "careful":
        return Patience(30, **quantity)
    if mode == "max":
        return Patience(20, **quantity)
    evidence = PastBest(**quantity) if examples else Trend(12, **quantity)
    return any_of(evidence, Patience(20, **quantity))


def split(rules: str) -> list[str]:
    """The rules of a comma-separated list, without blanks and repetitions.

    >>> split("default, gl:2,patience:5,gl:2")
    ['default', 'gl:2', 'patience:5']
    """
    found = list(dict.fromkeys(part.strip() for part in rules.split(",") if part.strip()))
    if not found:
        raise check.invalid("rules", "rules such as 'default,gl:2,patience:5'", rules)
    return found


def _conjunction(text: str, examples: bool, quantity: Quantity, train: str) -> Criterion:
    parts = [_single(part.strip(), examples, quantity, train) for part in text.split("+")]
    return parts[0] if len(parts) == 1 else all_of(*parts)


def _single(text: str, examples: bool, quantity: Quantity, train: str) -> Criterion:
    name, _, value = text.partition(":")
    if name in PRESETS and not value:
        return preset(name, examples=examples, **quantity)
    check.choice("rule", name, (*PRESETS, *KINDS))
    if name in PRESETS:
        raise check.invalid("rule", f"the preset {name!r} without a number", text)
    kind, whole = KINDS[name]
    known = dict(quantity)
    if name in ("pq", "textbook"):
        known["train"] = train
    if name == "progress":
        known["monitor"] = train
    return kind(*([_number(text, value, whole)] if value else []), **known)


def _number(rule: str, value: str, whole: bool) -> float:
    try:
        return int(value) if whole else float(value)
    except ValueError:
        expected = "a whole number" if whole else "a number"
        raise check.invalid("rule", f"{expected} after the name, as in 'gl:2'", rule) from None

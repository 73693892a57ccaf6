"""Rule strings: `default`, `gl:2`, `patience:5`, `gl:2+paired:1.28`, `trend|patience:20`."""

from kreg import check
from kreg.diagnostics.criteria.base import Criterion
from kreg.diagnostics.criteria.combine import Smoothed, all_of, any_of
from kreg.diagnostics.criteria.evidence import Paired, PastBest, Trend
from kreg.diagnostics.criteria.limits import Budget, Divergence, Threshold
from kreg.diagnostics.criteria.patience import Patience
from kreg.diagnostics.criteria.prechelt import GL, PQ, UP, Progress
from kreg.diagnostics.criteria.presets import PRESETS, preset
from kreg.diagnostics.criteria.textbook import Textbook

# name -> (class, whether its number is a whole one)
KINDS = {
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


def parse(rule: str, *, examples: bool = True, **quantity) -> Criterion:
    """The criterion that a rule string describes.

    `name` or `name:number`; `+` joins rules that must agree, `|` rules of which one is enough; `+`
    binds tighter. `~0.6` at the end smooths the curve with that memory first.

    Args:
        rule: The string.
        examples: Whether per-example losses are there (see `preset`).
        quantity: `monitor=`, `mode=` for all rules, `train=` for those that need it.

    Raises:
        ValueError: If a name is unknown (with the nearest one) or a number is out of range.

    >>> parse("gl:2").alpha, parse("gl:5|patience:8").criteria[1].patience
    (2.0, 8)
    """
    text = rule.strip()
    text, smooth, weight = text.partition("~")
    options = [_conjunction(part, examples, quantity) for part in text.split("|")]
    criterion = options[0] if len(options) == 1 else any_of(*options)
    return Smoothed(criterion, _number(rule, weight, False)) if smooth else criterion


def split(rules: str) -> list[str]:
    """The rules of a comma-separated list, without blanks and repetitions.

    >>> split("default, gl:2,patience:5,gl:2")
    ['default', 'gl:2', 'patience:5']
    """
    found = list(dict.fromkeys(part.strip() for part in rules.split(",") if part.strip()))
    if not found:
        raise check.invalid("rules", "rules such as 'default,gl:2,patience:5'", rules)
    return found


def _conjunction(text: str, examples: bool, quantity: dict) -> Criterion:
    parts = [_single(part.strip(), examples, quantity) for part in text.split("+")]
    return parts[0] if len(parts) == 1 else all_of(*parts)


def _single(text: str, examples: bool, quantity: dict) -> Criterion:
    name, _, value = text.partition(":")
    known = {k: quantity[k] for k in ("monitor", "mode") if k in quantity}
    if name in PRESETS and not value:
        return preset(name, examples=examples, **known)
    check.choice("rule", name, (*PRESETS, *KINDS))
    if name in PRESETS:
        raise check.invalid("rule", f"the preset {name!r} without a number", text)
    kind, whole = KINDS[name]
    if name in ("pq", "textbook") and "train" in quantity:
        known["train"] = quantity["train"]
    if name == "progress":
        known["monitor"] = quantity.get("train", "clean_loss")
    return kind(*([_number(text, value, whole)] if value else []), **known)


def _number(rule: str, value: str, whole: bool):
    try:
        return int(value) if whole else float(value)
    except ValueError:
        expected = "a whole number" if whole else "a number"
        raise check.invalid("rule", f"{expected} after the name, as in 'gl:2'", rule) from None

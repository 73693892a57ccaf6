"""`reg.rules`: a penalty of its own for some layers, as a list of mappings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from kreg import check
from kreg.fields import Options, check_field, rule_of
from kreg.regularizers.options import KINDS

EXAMPLE = 'reg.rules=[{layers: "hidden_*", l1: 1e-4}]'
# keys of the whole group
OUTSIDE = ("rules", "weights", "activity", "activity_form", "activity_target")


@dataclass(frozen=True)
class LayerRule:
    """One of the rules, checked.

    Attributes:
        key: Where it stands: `reg.rules[0]`.
        layers: Patterns of layer names.
        options: The penalty for their kernels.
    """

    key: str
    layers: tuple[str, ...]
    options: Options


def layer_rules(reg: Options) -> list[LayerRule]:
    """The checked rules of a `reg` group, in their order.

    Raises:
        ValueError: With one sentence for the first mistake.
    """
    given = getattr(reg, "rules", [])
    return [layer_rule(f"reg.rules[{index}]", rule, reg) for index, rule in enumerate(given)]


def layer_rule(key: str, rule: Any, reg: Options) -> LayerRule:
    """A rule whose missing keys are those of the group, where it is of the same kind."""
    if not isinstance(rule, Mapping):
        raise check.invalid(key, "a mapping with layers and the keys of a penalty", rule, said())
    settings = {str(name): value for name, value in rule.items()}
    layers = patterns(f"{key}.layers", settings.pop("layers", None))
    kind = check.choice(f"{key}.kind", settings.get("kind", reg.kind), KINDS)
    if kind == "none" and "kind" not in settings:
        raise check.invalid(f"{key}.kind", "a penalty, as reg=none has none", None, said())
    known = {f.name: rule_of(f) for f in fields(KINDS[kind]) if f.name not in OUTSIDE}
    for name in settings:
        if name not in known:
            near = check.did_you_mean(name, known)
            keys = ", ".join(["layers", *known])
            raise ValueError(f"`{key}` has no key {name!r}. Its keys are: {keys}. {near}".rstrip())
    usual = {n: getattr(reg, n) for n in known} if kind == reg.kind else {"kind": kind}
    checked = {n: check_field(f"{key}.{n}", value, known[n]) for n, value in settings.items()}
    return LayerRule(key, layers, KINDS[kind](**(usual | checked)))


def patterns(key: str, value: Any) -> tuple[str, ...]:
    """A pattern of layer names, or several."""
    found = [value] if isinstance(value, str) else value
    if (
        not isinstance(found, list | tuple)
        or not found
        or not all(isinstance(one, str) and one for one in found)
    ):
        raise check.invalid(key, "a pattern of layer names, or a list of them", value, said())
    return tuple(found)


def said() -> str:
    return f"For example {EXAMPLE}."

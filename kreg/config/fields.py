"""How a configuration key is declared: a dataclass field that knows its type, range and meaning.

A group's schema is one dataclass per `kind`. Defaults live here and nowhere else; the YAML files
state what differs. Checking happens on plain values (`check_field`), so that a mistake on the
command line, in a file or behind a `+` ends in the same sentence.
"""

import dataclasses
from collections.abc import Mapping

from kreg import check, schedules


@dataclasses.dataclass(frozen=True)
class Rule:
    """What a key may hold. `type` is one of bool, int, float, str, list, dict or "schedule"."""

    type: object
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    options: tuple = ()
    optional: bool = False

    @property
    def interval(self) -> dict:
        names = ("low", "high", "low_open", "high_open")
        return {name: getattr(self, name) for name in names}


def _field(default, rule: Rule):
    metadata = {"rule": rule}
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def ranged(default, *, type=None, optional=False, **interval):
    """A number in an interval; `low`, `high`, `low_open`, `high_open` as in `check.number`.

    The type is that of the default, `int` or `float`, unless `type` says otherwise.
    """
    kind = type or (int if isinstance(default, int) else float)
    return _field(default, Rule(kind, optional=optional or default is None, **interval))


def scheduled(default, **interval):
    """A number, or a schedule written as `{kind: linear, start: ..., end: ..., duration: ...}`."""
    return _field(default, Rule("schedule", **interval))


def one_of(default, *options):
    """One of a closed list of strings (or booleans, or null)."""
    return _field(default, Rule(str, options=options, optional=default is None))


def switch(default: bool):
    """True or false."""
    return _field(default, Rule(bool))


def text(default: str | None):
    """Any string."""
    return _field(default, Rule(str, optional=default is None))


def many(default: list | None):
    """A list of anything; the component checks its entries."""
    return _field(default, Rule(list, optional=default is None))


def mapping(default: dict):
    """Free keys, for a component of the user's own."""
    return _field(default, Rule(dict))


def kind(name: str):
    """The `kind` key of a schema: it names the constructor in `kreg.factories`."""
    return _field(name, Rule(str, options=(name,)))


def check_field(key: str, value, rule: Rule):
    """`value` in its declared type and range, or a sentence that names `key`."""
    if value is None and rule.optional:
        return None
    if rule.options:
        return value if value in rule.options else check.choice(key, value, rule.options)
    if rule.type == "schedule":
        return _check_schedule(key, value, rule)
    return CHECKS[rule.type](key, value, rule)


def _check_schedule(key: str, value, rule: Rule):
    if not isinstance(value, Mapping):
        return check.number(key, value, **rule.interval)
    try:
        schedules.get(key, dict(value), **rule.interval)
    except TypeError as error:
        known = ", ".join(schedules.KINDS)
        raise check.invalid(
            key, f"a number or a schedule (kind: {known}) with its own keys", value, str(error)
        ) from error
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
    return dict(value)


def _check_int(key: str, value, rule: Rule):
    return check.integer(key, value, low=rule.low, high=rule.high)


def _check_float(key: str, value, rule: Rule):
    return check.number(key, value, **rule.interval)


def _check_bool(key: str, value, rule: Rule):
    return check.flag(key, value)


def _check_str(key: str, value, rule: Rule):
    if not isinstance(value, str):
        raise check.invalid(key, "a string", value)
    return value


def _check_list(key: str, value, rule: Rule):
    if not isinstance(value, list | tuple):
        raise check.invalid(key, "a list", value)
    return list(value)


def _check_dict(key: str, value, rule: Rule):
    if not isinstance(value, Mapping):
        raise check.invalid(key, "a mapping of names to values", value)
    return dict(value)


CHECKS = {
    int: _check_int,
    float: _check_float,
    bool: _check_bool,
    str: _check_str,
    list: _check_list,
    dict: _check_dict,
}

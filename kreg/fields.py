"""How a component of the configuration is declared: its keys, and what is called with them.

A kind of a group is one dataclass, a subclass of `Options`; the table of a room, `options.py`,
holds all of its kinds. Defaults, ranges and meanings stand there and nowhere else: the YAML files
state what differs, their comments are written from here (`python -m kreg.config.comments`), and
the classes check their arguments against the same ranges. Checking happens on plain values
(`check_field`), so that a mistake on the command line, in a file or behind a `+` ends in the same
sentence.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Unpack

from kreg import check
from kreg.check import Interval

Number = (
    float | dict[str, Any]
)  # or a schedule, {kind: linear, start: ..., end: ..., duration: ...}
Kinds = dict[str, "type[Options]"]  # the table of a group
TASKS = REGRESSION, CLASSIFICATION = ("regression", "classification")  # of a number by its task


@dataclasses.dataclass
class Options:
    """The base of every kind: its keys are its fields.

    `class L1Options(Options, component="kreg.regularizers:L1")` says what is called with them.
    Where an argument has another name than its key, a kind says so in `arguments`. `local` holds
    each key by which data could leave this machine, with a pattern of the values by which they do
    not: an option file may set no others.
    """

    component: ClassVar[str] = ""
    local: ClassVar[Mapping[str, str]] = {}
    kind: str = ""

    def __init_subclass__(cls, component: str = "") -> None:
        cls.component = component

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the component."""
        names = (field.name for field in dataclasses.fields(self) if field.name != "kind")
        return {name: getattr(self, name) for name in names}


def table(*kinds: type[Options]) -> Kinds:
    """The kinds of a group by their names."""
    return {options().kind: options for options in kinds}


def scheduled_keys(kinds: Kinds) -> tuple[str, ...]:
    """The keys of a table that may be schedules: strengths and rates, each once."""
    fields = [field for options in kinds.values() for field in dataclasses.fields(options)]
    return tuple(dict.fromkeys(f.name for f in fields if rule_of(f).type == "schedule"))


@dataclasses.dataclass(frozen=True)
class Rule:
    """What a key may hold.

    `type` is bool, int, float, str, list, dict, "schedule", "columns" or "by_task".
    """

    type: type | str
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    options: tuple[Any, ...] = ()
    optional: bool = False
    words: tuple[str, ...] = ()

    @property
    def interval(self) -> dict[str, Any]:
        names = ("low", "high", "low_open", "high_open")
        return {name: getattr(self, name) for name in names}


def _field(default: Any, rule: Rule) -> Any:
    metadata = {"rule": rule}
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def rule_of(field: "dataclasses.Field[Any]") -> Rule:
    """What a field was declared with."""
    rule: Rule = field.metadata["rule"]
    return rule


def ranged(
    default: float | str | None,
    meaning: str,
    *,
    type: type | None = None,
    optional: bool = False,
    **interval: Unpack[Interval],
) -> Any:
    """A number in an interval; `low`, `high`, `low_open`, `high_open` as in `check.number`.

    The type is that of the default, `int` or `float`, unless `type` says otherwise. A default that
    is a word, `"auto"`, may stand in place of the number, and null where it is the default or
    `optional`.
    """
    kind = type or (int if isinstance(default, int) else float)
    words = (default,) if isinstance(default, str) else ()
    none = optional or default is None
    return _field(default, Rule(kind, meaning, optional=none, words=words, **interval))


def scheduled(default: float | None, meaning: str, **interval: Unpack[Interval]) -> Any:
    """A number, or a schedule written as `{kind: linear, start: ..., end: ..., duration: ...}`."""
    return _field(default, Rule("schedule", meaning, optional=default is None, **interval))


def by_task(default: float, meaning: str, **interval: Unpack[Interval]) -> Any:
    """A number, or a schedule, or one for each task: `{classification: 0.04, regression: 0.07}`."""
    return _field(default, Rule("by_task", meaning, **interval))


def one_of(default: object, options: tuple[Any, ...], meaning: str = "") -> Any:
    """One of a closed list of strings (or booleans, or null)."""
    return _field(default, Rule(str, meaning, options=options, optional=default is None))


def switch(default: bool, meaning: str) -> Any:
    """True or false."""
    return _field(default, Rule(bool, meaning))


def text(default: str | None, meaning: str) -> Any:
    """Any string."""
    return _field(default, Rule(str, meaning, optional=default is None))


def many(default: list[Any] | None, meaning: str, words: tuple[str, ...] = ()) -> Any:
    """A list of anything, or one of a few words; the component checks its entries."""
    return _field(default, Rule(list, meaning, optional=default is None, words=words))


def columns(default: str | list[str] | None, meaning: str) -> Any:
    """One string, or a list of them that has at least one."""
    return _field(default, Rule("columns", meaning, optional=default is None))


def words_or_mapping(default: str, words: tuple[str, ...], meaning: str) -> Any:
    """One of a few words, or free keys."""
    return _field(default, Rule(dict, meaning, words=words))


def words_or_number(
    default: str, words: tuple[str, ...], meaning: str, **interval: Unpack[Interval]
) -> Any:
    """One of a few words, or a number in an interval."""
    return _field(default, Rule(float, meaning, words=words, **interval))


def mapping(default: dict[str, Any], meaning: str) -> Any:
    """Free keys, for a component of the user's own."""
    return _field(default, Rule(dict, meaning))


def kind(name: str) -> Any:
    """The `kind` key, by which a YAML file chooses the component."""
    return _field(name, Rule(str, options=(name,)))


def check_field(key: str, value: Any, rule: Rule) -> Any:
    """`value` in its declared type and range, or a sentence that names `key`."""
    if value is None and rule.optional:
        return None
    if rule.options:
        return value if value in rule.options else check.choice(key, value, rule.options)
    if rule.words:
        return value if value in rule.words else _check_or_word(key, value, rule)
    return CHECKS[rule.type](key, value, rule)


def _check_or_word(key: str, value: Any, rule: Rule) -> Any:
    try:
        return CHECKS[rule.type](key, value, rule)
    except ValueError as error:
        words = " or ".join(f"{key}={word}" for word in rule.words)
        raise ValueError(f"{error} Or say {words}.") from error


def _check_schedule(key: str, value: Any, rule: Rule) -> Number:
    if not isinstance(value, Mapping):
        return check.number(key, value, **rule.interval)
    from kreg import schedules  # which needs NumPy

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


def _check_int(key: str, value: Any, rule: Rule) -> int:
    low, high = (None if end is None else int(end) for end in (rule.low, rule.high))
    return check.integer(key, value, low=low, high=high)


def _check_float(key: str, value: Any, rule: Rule) -> float:
    return check.number(key, value, **rule.interval)


def _check_bool(key: str, value: Any, rule: Rule) -> bool:
    return check.flag(key, value)


def _check_str(key: str, value: Any, rule: Rule) -> str:
    if not isinstance(value, str):
        raise check.invalid(key, "a string", value)
    return value


def _check_columns(key: str, value: Any, rule: Rule) -> str | list[str]:
    names = [value] if isinstance(value, str) else value
    listed = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
    if not listed or not names or len(set(names)) < len(names):
        raise check.invalid(key, "a name, or a list of different names", value)
    return value if isinstance(value, str) else list(names)


def is_by_task(value: object) -> bool:
    """Whether it is one number for each kind of task.

    >>> is_by_task({"classification": 0.04, "regression": 0.07}), is_by_task({"kind": "linear"})
    (True, False)
    """
    return isinstance(value, Mapping) and set(value) == set(TASKS)


def _check_by_task(key: str, value: Any, rule: Rule) -> Number:
    if not isinstance(value, Mapping):
        return check.number(key, value, **rule.interval)
    if "kind" in value:
        return _check_schedule(key, value, rule)
    if not is_by_task(value):
        expected = (
            "a number, or {classification: ..., regression: ...} with one for each, or a schedule "
            "{kind: linear, ...}"
        )
        raise check.invalid(key, expected, dict(value))
    return {task: check.number(f"{key}.{task}", value[task], **rule.interval) for task in TASKS}


def _check_list(key: str, value: Any, rule: Rule) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise check.invalid(key, "a list", value)
    return list(value)


def _check_dict(key: str, value: Any, rule: Rule) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise check.invalid(key, "a mapping of names to values", value)
    return dict(value)


CHECKS: dict[type | str, Callable[[str, Any, Rule], Any]] = {
    int: _check_int,
    float: _check_float,
    bool: _check_bool,
    str: _check_str,
    list: _check_list,
    dict: _check_dict,
    "schedule": _check_schedule,
    "columns": _check_columns,
    "by_task": _check_by_task,
}

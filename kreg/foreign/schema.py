"""Plain data against a type: `conform(value, list[float])`, or a `TypedDict` of whatever depth.

The types are those that the type checker reads, so there is one description of each file.
"""

import math
import typing
from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias

from kreg.foreign.content import DamagedError

LARGEST = 2**63  # of a whole number: NumPy's own
DEEPEST = 100  # lists and objects in one another

Check: TypeAlias = Callable[[Any, str], None]


def conform(value: object, kind: Any, where: str) -> None:
    """Refuse a value that is not of a type.

    Args:
        value: JSON values, and arrays where the type says so.
        kind: `Any`, `None`, `int`, `float` (whole numbers are some), any other class, `list[...]`,
            `dict[str, ...]`, `Literal[...]`, a union of these, or a `TypedDict`: keys that it does
            not name are let through.
        where: What the value is, for the sentence.

    Raises:
        DamagedError: With the place and what was expected there.
    """
    refuse_deep(value, where)
    checker(kind)(value, where)


def refuse_deep(value: object, where: str) -> None:
    """Refuse what is nested so deeply that a reader would not come back from it."""
    level = [value]
    for _ in range(DEEPEST):
        level = [item for outer in level for item in _below(outer)]
        if not level:
            return
    raise DamagedError(f"{where} is nested more than {DEEPEST} levels deep")


def _below(value: object) -> list[Any]:
    items = value.values() if isinstance(value, dict) else value
    return [item for item in items if isinstance(item, dict | list)] if _nests(value) else []  # type: ignore[attr-defined]


def _nests(value: object) -> bool:
    return isinstance(value, dict | list)


@cache
def checker(kind: Any) -> Check:
    """The function that holds values against a type."""
    if kind is Any:
        return lambda value, where: None
    if kind in (int, float):
        return _number(kind)
    if typing.is_typeddict(kind):
        return _object(kind)
    if kind is None or isinstance(kind, type):
        wanted = NoneType if kind is None else kind
        return lambda value, where: _expect(isinstance(value, wanted), kind, value, where)
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return _list(parts[0])
    if origin is dict:
        return _mapping(*parts)
    if origin is Literal:
        return lambda value, where: _expect(value in parts, kind, value, where)
    if origin in (UnionType, typing.Union):
        return _union(kind, parts)
    raise TypeError(f"No schema can hold a {kind}.")


def _expect(good: bool, kind: Any, value: object, where: str) -> None:
    if not good:
        raise DamagedError(f"{where} is {_shown(value)}, expected {_called(kind)}")


def _number(kind: Any) -> Check:
    allowed = int if kind is int else int | float

    def check(value: Any, where: str) -> None:
        good = isinstance(value, allowed) and not isinstance(value, bool)
        _expect(good, kind, value, where)
        if isinstance(value, int) and abs(value) >= LARGEST:
            raise DamagedError(f"{where} is {_shown(value)}: the number is too large")

    return check


def _list(kind: Any) -> Check:
    each = checker(kind)

    def check(value: Any, where: str) -> None:
        _expect(isinstance(value, list), list, value, where)
        for i, item in enumerate(value):
            each(item, f"{where}[{i}]")

    return check


def _mapping(key: Any, kind: Any) -> Check:
    named, each = checker(key), checker(kind)

    def check(value: Any, where: str) -> None:
        _expect(isinstance(value, dict), dict, value, where)
        for name, item in value.items():
            named(name, f"a key of {where}")
            each(item, f"{where}.{name}")

    return check


def _object(kind: Any) -> Check:
    fields = {name: checker(hint) for name, hint in typing.get_type_hints(kind).items()}
    needed = kind.__required_keys__

    def check(value: Any, where: str) -> None:
        _expect(isinstance(value, Mapping), dict, value, where)
        for name, each in fields.items():
            if name in value:
                each(value[name], f"{where}.{name}")
            elif name in needed:
                raise DamagedError(f"{where} has no {name!r}")

    return check


def _union(kind: Any, parts: tuple[Any, ...]) -> Check:
    several = [checker(part) for part in parts if part not in (None, NoneType)]
    optional = NoneType in parts

    def check(value: Any, where: str) -> None:
        if value is None and optional:
            return
        for each in several[:-1]:
            try:
                return each(value, where)
            except DamagedError:
                pass
        several[-1](value, where)

    return check


def _called(kind: Any) -> str:
    plain = {bool: "true or false", int: "a whole number", float: "a number", str: "a text",
             list: "a list", dict: "an object", None: "nothing", NoneType: "nothing"}  # fmt: skip
    found = plain.get(kind) or getattr(kind, "__name__", "")
    return found if found and not typing.get_args(kind) else str(kind)


def _shown(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) >= LARGEST:
        return f"a number of {value.bit_length():,} bits"
    text = repr(value) if isinstance(value, str | int | float | NoneType) else _called(type(value))
    return text if len(text) <= 40 else f"{text[:37]}..."

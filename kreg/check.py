"""Argument checks with one error template; every message is a sentence. Imports nothing of kreg."""

import difflib
import math
import numbers
from collections.abc import Iterable
from typing import TypedDict, TypeVar

Option = TypeVar("Option")
LONGEST = 200  # signs of a value that a sentence repeats


class Interval(TypedDict, total=False):
    """A range that is declared once and checked in several places: `check.number(..., **range)`."""

    low: float | None
    high: float | None
    low_open: bool
    high_open: bool


class Bounds(TypedDict, total=False):
    """The same for whole numbers: `check.integer(..., **bounds)`. Both ends are included."""

    low: int | None
    high: int | None


def invalid(name: str, expected: str, received: object, advice: str = "") -> ValueError:
    """The error for a wrong argument: what it is called, what is allowed, what came, what to do.

    >>> print(invalid("rate", "a number in [0, 1)", 1.5))
    Invalid value received for argument `rate`. Expected a number in [0, 1). Received: rate=1.5.
    """
    shown = repr(received)
    shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."
    message = (
        f"Invalid value received for argument `{name}`. Expected {expected}. "
        f"Received: {name}={shown}."
    )
    return ValueError(f"{message} {advice}".rstrip())


def interval(low: float | None, high: float | None, low_open: bool, high_open: bool) -> str:
    """The interval in mathematical notation, `[0, 1)` say."""
    left = "(-inf" if low is None else f"{'(' if low_open else '['}{low:g}"
    right = "inf)" if high is None else f"{high:g}{')' if high_open else ']'}"
    return f"{left}, {right}"


def number(
    name: str,
    value: object,
    *,
    low: float | None = None,
    high: float | None = None,
    low_open: bool = False,
    high_open: bool = False,
) -> float:
    """`value` as a Python float, if it is a finite real number in the interval.

    Booleans and strings are refused although Python would convert them; NumPy scalars are welcome.

    >>> number("l1", 1e-3, low=0)
    0.001
    """
    expected = f"a finite number in {interval(low, high, low_open, high_open)}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise invalid(name, expected, value)
    result = float(value)
    if not math.isfinite(result):
        raise invalid(name, expected, value)
    too_low = low is not None and (result < low or (low_open and result == low))
    too_high = high is not None and (result > high or (high_open and result == high))
    if too_low or too_high:
        raise invalid(name, expected, value)
    return result


def integer(name: str, value: object, *, low: int | None = None, high: int | None = None) -> int:
    """`value` as a Python int, if it is a whole number between `low` and `high`, both included."""
    bounds = {
        (True, True): "a whole number",
        (False, True): f"a whole number >= {low}",
        (True, False): f"a whole number <= {high}",
        (False, False): f"a whole number from {low} to {high}",
    }
    expected = bounds[low is None, high is None]
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise invalid(name, expected, value)
    result = int(value)
    if (low is not None and result < low) or (high is not None and result > high):
        raise invalid(name, expected, value)
    return result


def flag(name: str, value: object) -> bool:
    """`value`, if it is exactly `True` or `False`."""
    if not isinstance(value, bool):
        raise invalid(name, "True or False", value)
    return value


def choice(name: str, value: object, options: Iterable[Option]) -> Option:
    """The one of `options` that equals `value`; the error names the nearest one.

    >>> choice("mode", "min", ("min", "max"))
    'min'
    """
    options = tuple(options)
    for option in options:
        if option == value:
            return option
    allowed = "one of " + ", ".join(map(repr, options))
    raise invalid(name, allowed, value, did_you_mean(value, options))


def did_you_mean(value: object, options: Iterable[object]) -> str:
    """`Did you mean 'deep'?`, or an empty string where nothing is near."""
    known = {str(option).casefold(): str(option) for option in options}
    near = difflib.get_close_matches(str(value).casefold(), known, n=1)
    return f"Did you mean {known[near[0]]!r}?" if near else ""

"""The settings of a search: checked first, counted before they are made, each of them once."""

import itertools
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from kreg import check
from kreg.searching.penalties import KINDS

Setting: TypeAlias = dict[str, Any]
NUMBERS: dict[str, check.Interval] = {
    "strength": {"low": 0},
    "dropout": {"low": 0, "high": 1, "high_open": True},
    "learning_rate": {"low": 0, "low_open": True},
}
OWN = ("reg", *NUMBERS)  # what kreg applies, unless `build` asks for it


class Grid:
    """All combinations of the values. `reg="none"` has no strength and stands there once.

    Args:
        given: Name to a list of values, or to one value.

    >>> grid = Grid({"reg": ["none", "l1"], "strength": [1e-4, 1e-3]})
    >>> grid.size, list(grid)[0]
    (3, {'reg': 'none'})
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        if not isinstance(given, Mapping) or not given:
            expected = "a dictionary of names and lists of values, {'reg': ['l1', 'l2'], ...} say"
            raise check.invalid("settings", expected, given)
        self.values = {name: values_of(name, values) for name, values in given.items()}
        kinds = self.values.get("reg", ())
        if any(kind != "none" for kind in kinds) != ("strength" in self.values):
            advice = "Each of them means something with the other one alone."
            raise check.invalid(
                "settings", "`reg` and `strength` together", list(self.values), advice
            )

    @property
    def size(self) -> int:
        """How many settings there are, told without making them."""
        sizes = {name: len(values) for name, values in self.values.items()}
        strengths, kinds = sizes.pop("strength", 1), self.values.get("reg", (None,))
        sizes["reg"] = sum(1 if kind == "none" else strengths for kind in kinds)
        return math.prod(sizes.values())

    def __iter__(self) -> Iterator[Setting]:
        seen = set()
        for values in itertools.product(*self.values.values()):
            setting = dict(zip(self.values, values, strict=True))
            if setting.get("reg") == "none":
                setting.pop("strength", None)
            if repr(setting) not in seen:
                seen.add(repr(setting))
                yield setting

    @property
    def varied(self) -> list[str]:
        """The names that have more than one value."""
        return [name for name, values in self.values.items() if len(values) > 1]


def values_of(name: str, values: Any) -> Sequence[Any]:
    """The different values of one name, checked where kreg knows what they may be."""
    is_one = isinstance(values, str) or not hasattr(values, "__iter__")
    listed = [values] if is_one else list(values)
    if any(value is None or not isinstance(value, Hashable) for value in listed):
        expected = "numbers, words or tuples, each of which says something"
        raise check.invalid(name, expected, values, "A tuple may stand for a list.")
    found = list(dict.fromkeys(listed))
    if not found:
        raise check.invalid(name, "at least one value", values)
    if name == "reg":
        return [check.choice("reg", value, KINDS) for value in found]
    if name in NUMBERS:
        return [check.number(name, value, **NUMBERS[name]) for value in found]
    return found

"""Plain data against types."""

from typing import Any, Literal, NotRequired, TypedDict

import numpy as np
import pytest

from kreg.foreign.content import DamagedError
from kreg.foreign.schema import DEEPEST, conform


class Inner(TypedDict):
    name: str
    size: NotRequired[int]


class Outer(TypedDict, total=False):
    inner: Inner | None
    tone: Literal["good", "bad"]


GOOD = [
    (1, int), (1, float), (0.5, float), (True, bool), (None, None), ("a", str),
    ({}, dict[str, int]),
    ([1, None], list[float | None]), ({"a": [1]}, dict[str, list[int]]), (np.ones(2), np.ndarray),
    ({"inner": {"name": "a", "other": 3}}, Outer), ({"inner": None, "tone": "bad"}, Outer),
    ([[]], Any), (float("nan"), float),
]  # fmt: skip
BAD = [
    (True, int, "a whole number"), (True, float, "a number"), (0.5, int, "a whole number"),
    (1, bool, "true or false"), ("1", float, "a number"), (10**30, float, "too large"),
    (2**63, int, "too large"), ([1, "a"], list[int], r"it\[1\] is 'a'"), ({}, list[int], "a list"),
    ({"a": 1}, dict[str, str], "it.a is 1, expected a text"), ([], dict[str, str], "an object"),
    ({"inner": {}}, Outer, "it.inner has no 'name'"), ({"inner": 3}, Outer, "it.inner"),
    ({"inner": {"name": "a", "size": "b"}}, Outer, "it.inner.size"), ({"tone": "x"}, Outer, "tone"),
    ([1], np.ndarray, "ndarray"), ({1: 2}, dict[str, int], "a key of it"), (None, str, "a text"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kind"), GOOD, ids=str)
def test_what_fits_is_let_through(value, kind):
    conform(value, kind, "it")


@pytest.mark.parametrize(("value", "kind", "told"), BAD, ids=str)
def test_what_does_not_fit_is_told(value, kind, told):
    with pytest.raises(DamagedError, match=told):
        conform(value, kind, "it")


def test_depth_is_bounded_without_recursion():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(DamagedError, match=f"more than {DEEPEST} levels"):
        conform(deep, Any, "it")


def test_a_schema_that_no_value_can_be_held_against():
    with pytest.raises(TypeError, match="No schema"):
        conform(1, tuple[int, ...], "it")

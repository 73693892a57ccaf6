import math
import re

import numpy as np
import pytest

from kreg import check


@pytest.mark.parametrize("value", [True, "0.5", None, math.nan, math.inf, -0.1, 1.0, [0.5]])
def test_number_refuses_with_a_sentence(value):
    expected = re.escape("Expected a finite number in [0, 1). Received: rate=")
    with pytest.raises(ValueError, match=f"argument `rate`. {expected}"):
        check.number("rate", value, low=0, high=1, high_open=True)


@pytest.mark.parametrize("value", [0, 0.25, np.float32(0.25), np.int64(0)])
def test_number_returns_a_python_float(value):
    result = check.number("rate", value, low=0, high=1, high_open=True)
    assert type(result) is float and result == value


@pytest.mark.parametrize("value", [True, 1.0, "3", None, 0])
def test_integer_refuses(value):
    with pytest.raises(ValueError, match="`depth`. Expected a whole number >= 1"):
        check.integer("depth", value, low=1)


def test_integer_returns_a_python_int():
    assert type(check.integer("depth", np.int32(3), low=1, high=3)) is int


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_flag_takes_booleans_only(value):
    with pytest.raises(ValueError, match="Expected True or False"):
        check.flag("restore_best", value)


def test_choice_names_the_nearest_option():
    with pytest.raises(ValueError, match="Did you mean 'deep'"):
        check.choice("model", "depe", ("deep", "shallow"))

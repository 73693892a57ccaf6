import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kreg.diagnostics.statistics import mann_kendall, paired_se, paired_z, theil_sen

numbers = st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=20)


def test_paired_z_is_the_t_statistic_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=50), rng.normal(size=50) + 0.3
    assert paired_z(b, a) == pytest.approx(stats.ttest_rel(b, a).statistic)


def test_mann_kendall_without_and_with_ties():
    assert mann_kendall(np.arange(8)) == pytest.approx(27 / math.sqrt(8 * 7 * 21 / 18))
    # S = 4, var = (4*3*13 - 2*1*9) / 18: the textbook's correction for one tied pair
    assert mann_kendall([1, 2, 2, 3]) == pytest.approx(4 / math.sqrt((156 - 18) / 18))


def test_degenerate_inputs():
    assert paired_se(np.array([1.0])) == math.inf
    assert math.isnan(paired_z(np.array([1.0]), np.array([2.0])))
    assert math.isnan(paired_z(np.array([1.0, np.inf]), np.array([2.0, 1.0])))
    assert paired_z(np.ones(3), np.ones(3)) == 0
    assert paired_z(np.ones(3), np.zeros(3)) == math.inf
    assert theil_sen([1], [2]) == 0


@settings(max_examples=50, deadline=None)
@given(values=numbers)
def test_reversing_time_turns_the_sign(values):
    times = np.arange(len(values))
    assert mann_kendall(values[::-1]) == pytest.approx(-mann_kendall(values))
    assert theil_sen(times, values[::-1]) == pytest.approx(-theil_sen(times, values))


@settings(max_examples=50, deadline=None)
@given(values=numbers, slope=st.floats(-10, 10))
def test_theil_sen_is_equivariant_to_lines(values, slope):
    times = np.arange(len(values))
    moved = theil_sen(times, np.array(values) + slope * times)
    assert moved == pytest.approx(theil_sen(times, values) + slope, abs=1e-9)


def test_theil_sen_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(1).normal(size=9)
    assert theil_sen(range(9), values) == pytest.approx(stats.theilslopes(values, range(9))[0])

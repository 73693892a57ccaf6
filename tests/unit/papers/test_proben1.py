"""Proben1: the networks' gradients, the protocol, and a few rows of the real tables."""

import os
from pathlib import Path

import numpy as np
import pytest

from kreg.papers import proben1
from kreg.papers.rprop import Networks, Rprop, percentage

FOLDER = Path(os.environ.get("KREG_DATA", "/nowhere")) / "proben1"


@pytest.mark.parametrize("squash", [False, True])
def test_gradients_are_those_of_finite_differences(squash):
    rng = np.random.default_rng(0)
    networks = Networks((3, 4, 2, 2), 2, squash, 0.5, rng)
    x, y = rng.normal(size=(7, 3)), rng.random((7, 2))
    _, gradients = networks.gradients(x, y)
    for layer, place in ((0, (1, 2, 1)), (1, (0, 4, 1)), (2, (1, 0, 0))):
        ends = []
        for sign in (1, -2):
            networks.weights[layer][place] += sign * 1e-6
            ends.append(np.square(networks.outputs(x)[-1] - y).sum(axis=(1, 2))[place[0]])
        networks.weights[layer][place] += 1e-6
        assert gradients[layer][place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5)


def test_parameters_are_counted_as_in_the_report():
    assert Networks((9, 4, 2, 2), 1, False, 0.1, np.random.default_rng(0)).params == 100


def test_percentage():
    assert percentage(np.full((1, 4, 2), 0.5))[0] == 25.0


def test_rprop_reaches_least_squares():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    networks = Networks((3, 2), 2, False, 0.01, rng)
    method = Rprop(networks, (0.005, 0.02), rng)
    for _ in range(300):
        method.epoch(x, y)
    best, *_ = np.linalg.lstsq(np.c_[np.ones(40), x], y, rcond=None)
    np.testing.assert_allclose(networks.weights[0][1], best, atol=1e-6)


def test_a_run_ends_by_gl_or_by_progress():
    from kreg.diagnostics.criteria import GL, Progress

    lost, moving = (GL(5.0), Progress(0.1, 5)), [5.0, 4.0, 3.0, 2.0, 1.0]
    assert not proben1.ended(lost, 5, moving, 1.0)
    assert proben1.ended(lost, 10, moving, 1.06)
    assert proben1.ended((GL(5.0), Progress(0.1, 5)), 5, [1.0] * 5, 1.0)


def test_without_the_data_it_says_where_to_put_them(tmp_path):
    with pytest.raises(ValueError, match="KREG_DATA"):
        proben1.run(tmp_path, data=tmp_path)


@pytest.mark.skipif(not FOLDER.exists(), reason="needs KREG_DATA")
def test_rows_of_the_report(tmp_path):
    _, published = proben1.source(FOLDER)
    by = {(row["table"], row["problem"]): row for row in published}
    for key, layers, runs in ((("3", "card1"), (), 10), (("8", "glass1"), (16, 8), 6)):
        assert proben1.compare(FOLDER, by[key], layers, runs, seed=0)["within"], key
    assert proben1.hidden(by["8", "card1"]) == (32,)

"""The pure formulas: weights, calibration, resolution, ledger."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import FALLING, VALLEY, run

from kreg.diagnostics import calibration, layer_table, ledger, weights
from kreg.diagnostics.resolution import detectable, examples_needed, resolution
from kreg.diagnostics.series import judged

shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@settings(max_examples=40, deadline=None)
@given(shape=shapes, seed=st.integers(0, 10_000))
def test_spectral_norm_is_the_largest_singular_value(shape, seed):
    matrix = np.random.default_rng(seed).normal(size=shape)
    exact = np.linalg.svd(matrix, compute_uv=False)[0]
    estimate = weights.spectral_norm(matrix, iterations=2000, tolerance=0)
    assert estimate <= exact * (1 + 1e-9)
    assert estimate == pytest.approx(exact, rel=1e-3)
    assert weights.spectral_norm(matrix) == pytest.approx(exact, rel=0.1)


@settings(max_examples=40, deadline=None)
@given(shape=shapes, seed=st.integers(0, 10_000), power=st.integers(-8, 8))
def test_norms_scale_and_ratios_do_not(shape, seed, power):
    rng = np.random.default_rng(seed)
    matrix, start, scale = rng.normal(size=shape), rng.normal(size=shape), 2.0**power
    assert weights.frobenius(scale * matrix) == pytest.approx(scale * weights.frobenius(matrix))
    assert weights.stable_rank(scale * matrix) == pytest.approx(weights.stable_rank(matrix))
    moved = weights.distance(scale * matrix, scale * start)
    assert moved == pytest.approx(weights.distance(matrix, start))
    assert 1 - 1e-9 <= weights.stable_rank(matrix) <= min(shape) * 1.3


def test_weights_by_hand():
    assert weights.spectral_norm(np.diag([3.0, -5.0])) == pytest.approx(5)
    assert weights.spectral_norm(np.zeros((3, 3))) == 0
    assert math.isnan(weights.spectral_norm([[math.nan, 1.0]]))
    assert weights.stable_rank(np.zeros((2, 2))) == 0
    assert weights.update_ratio([3.0, 4.0], [0.0, 0.0]) == 1
    assert math.isnan(weights.distance([1.0], [0.0]))
    assert weights.zeros([0.0, -0.0, 1e-30]) == 2
    assert weights.dead_units(np.zeros((4, 3, 3, 5))) == 1
    assert math.isnan(weights.dead_units(np.zeros((0, 3))))
    assert weights.as_matrix(np.zeros(4)).shape == (1, 4)


def test_a_calibrated_model_has_no_error():
    confidence = np.repeat([0.25, 0.75], 400)
    correct = np.concatenate([np.arange(400) < 100, np.arange(400) < 300])
    assert calibration.ece(confidence, correct) == pytest.approx(0)
    assert calibration.ece(confidence, correct, mass=True) == pytest.approx(0, abs=1e-12)
    assert calibration.ece(np.ones(10), np.zeros(10)) == 1
    assert math.isnan(calibration.ece([], []))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), mass=st.booleans())
def test_ece_is_a_share_and_blind_to_order(seed, mass):
    rng = np.random.default_rng(seed)
    confidence, correct = rng.random(80), rng.random(80) < 0.5
    order = rng.permutation(80)
    value = calibration.ece(confidence, correct, mass=mass)
    assert 0 <= value <= 1
    assert value == pytest.approx(calibration.ece(confidence[order], correct[order], mass=mass))
    rows = calibration.reliability(confidence, correct, mass=mass)
    assert sum(row["count"] for row in rows) == 80


def test_detectable_difference_and_its_inverse():
    for n in (10, 1000):
        assert examples_needed(2.0, detectable(2.0, n)) == pytest.approx(n, abs=1)
    assert detectable(1.0, 0) == math.inf


def test_two_epochs_are_told_apart_more_easily_than_two_models():
    found = resolution(judged(run(FALLING, VALLEY)), rows=800)
    assert (found["rows"], found["measured"]) == (800, 200)
    assert found["between_epochs"] < found["between_models"]
    assert found["between_models"] == pytest.approx(1.96 * found["standard_error"])


def test_both_sides_of_the_ledger_add_up():
    entry = ledger.entry(run(FALLING, VALLEY), 30)
    train, validation = entry["train"], entry["validation"]
    parts = ("clean", "noise", "penalty")
    assert sum(train[p] for p in parts) == pytest.approx(train["logged"])
    total = validation["clean"] + validation["penalty"] + validation["rest"]
    assert total == pytest.approx(validation["logged"])
    assert entry["clean_gap"] - entry["logged_gap"] == pytest.approx(0.1)


def test_without_clean_losses_there_is_no_ledger():
    record = run(FALLING, VALLEY)
    record.curves.pop("clean_loss")
    assert ledger.entry(record, 30) is None


def test_the_layer_table_puts_unregularized_layers_first():
    rows = [
        {"name": "a", "params": 80, "regularization": "L2(0.1)"},
        {"name": "b", "params": 15, "regularization": ""},
        {"name": "frozen", "params": 5, "regularization": "", "trainable": False},
        {"name": "flatten", "params": 0},
    ]
    table = layer_table.table(rows, train_rows=10)
    assert [row["name"] for row in table][:2] == ["b", "a"]
    assert table[0]["share"] == 0.15
    assert table[0]["per_example"] == 1.5
    totals = layer_table.totals(table)
    assert (totals["params"], totals["unregularized"]) == (100, 15)
    assert totals["largest_unregularized"] == "b"
    assert layer_table.totals([])["unregularized_share"] == 0

"""Penalties as Keras regularizers: values, gradients, configuration, refusals, strength_max."""

import copy
import json
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import kreg

W = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
CONV = np.random.default_rng(1).normal(size=(2, 2, 3, 4)).astype("float32")
ALL = [
    kreg.L1(0.1),
    kreg.L2(0.2),
    kreg.ElasticNet(0.1, 0.2),
    kreg.GroupLasso(0.1, axis=-1),
    kreg.GroupLasso(0.1, weights=[0, 0.5, 2]),
    kreg.GroupLasso(0.1, adaptive=1),
    kreg.SparseGroupLasso(0.1, 0.2),
    kreg.L2SP(0.3),
    kreg.L0(0.1, 2.0),
    kreg.AdaptiveL1(0.1, 0.5),
    kreg.MCP(0.1, 4.0),
    kreg.SCAD(0.1, 4.0),
    kreg.GroupMCP(0.1, 4.0, axis=-1),
    kreg.GroupSCAD(0.1, 4.0),
    kreg.NuclearNorm(0.1, every=3),
    kreg.MaxNorm(1.5),
    kreg.UnitNorm(),
    kreg.NonNegative(),
    kreg.Box(-1, 2),
    kreg.Constrained(kreg.ElasticNet(0.1, 0.2), [kreg.NonNegative(), kreg.MaxNorm(1.5)]),
    kreg.L1(kreg.schedules.Linear(0.0, 0.1, duration=10)),
]
each = pytest.mark.parametrize("penalty", ALL, ids=repr)


def test_no_penalty_is_left_out():
    """What is in the list is covered by existing: values, configuration, copies, gradients."""
    assert {type(p).__name__ for p in ALL} == {*kreg.regularizers.__all__} - {"Penalty"}


def gradient(regularizer, w):
    w = tf.Variable(w)
    with tf.GradientTape() as tape:
        value = regularizer(w)
    return tape.gradient(value, w, unconnected_gradients="zero").numpy()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (kreg.L1(0.1), keras.regularizers.L1(0.1)),
        (kreg.L2(0.2), keras.regularizers.L2(0.2)),
        (kreg.ElasticNet(0.1, 0.2), keras.regularizers.L1L2(0.1, 0.2)),
    ],
)
def test_value_and_gradient_are_those_of_keras(ours, theirs):
    np.testing.assert_allclose(ours(W), theirs(W), rtol=1e-6)
    np.testing.assert_allclose(gradient(ours, W), gradient(theirs, W), rtol=1e-6)


def test_group_values_by_hand():
    rows = np.sqrt(4) * np.linalg.norm(W, axis=1).sum()
    columns = np.sqrt(3) * np.linalg.norm(W, axis=0).sum()
    channels = np.sqrt(2 * 2 * 4) * np.sqrt(np.square(CONV).sum(axis=(0, 1, 3))).sum()
    assert float(kreg.GroupLasso(0.5)(W)) == pytest.approx(0.5 * rows, rel=1e-5)
    assert float(kreg.GroupLasso(0.5, axis=-1)(W)) == pytest.approx(0.5 * columns, rel=1e-5)
    assert float(kreg.GroupLasso(0.5)(CONV)) == pytest.approx(0.5 * channels, rel=1e-5)
    both = 0.5 * np.abs(W).sum() + 0.25 * rows
    assert float(kreg.SparseGroupLasso(0.5, 0.25)(W)) == pytest.approx(both, rel=1e-5)


@each
def test_the_gradient_is_the_subgradient_and_finite_at_zero(penalty):
    np.testing.assert_allclose(
        gradient(penalty.value, W), np.asarray(penalty.subgradient(W)), rtol=1e-5, atol=1e-7
    )
    zero = np.zeros_like(W)
    assert np.all(gradient(penalty.value, zero) == 0)
    assert np.all(np.asarray(penalty.subgradient(zero)) == 0)


@each
def test_configuration_survives_json_and_is_exact(penalty):
    config = json.loads(json.dumps(penalty.get_config()))
    assert config == penalty.get_config()
    assert type(penalty).from_config(config) == penalty
    again = keras.regularizers.deserialize(
        json.loads(json.dumps(keras.regularizers.serialize(penalty)))
    )
    assert again == penalty and type(again) is type(penalty)


@each
def test_copies_are_equal_and_independent(penalty):
    for other in (copy.deepcopy(penalty), copy.copy(penalty), pickle.loads(pickle.dumps(penalty))):
        assert other == penalty and other is not penalty and other.optimizers() == []


def test_numpy_strengths_become_exact_python_floats():
    config = kreg.ElasticNet(np.float64(0.1), np.float32(0.5)).get_config()
    assert config == {"l1": 0.1, "l2": 0.5}
    assert {type(v) for v in config.values()} == {float}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_penalty_is_float32_for_half_precision_weights(dtype):
    big = ops.full((300, 300), 2.0, dtype=dtype)  # its sum of squares is above float16's largest
    value = kreg.L2(1.0)(big)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    assert float(value) == 360000.0


@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf"), True, "0.1", None])
@pytest.mark.parametrize(
    "cls",
    [
        kreg.L1,
        kreg.L2,
        kreg.ElasticNet,
        kreg.GroupLasso,
        kreg.L2SP,
        kreg.MCP,
        kreg.SCAD,
        kreg.L0,
        kreg.AdaptiveL1,
        kreg.NuclearNorm,
    ],
)
def test_bad_strengths_are_refused_in_a_sentence(cls, bad):
    with pytest.raises(
        ValueError, match=r"Invalid value received for argument `l[012]`\. Expected"
    ):
        cls(bad)


def test_bad_ratio_axis_and_schedule_are_refused():
    with pytest.raises(ValueError, match="`l1_ratio`.*Expected a finite number in"):
        kreg.ElasticNet.from_ratio(0.1, 1.5)
    with pytest.raises(ValueError, match="`axis`.*Expected a whole number"):
        kreg.GroupLasso(0.1, axis=1.5)
    with pytest.raises(ValueError, match=r"`axis`.*Expected an axis.*\(3, 4\).*axis=2"):
        kreg.GroupLasso(0.1, axis=2)(W)
    with pytest.raises(ValueError, match="`l1`"):
        kreg.L1(kreg.schedules.Linear(0.1, -0.1, duration=5))


def test_from_ratio_is_the_textbooks_alpha_form():
    for ratio in (0.0, 0.3, 1.0):
        expected = 0.5 * (ratio * np.abs(W).sum() + (1 - ratio) * np.square(W).sum())
        value = float(kreg.ElasticNet.from_ratio(0.5, ratio)(W))
        assert value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        kreg.L1,
        lambda s: kreg.ElasticNet(s, 0.7),
        kreg.GroupLasso,
        lambda s: kreg.GroupLasso(s, axis=-1),
        lambda s: kreg.GroupLasso(s, weights=[0.5, 1, 2]),
        lambda s: kreg.SparseGroupLasso(s, 2 * s),
        lambda s: kreg.SparseGroupLasso(0.0, s),
        kreg.MCP,
        kreg.GroupSCAD,
        lambda s: kreg.L0(s, gamma=1.0),
        kreg.NuclearNorm,
    ],
    ids=[
        "l1",
        "elastic_net",
        "rows",
        "columns",
        "weighted",
        "sparse_group",
        "group_only",
        "mcp",
        "group_scad",
        "l0",
        "nuclear",
    ],
)
def test_strength_max_is_where_the_last_weight_becomes_zero(make):
    """w = 0 is optimal exactly where prox_R(-g) = 0, with g the loss's gradient at zero."""
    largest = make(1.0).strength_max(W)
    assert np.all(np.asarray(make(largest * 1.0001).prox(-W)) == 0)
    assert np.any(np.asarray(make(largest * 0.999).prox(-W)) != 0)

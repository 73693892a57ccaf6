"""Proximal maps: minimisers by brute force, firm nonexpansiveness, Moreau's identity, limits."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import kreg
from kreg.regularizers.prox import squared_length

ARRAYS = hnp.arrays(np.float64, (3, 4), elements=st.floats(-4, 4, width=32))
STEPS = st.floats(0.01, 3.0)
PENALTIES = [
    kreg.L1(0.7),
    kreg.L2(0.4),
    kreg.ElasticNet(0.5, 0.3),
    kreg.GroupLasso(0.4, axis=-2),
    kreg.GroupLasso(0.4, axis=-1),
    kreg.GroupLasso(0.4, axis=-2, weights=[0.0, 1.0, 2.5]),
    kreg.SparseGroupLasso(0.3, 0.2),
    kreg.L2SP(0.6),
    kreg.AdaptiveL1(0.4),
]
LOW_RANK = [kreg.NuclearNorm(0.7)]  # what it takes away is kept, not found again from w
CONCAVE = [
    kreg.MCP(0.7, 4.0),
    kreg.SCAD(0.7, 4.5),
    kreg.GroupMCP(0.4, 4.0),
    kreg.GroupSCAD(0.4, 4.5),
]
JUMPS = [kreg.L0(0.7)]
SETS = [kreg.NonNegative(), kreg.Box(-1.0, 2.0), kreg.MaxNorm(1.5), kreg.UnitNorm()]
each_penalty = pytest.mark.parametrize("penalty", PENALTIES + LOW_RANK, ids=repr)


def prox(penalty, z, step):
    return np.asarray(penalty.prox(z, step))


def objective(penalty, w, z, step):
    return step * float(penalty.value(w)) + 0.5 * np.sum((w - z) ** 2)


@pytest.mark.parametrize("penalty", PENALTIES + LOW_RANK + CONCAVE + JUMPS, ids=repr)
@settings(max_examples=15, deadline=None)
@given(z=ARRAYS, step=STEPS, direction=ARRAYS)
def test_it_minimises_its_own_definition(penalty, z, step, direction):
    w = prox(penalty, z, step)
    best = objective(penalty, w, z, step)
    for distance in (1e-3, 0.1, 1.0):
        assert objective(penalty, w + distance * direction, z, step) >= best - 1e-9


@each_penalty
@settings(max_examples=15, deadline=None)
@given(a=ARRAYS, b=ARRAYS, step=STEPS)
def test_it_is_firmly_nonexpansive(penalty, a, b, step):
    pa, pb = prox(penalty, a, step), prox(penalty, b, step)
    assert np.sum((pa - pb) ** 2) <= np.sum((pa - pb) * (a - b)) + 1e-9


@pytest.mark.parametrize("penalty", PENALTIES + CONCAVE + JUMPS, ids=repr)
@settings(max_examples=15, deadline=None)
@given(z=ARRAYS, step=STEPS, stale=ARRAYS)
def test_the_way_back_from_w_to_z_needs_z_only_where_w_is_zero(penalty, z, step, stale):
    s = penalty.at(z, penalty.strengths())
    w = np.asarray(penalty.sharp_prox(z, step, s))
    known = np.where(w == 0, z, stale)
    if penalty.has_sharp:
        back = penalty.sharp_offset(w, known, step, s)
        np.testing.assert_allclose(np.asarray(back), z - w, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_way_back_is_finite_in_every_dtype(dtype):
    w, z = (keras.ops.cast(a, dtype) for a in ([0.0, 60.0, -1e-3, 0.0], [0.25, -60.0, 0.0, -0.25]))
    back = kreg.L1(0.5).sharp_offset(w, z, 1.0, {"l1": keras.ops.cast(0.5, dtype)})
    found = keras.ops.convert_to_numpy(keras.ops.cast(back, "float32"))
    np.testing.assert_array_equal(found, [0.25, 0.5, -0.5, -0.25])


@pytest.mark.parametrize("penalty", CONCAVE, ids=repr)
@settings(max_examples=15, deadline=None)
@given(a=ARRAYS, b=ARRAYS, step=STEPS)
def test_a_concave_one_expands_by_no_more_than_its_curvature_allows(penalty, a, b, step):
    pa, pb = prox(penalty, a, step), prox(penalty, b, step)
    bound = np.linalg.norm(a - b) / (1 - step * penalty.curvature)
    assert np.linalg.norm(pa - pb) <= bound + 1e-6


@pytest.mark.parametrize("penalty", SETS, ids=repr)
@settings(max_examples=15, deadline=None)
@given(z=ARRAYS, step=STEPS)
def test_the_way_back_from_a_projection_is_exact_and_normal_to_the_set(penalty, z, step):
    w = prox(penalty, z, step)
    moved = np.asarray(penalty.sharp_offset(w, z, step, {}))
    np.testing.assert_allclose(moved, z - w, atol=1e-5)
    np.testing.assert_allclose(prox(penalty, w, step), w, atol=1e-6)  # inside, it stays


@pytest.mark.parametrize("penalty", SETS[:3], ids=repr)
@settings(max_examples=15, deadline=None)
@given(z=ARRAYS, other=ARRAYS)
def test_a_projection_is_the_nearest_point_of_its_set(penalty, z, other):
    w, elsewhere = prox(penalty, z, 1.0), prox(penalty, other, 1.0)
    assert np.linalg.norm(w - z) <= np.linalg.norm(elsewhere - z) + 1e-5


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@settings(max_examples=15, deadline=None)
@given(z=ARRAYS, step=STEPS)
def test_what_it_takes_away_is_a_subgradient_where_it_does_not_land_on_a_kink(penalty, z, step):
    w = prox(penalty, z, step)
    taken = (z - w) / step
    away_from_kinks = np.all(np.abs(w) > 1e-6, axis=(0, 1))
    if away_from_kinks:
        np.testing.assert_allclose(np.asarray(penalty.subgradient(w)), taken, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(z=ARRAYS, step=STEPS)
def test_moreau_identity(z, step):
    """prox_f(z) + prox_f*(z) = z; the conjugate of a norm is the indicator of the dual ball."""
    l1 = kreg.L1(0.7)
    np.testing.assert_allclose(prox(l1, z, step) + np.clip(z, -0.7 * step, 0.7 * step), z)
    group = kreg.GroupLasso(0.4, axis=-2)
    bound = 0.4 * step * 2.0  # rows of four weights: sqrt(4)
    norms = np.linalg.norm(z, axis=1, keepdims=True)
    projected = z * np.minimum(1.0, bound / np.maximum(norms, 1e-300))
    np.testing.assert_allclose(prox(group, z, step) + projected, z, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(z=ARRAYS, step=STEPS)
def test_limits(z, step):
    same = np.testing.assert_allclose
    l1 = prox(kreg.L1(0.3), z, step)
    same(prox(kreg.ElasticNet(0.3, 0.0), z, step), l1)
    same(prox(kreg.ElasticNet(0.0, 0.3), z, step), prox(kreg.L2(0.3), z, step))
    same(prox(kreg.SparseGroupLasso(0.3, 0.0), z, step), l1, atol=1e-7)
    same(prox(kreg.SparseGroupLasso(0.0, 0.3), z, step), prox(kreg.GroupLasso(0.3), z, step))
    column = z.reshape(-1, 1)  # groups of one weight
    same(prox(kreg.GroupLasso(0.3), column, step), prox(kreg.L1(0.3), column, step), atol=1e-6)
    same(prox(kreg.L1(0.0), z, step), z)
    for concave in (kreg.MCP, kreg.SCAD):
        same(prox(concave(0.3, 1e9), z, step), l1, atol=1e-6)
        flat = concave(0.3, 4.0)
        large = np.abs(z) > 4.0 * 0.3
        same(prox(flat, z, step)[large], z[large])
    for group, single in ((kreg.GroupMCP, kreg.MCP), (kreg.GroupSCAD, kreg.SCAD)):
        mine, theirs = group(0.3, 4.0), single(0.3, 4.0)
        same(prox(mine, column, step), prox(theirs, column, step), atol=1e-6)


def test_zeros_are_zeros_without_a_sign():
    z = np.array([[-0.5, 0.5], [-0.1, 0.0]])
    for penalty in (
        kreg.L1(1.0),
        kreg.GroupLasso(1.0),
        kreg.SparseGroupLasso(1.0, 1.0),
        kreg.MCP(1.0, 4.0),
        kreg.GroupSCAD(1.0, 4.0),
        kreg.L0(1.0),
    ):
        zeros = prox(penalty, z, 1.0)
        assert np.all(zeros == 0.0) and not np.any(np.signbit(zeros))


def test_the_prox_of_l2sp_pulls_towards_the_start():
    start = np.full((2, 2), 3.0)
    w = np.asarray(kreg.L2SP(1e6).prox(np.zeros((2, 2)), 1.0, start))
    np.testing.assert_allclose(w, start, rtol=1e-5)


def test_a_squared_length_and_its_gradient():
    w = tf.constant([[0.0, -2.0, 1e-3], [3.0, 0.5, -1e10]])
    with tf.GradientTape() as tape:
        tape.watch(w)
        found = squared_length(w)
    np.testing.assert_allclose(float(found), np.sum(np.square(np.array(w, "float64"))), rtol=1e-6)
    np.testing.assert_array_equal(np.array(tape.gradient(found, w)), 2 * np.array(w))


@pytest.mark.parametrize("penalty", [kreg.L2(0.1), kreg.ElasticNet(0.0, 0.1), kreg.L2SP(0.1)])
def test_xla_does_not_know_the_value_of_a_ridge_by_sight(penalty):
    """Its own kernel for that takes three times as long; see `benchmarks/bench_penalties.py`."""
    graph = tf.function(penalty.value).get_concrete_function(tf.ones((3, 2))).graph
    used = [operation.type for operation in graph.get_operations()]
    assert used.index("Square") < used.index("Maximum") < used.index("Sum")

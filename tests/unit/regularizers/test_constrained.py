"""Penalties inside sets: the map of both, by brute force; what no step leaves; refusals."""

import keras
import numpy as np
import pytest
from scipy.optimize import minimize

import kreg

CONE, CAP, BOX = kreg.NonNegative(), kreg.MaxNorm(1.5), kreg.Box(-0.5, 1.0)
TOGETHER = [
    kreg.Constrained(kreg.L1(0.7), [CONE]),
    kreg.Constrained(kreg.L1(0.7), [BOX]),
    kreg.Constrained(kreg.L1(0.7), [CAP]),
    kreg.Constrained(kreg.L1(0.3), [CAP, CONE]),
    kreg.Constrained(kreg.L1(0.3), [kreg.MaxNorm(1.5, axis=-2)]),
    kreg.Constrained(kreg.ElasticNet(0.5, 0.3), [CONE, CAP]),
    kreg.Constrained(kreg.AdaptiveL1(0.4), [CONE, CAP]),
    kreg.Constrained(kreg.L0(0.4), [CONE]),
    kreg.Constrained(kreg.MCP(0.7, 4.0), [CONE]),
    kreg.Constrained(kreg.SCAD(0.7, 4.5), [BOX]),
    kreg.Constrained(kreg.GroupLasso(0.4), [CONE]),
    kreg.Constrained(kreg.GroupLasso(0.4, axis=-1), [CAP, CONE]),
    kreg.Constrained(kreg.SparseGroupLasso(0.3, 0.2, axis=-1), [CONE, CAP]),
    kreg.Constrained(kreg.GroupMCP(0.3, 4.0, axis=-1), [CONE, CAP]),
    kreg.Constrained(kreg.GroupSCAD(0.3, 4.5, axis=-1), [CAP]),
    kreg.Constrained(kreg.MaxNorm(1.0), [CONE]),
    kreg.Constrained(kreg.L2(0.4), [CAP, CONE]),
    kreg.Constrained(kreg.L2(0.4), [kreg.UnitNorm()]),
    kreg.Constrained(kreg.L2SP(0.4), [BOX]),
]
each = pytest.mark.parametrize("penalty", TOGETHER, ids=repr)


def inside(penalty, w):
    """The nearest point of all the sets; the cone comes before the cap."""
    for constraint in sorted(penalty.constraints, key=lambda c: isinstance(c, kreg.MaxNorm)):
        w = np.asarray(constraint.prox(w))
    if isinstance(penalty.penalty, kreg.MaxNorm):
        w = np.asarray(penalty.penalty.prox(w))
    return w


@each
def test_no_point_of_the_sets_is_better(penalty):
    rng = np.random.default_rng(0)
    for step in (0.3, 1.0):
        for z in rng.normal(scale=1.5, size=(4, 3, 2)):
            w = np.asarray(penalty.prox(z, step))
            np.testing.assert_allclose(inside(penalty, w), w, atol=1e-5)

            def objective(u, z=z, step=step):
                return step * float(penalty.value(u)) + 0.5 * np.sum((u - z) ** 2)

            best = objective(w)
            for distance in (1e-3, 0.1, 2.0):
                for direction in rng.normal(size=(2, 3, 2)):
                    other = inside(penalty, w + distance * direction)
                    # a cap ends some rounding errors below itself
                    assert objective(other) >= best - 3e-6


@pytest.mark.parametrize("non_negative", [False, True])
def test_the_lasso_under_a_cap_is_what_a_solver_finds(non_negative):
    """`w = p - q`, so that the problem is smooth: SLSQP knows nothing of proximal maps."""
    rng = np.random.default_rng(1)
    sets = [kreg.MaxNorm(1.2), *([kreg.NonNegative()] if non_negative else [])]
    penalty = kreg.Constrained(kreg.L1(0.4), sets)
    for z in rng.normal(scale=1.5, size=(5, 4, 1)):
        flat = z.ravel()
        found = minimize(
            lambda v, flat=flat: 0.4 * v.sum() + 0.5 * np.sum((v[:4] - v[4:] - flat) ** 2),
            np.full(8, 0.1),
            bounds=[(0, None)] * 4 + [(0, 0 if non_negative else None)] * 4,
            constraints={"type": "ineq", "fun": lambda v: 1.44 - np.sum((v[:4] - v[4:]) ** 2)},
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        expected = found.x[:4] - found.x[4:]
        np.testing.assert_allclose(np.asarray(penalty.prox(z)).ravel(), expected, atol=1e-5)


@each
def test_the_way_back_from_w_to_z(penalty):
    rng = np.random.default_rng(2)
    for z in rng.normal(scale=2.0, size=(4, 3, 2)):
        s = penalty.at(z, penalty.strengths())
        w = np.asarray(penalty.sharp_prox(z, 0.6, s))
        back = np.asarray(penalty.sharp_offset(w, z, 0.6, s))
        np.testing.assert_allclose(back, z - w, atol=1e-5)


@each
def test_what_was_set_between_two_steps_is_what_the_way_back_leads_to(penalty):
    """From a former z that knows w only where it is zero, to a z whose map is w."""
    rng = np.random.default_rng(3)
    for stale, start in rng.normal(scale=2.0, size=(4, 2, 3, 2)):
        s = penalty.at(start, penalty.strengths())
        w = np.asarray(penalty.sharp_prox(start, 0.6, s))
        former = np.where(w == 0, start, stale)
        z = w + np.asarray(penalty.sharp_offset(w, former, 0.6, s))
        np.testing.assert_allclose(np.asarray(penalty.sharp_prox(z, 0.6, s)), w, atol=1e-5)


def network(penalty, optimizer):
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(7, activation="relu", kernel_regularizer=penalty, name="hidden")
    model = keras.Sequential([keras.Input((6,)), hidden, keras.layers.Dense(1)])
    model.compile(optimizer, "mse", run_eagerly=False)
    return model


def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 6)), 5 * rng.normal(size=(60, 1))


def test_zeros_and_bounds_at_once_in_every_step_and_after_loading(tmp_path):
    x, y = rows()
    penalty = kreg.Constrained(kreg.L1(0.1), [kreg.NonNegative(), kreg.MaxNorm(0.5)])
    model = network(penalty, kreg.optimizers.Adam(0.05, use_ema=True, ema_momentum=0.9))
    seen = []

    def kernel(model=model):
        return np.asarray(model.get_layer("hidden").kernel, "float64")

    def look(batch, logs):
        w = kernel()
        seen.append(bool(np.all(w >= 0) and np.all(np.linalg.norm(w, axis=0) <= 0.5)))

    watch = keras.callbacks.LambdaCallback(on_train_batch_end=look)
    model.fit(x, y, batch_size=20, epochs=5, verbose=0, callbacks=[watch])
    w = kernel()
    assert len(seen) == 15 and all(seen)
    assert np.all(w >= 0) and np.all(np.linalg.norm(w, axis=0) <= 0.5) and np.mean(w == 0) > 0.2
    model.save(tmp_path / "model.keras")
    again = kreg.load_model(tmp_path / "model.keras")
    for one in (model, again):
        one.fit(x, y, shuffle=False, verbose=0, epochs=2)
    np.testing.assert_array_equal(kernel(model), kernel(again))


def test_a_strength_is_changed_between_two_fits():
    x, y = rows()
    penalty = kreg.Constrained(kreg.L1(0.0), [kreg.NonNegative()])
    model = network(penalty, kreg.optimizers.Adam(0.05))
    model.fit(x, y, verbose=0)
    step = model.train_function
    penalty.l1 = 100.0
    assert penalty.penalty.l1 == 100.0 == penalty.strengths()["l1"]
    assert model.optimizer.strengths()["sequential/hidden/kernel".replace("sequential", model.name)]
    model.fit(x, y, verbose=0, epochs=60)
    assert model.train_function is step
    np.testing.assert_array_equal(np.asarray(model.get_layer("hidden").kernel), 0.0)
    model.optimizer.set_strengths(l1=0.5)
    assert penalty.l1 == 0.5


def test_it_remembers_the_start_that_its_penalty_asks_for():
    x, y = rows()
    penalty = kreg.Constrained(kreg.L2SP(1e3), [kreg.MaxNorm(100.0)])
    model = network(penalty, kreg.optimizers.Adam(0.01))
    before = np.asarray(model.get_layer("hidden").kernel)
    model.fit(x, y, verbose=0, epochs=10)
    np.testing.assert_allclose(np.asarray(model.get_layer("hidden").kernel), before, atol=0.02)


@pytest.mark.parametrize(
    ("penalty", "constraints"),
    [
        (kreg.MCP(0.1), [CAP]),
        (kreg.L0(0.1), [BOX]),
        (kreg.L0(0.1), [CAP]),
        (kreg.GroupLasso(0.1, axis=-2), [CAP]),
        (kreg.GroupLasso(0.1, axis=-1), [BOX]),
        (kreg.L1(0.1), [kreg.UnitNorm()]),
        (kreg.L1(0.1), [BOX, CAP]),
        (kreg.L1(0.1), [CONE, CONE]),
        (kreg.UnitNorm(), [CONE]),
    ],
    ids=repr,
)
def test_what_is_no_known_map_is_refused_in_a_sentence(penalty, constraints):
    with pytest.raises(ValueError, match=r"`constraints`\. Expected sets whose projection"):
        kreg.Constrained(penalty, constraints)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: kreg.Constrained(keras.regularizers.L1(0.1), [CAP]),
            "`penalty`.*a penalty of kre",
        ),
        (lambda: kreg.Constrained(kreg.L1(0.1), []), "`constraints`.*a list of sets"),
        (lambda: kreg.Constrained(kreg.L1(0.1), kreg.MaxNorm()), "`constraints`.*a list of sets"),
        (lambda: kreg.Constrained(kreg.L1(0.1), [kreg.L2()]), "`constraints`.*sets such as"),
    ],
)
def test_other_mistakes_are_told_in_a_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_under_a_stock_optimizer_it_is_refused():
    model = network(kreg.Constrained(kreg.L1(0.1), [CONE]), keras.optimizers.Adam())
    with pytest.raises(ValueError, match=r"`kreg\.Constrained` needs an optimizer that takes"):
        model.fit(*rows(), verbose=0)

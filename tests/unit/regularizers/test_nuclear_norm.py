"""Low rank: the map, the optimum, what happens between two decompositions, and what it refuses."""

import keras
import numpy as np
import pytest
from scipy.optimize import minimize

import kreg
from kreg.surgery.rules import Rule

RNG = np.random.default_rng(0)
ROWS, INPUTS, UNITS, TRUE_RANK = 64, 10, 6, 2
X = RNG.normal(size=(ROWS, INPUTS)).astype("float32")
TRUTH = RNG.normal(size=(INPUTS, TRUE_RANK)) @ RNG.normal(size=(TRUE_RANK, UNITS))
Y = (X @ TRUTH + 0.3 * RNG.normal(size=(ROWS, UNITS))).astype("float32")
OPTIMIZERS = {
    "sgd": lambda rate: kreg.optimizers.SGD(rate(1.0)),
    "momentum": lambda rate: kreg.optimizers.SGD(rate(0.2), momentum=0.9),
    "adam": lambda rate: kreg.optimizers.Adam(rate(0.05)),
    "rmsprop": lambda rate: kreg.optimizers.RMSprop(rate(0.05)),
}


def linear(penalty, optimizer, **compile_options):
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(UNITS, use_bias=False, kernel_regularizer=penalty, name="out")
    model = keras.Sequential([keras.Input((INPUTS,)), dense])
    model.compile(optimizer, "mse", **compile_options)
    return model


def network(penalty, optimizer, **compile_options):
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(12, "tanh", kernel_regularizer=penalty, name="hidden")
    model = keras.Sequential([keras.Input((INPUTS,)), hidden, keras.layers.Dense(UNITS)])
    model.compile(optimizer, "mse", **compile_options)
    return model


def steps(model, count, batch=16):
    """So many training steps, one after the other; the losses of each."""
    starts = [(i * batch) % ROWS for i in range(count)]
    return [model.train_on_batch(X[i : i + batch], Y[i : i + batch]) for i in starts]


def kernel(model):
    return model.layers[0].kernel.numpy()


def rank(w):
    return np.linalg.matrix_rank(w)


def optimum(l1):
    """By proximal gradient in float64, for the mean squared error over all rows and outputs."""
    x, y, w = X.astype("float64"), Y.astype("float64"), np.zeros((INPUTS, UNITS))
    pace = Y.size / (2 * np.linalg.eigvalsh(x.T @ x)[-1])
    for _ in range(2000):
        left, values, right = np.linalg.svd(w - pace * 2 * x.T @ (x @ w - y) / Y.size, False)
        w = (left * np.maximum(values - pace * l1, 0)) @ right
    return w


def test_the_map_is_the_minimum_that_a_descent_finds():
    """`||w||_* = min (||a||^2 + ||b||^2) / 2` over all factors `a @ b = w`."""
    z, step = RNG.normal(size=(4, 3)), 0.8

    def objective(factors):
        a, b = factors[:12].reshape(4, 3), factors[12:].reshape(3, 3)
        rest = a @ b - z
        value = step * np.sum(factors**2) / 2 + np.sum(rest**2) / 2
        slopes = (step * a + rest @ b.T, step * b + a.T @ rest)
        return value, np.concatenate([slope.ravel() for slope in slopes])

    exact = {"ftol": 1e-16, "gtol": 1e-10, "maxiter": 10_000}
    start = np.random.default_rng(1).normal(size=21)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=exact).x
    expected = found[:12].reshape(4, 3) @ found[12:].reshape(3, 3)
    w = np.asarray(kreg.NuclearNorm(1.0).prox(z, step))
    np.testing.assert_allclose(w, expected, atol=1e-6)
    assert rank(w) == 2


def test_value_subgradient_and_dual_norm():
    w = RNG.normal(size=(5, 3))
    values = np.linalg.svd(w, compute_uv=False)
    penalty = kreg.NuclearNorm(0.5)
    assert float(penalty.value(w)) == pytest.approx(0.5 * values.sum())
    pull = np.asarray(penalty.subgradient(w))
    assert np.linalg.norm(pull, 2) == pytest.approx(0.5)
    assert np.sum(pull * w) == pytest.approx(float(penalty.value(w)))
    assert penalty.strength_max(w) == pytest.approx(values[0])


def test_of_a_column_it_is_the_group_lasso_without_the_size():
    w = RNG.normal(size=(5, 1))
    grouped = kreg.GroupLasso(0.3 / np.sqrt(5), axis=-1)
    np.testing.assert_allclose(kreg.NuclearNorm(0.3).prox(w), grouped.prox(w), rtol=1e-6)


FAST = {("adam", 5)}
CELLS = [
    pytest.param(name, every, marks=() if (name, every) in FAST else pytest.mark.slow)
    for name in OPTIMIZERS
    for every in (1, 5)
]


@pytest.mark.parametrize(("name", "every"), CELLS)
def test_the_end_is_the_optimum_whatever_the_optimizer_and_the_period(name, every):
    import tensorflow as tf

    count = 603  # no multiple of the period
    model = linear(
        kreg.NuclearNorm(0.05, every),
        OPTIMIZERS[name](lambda rate: keras.optimizers.schedules.CosineDecay(rate, count)),
    )
    stream = tf.data.Dataset.from_tensors((X, Y)).repeat(count)
    model.fit(stream, shuffle=False, verbose=0)
    expected = optimum(0.05)
    np.testing.assert_allclose(kernel(model), expected, atol=1e-4)
    assert rank(kernel(model)) == rank(expected) == TRUE_RANK
    certificate = kreg.certificate(model, X, Y)
    assert certificate.stationarity < 1e-4
    assert 0 <= certificate.gap + 1e-7 < 1e-4  # of an objective of 0.7, in float32


@pytest.mark.parametrize("bias", [False, True])
def test_the_gap_is_a_bound_of_the_way_to_the_minimum(bias):
    """Against the objective at the optimum, which is known without a bias, and with one less."""
    dense = keras.layers.Dense(UNITS, use_bias=bias, kernel_regularizer=kreg.NuclearNorm(0.05))
    model = keras.Sequential([keras.Input((INPUTS,)), dense])
    model.compile(kreg.optimizers.SGD(0.1), "mse")
    best = optimum(0.05)
    least = np.mean((X @ best - Y) ** 2) + 0.05 * np.linalg.svd(best, compute_uv=False).sum()
    found = kreg.certificate(model, X, Y)
    assert found.gap >= found.objective - least > 0.1
    dense.kernel.assign(best)
    found = kreg.certificate(model, X, Y)
    assert -1e-6 < found.gap < (0.5 if bias else 1e-4)


def test_the_rank_is_low_after_every_step_and_rises_at_decompositions_alone():
    model = network(kreg.NuclearNorm(0.2, every=4), kreg.optimizers.Adam(0.02))
    ranks = []
    for _ in range(40):
        steps(model, 1)
        ranks.append(rank(kernel(model)))
    risen = [i for i in range(1, 40) if ranks[i] > ranks[i - 1]]
    assert all(i % 4 == 0 for i in risen)
    assert min(ranks) < 10 and ranks[-1] <= max(ranks[-8:]) < 10


def test_weights_that_somebody_sets_stay_set():
    """Between two decompositions, too: the hidden point is no memory of the former weights."""
    model = network(kreg.NuclearNorm(0.001, every=50), kreg.optimizers.SGD(1e-4))
    steps(model, 3)
    other = np.random.default_rng(5).normal(size=(INPUTS, 12)).astype("float32")
    model.layers[0].kernel.assign(other)
    steps(model, 2)
    assert np.linalg.norm(kernel(model) - other, 2) < 0.1


def test_weight_decay_is_felt():
    decayed, plain = (
        network(kreg.NuclearNorm(1e-6, every=50), kreg.optimizers.AdamW(1e-3, weight_decay=wd))
        for wd in (10.0, 0.0)
    )
    for model in (decayed, plain):
        steps(model, 20)
    share = np.linalg.norm(kernel(decayed)) / np.linalg.norm(kernel(plain))
    assert share == pytest.approx(0.99**20, rel=0.05)


def exact_loss(model, penalty, i=0):
    """Loss of the next batch and penalty, before the step."""
    clean = float(np.mean((np.asarray(model(X[i : i + 16])) - Y[i : i + 16]) ** 2))
    return clean, float(penalty.value(kernel(model)))


def test_the_loss_has_the_penalty_exact_after_a_decomposition_and_nearly_so_between():
    penalty = kreg.NuclearNorm(0.05, every=5)
    model = network(penalty, kreg.optimizers.Adam(0.005))
    for step in range(12):
        clean, expected = exact_loss(model, penalty)
        model.reset_metrics()
        counted = float(model.train_on_batch(X[:16], Y[:16])) - clean
        after_one = step == 0 or step % 5 == 1  # nothing is kept before the first: it is exact
        assert counted == pytest.approx(expected, rel=1e-4 if after_one else 0.02)
        assert counted <= expected * (1 + 1e-4)


def test_the_loss_after_weights_were_set_has_their_penalty():
    penalty = kreg.NuclearNorm(0.05, every=50)
    model = network(penalty, kreg.optimizers.Adam(0.005))
    steps(model, 3)
    model.layers[0].kernel.assign(np.eye(INPUTS, 12))
    clean, expected = exact_loss(model, penalty)
    model.reset_metrics()
    assert expected == pytest.approx(0.5)
    assert float(model.train_on_batch(X[:16], Y[:16])) - clean == pytest.approx(0.5, rel=1e-4)
    assert float(model.evaluate(X, Y, verbose=0)) > 0


def test_one_penalty_on_two_layers_of_one_shape():
    shared = kreg.NuclearNorm(0.2, every=3)
    layers = [keras.layers.Dense(INPUTS, "tanh", kernel_regularizer=shared) for _ in range(2)]
    model = keras.Sequential([keras.Input((INPUTS,)), *layers, keras.layers.Dense(UNITS)])
    model.compile(kreg.optimizers.Adam(0.01), "mse")
    steps(model, 30)
    assert all(rank(layer.kernel.numpy()) < INPUTS for layer in layers)


@pytest.mark.parametrize("every", [1, 3])
def test_it_goes_on_from_a_file_as_if_it_had_not_been_saved(every, tmp_path):
    model = network(kreg.NuclearNorm(0.03, every), kreg.optimizers.Adam(0.02))
    steps(model, 8)
    model.save(tmp_path / "model.keras")
    loaded = kreg.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].kernel.regularizer == kreg.NuclearNorm(0.03, every)
    assert steps(loaded, 7) == steps(model, 7)
    np.testing.assert_array_equal(kernel(loaded), kernel(model))


SETTINGS = {
    "accumulation": {"gradient_accumulation_steps": 2},
    "average": {"use_ema": True, "ema_momentum": 0.9},
    "clipped": {"clipnorm": 1.0},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_rank_is_low_under(name):
    model = network(kreg.NuclearNorm(0.2, 3), kreg.optimizers.Adam(0.02, **SETTINGS[name]))
    model.fit(X, Y, batch_size=8, epochs=5, verbose=0)
    assert 0 < rank(kernel(model)) < INPUTS


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_the_rank_is_low_in_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = network(kreg.NuclearNorm(0.2, 3), kreg.optimizers.Adam(0.02))
        model.fit(X, Y, batch_size=8, epochs=4, verbose=0)
    finally:
        keras.config.set_dtype_policy("float32")
    assert 0 < rank(kernel(model)) < INPUTS


def test_with_a_strength_above_the_largest_all_is_exactly_zero():
    model = linear(kreg.NuclearNorm(50.0, 3), kreg.optimizers.Adam(0.1))
    steps(model, 50)
    assert np.all(kernel(model) == 0)


def test_the_strength_may_follow_a_schedule_and_change_between_fits():
    ramp = kreg.schedules.Linear(0.0, 0.2, duration=20)
    model = network(kreg.NuclearNorm(ramp, 2), kreg.optimizers.Adam(0.02))
    steps(model, 2)
    assert rank(kernel(model)) == INPUTS
    steps(model, 40)
    assert rank(kernel(model)) < 6
    constant = network(kreg.NuclearNorm(0.0), kreg.optimizers.Adam(0.02))
    steps(constant, 2)
    constant.optimizer.set_strengths(l1=50.0)
    steps(constant, 50)
    assert rank(kernel(constant)) == 0


def test_a_convolution_is_refused_and_a_rule_for_the_dense_layers_is_told():
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)]
    )
    with pytest.raises(
        ValueError, match=r"does not fit.*a matrix for.*Name the dense layers: `kreg"
    ):
        kreg.regularize(model, kreg.NuclearNorm(0.1))
    kreg.regularize(model, Rule(kreg.NuclearNorm(0.1), layers=layers.Dense))
    assert model.layers[-1].kernel.regularizer == kreg.NuclearNorm(0.1)


def test_a_head_of_one_output_is_passed_over_beside_others():
    layers = [keras.layers.Dense(4), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    kreg.regularize(model, kreg.NuclearNorm(0.1))
    assert [layer.kernel.regularizer is None for layer in layers] == [False, True]


def test_xla_is_kept_away_or_its_price_is_said():
    model = network(None, kreg.optimizers.Adam(), jit_compile=True)
    with pytest.warns(UserWarning, match="goes on without"):
        kreg.regularize(model, Rule(kreg.NuclearNorm(0.1), layers="hidden"))
    assert not model.jit_compile
    made_with_it = network(kreg.NuclearNorm(0.1), kreg.optimizers.Adam(), jit_compile=True)
    with pytest.warns(UserWarning, match="XLA takes seconds.*or put the penalty on with"):
        steps(made_with_it, 1)


@pytest.mark.parametrize("bad", [0, -1, 1.5, True])
def test_a_period_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="`every`"):
        kreg.NuclearNorm(0.1, every=bad)


def test_the_period_follows_from_the_size():
    penalty = kreg.NuclearNorm()
    assert [penalty.period(shape) for shape in ((500, 64), (65, 65))] == [1, 10]
    assert kreg.NuclearNorm(every=3).period((2, 2)) == 3

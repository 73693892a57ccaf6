"""The lasso path of the diabetes data: order of events, warm starts, one trace."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import lasso_path

import kreg
from kreg.surgery import Rule
from tests.unit.optimizers.problems import cosine, diabetes, linear_model

STEPS = 600
NAMES = load_diabetes().feature_names
# units of the standardized problem for a strength in the units in which the path was published:
# columns of length 1, a target in its own units
UNITS = np.sqrt(442) / load_diabetes().target.std()


def compiled(penalty, steps=STEPS):
    model = linear_model(10, penalty)
    optimizer = kreg.optimizers.SGD(cosine(0.1, steps), momentum=0.9, nesterov=True)
    model.compile(optimizer, "mse", steps_per_execution=100)
    return model


def test_the_grid_starts_where_all_is_zero_and_follows_scikit_learn():
    x, y = diabetes()
    calls = []

    class Counting(kreg.L1):
        def __call__(self, w):
            calls.append(1)
            return super().__call__(w)

    model = compiled(Counting(1.0))
    found = kreg.path(model, x, y, count=8, ratio=0.03, steps=STEPS, names=NAMES)
    traced = len(calls)
    _, expected, _ = lasso_path(x, y, alphas=found.strengths / 2, tol=1e-12, max_iter=10**6)
    np.testing.assert_allclose(found.coefficients, expected.T, atol=1e-5)
    np.testing.assert_array_equal(found.coefficients[1:] != 0, expected.T[1:] != 0)
    assert found.zeros[0] == 10  # scikit-learn keeps 2.6e-16 here
    assert np.all(np.diff(found.loss) < 0) and np.all(np.diff(found.objective) < 0)
    eager = 2 * len(found.strengths)  # data_loss and one more outside of training
    assert traced <= eager + 4


@pytest.mark.slow
def test_the_order_of_events_of_least_angle_regression():
    """Efron, Hastie, Johnstone & Tibshirani 2004: s3 enters fourth, leaves, and comes back."""
    breakpoints = [4.2961, 4.0240, 2.0493, 1.4302, 0.5888, 0.4017, 0.3121, 0.0904, 0.0248, 0.0230,
                   0.0099, 0.0059, 0.003]  # fmt: skip
    between = np.sqrt(np.multiply(breakpoints[:-1], breakpoints[1:])) * UNITS
    x, y = diabetes()
    found = kreg.path(
        compiled(kreg.L1(1.0), 4000), x, y, strengths=between, steps=4000, names=NAMES
    )
    expected = ["bmi", "s5", "bp", "s3", "sex", "s6", "s1", "s4", "s2", "age", "s3", "s3"]
    words = ["enters"] * 10 + ["leaves", "enters"]
    assert [event[1:] for event in found.events()] == list(zip(expected, words))


def test_elastic_net_keeps_its_proportion_and_validation_is_measured():
    x, y = diabetes()
    model = compiled(kreg.ElasticNet(0.2, 0.1), 200)
    found = kreg.path(
        model, x[:300], y[:300], strengths=[0.4, 0.1], steps=200, validation_data=(x[300:], y[300:])
    )
    strengths = next(iter(model.optimizer.strengths().values()))
    assert strengths == pytest.approx({"l1": 0.1, "l2": 0.05})
    w, b = found.coefficients[1], model.get_layer("linear").get_weights()[1][0]
    assert found.val_loss[1] == pytest.approx(np.mean((x[300:] @ w + b - y[300:]) ** 2), rel=1e-4)
    assert found.best in (0, 1)


def test_the_figure(tmp_path):
    found = kreg.optimizers.Path(
        strengths=np.array([1.0, 0.1]),
        coefficients=np.array([[0.0, 0.0], [0.5, 0.0]]),
        objective=np.array([1.0, 0.5]),
        loss=np.array([1.0, 0.4]),
        val_loss=np.array([1.0, 0.6]),
        names=["a", "b"],
    )
    figure = found.plot(tmp_path / "path.png")
    assert (tmp_path / "path.png").stat().st_size > 1000
    assert len(figure.axes[0].lines) == 3
    assert found.events() == [(0.1, "a", "enters")]


def test_refusals():
    x, y = diabetes()
    with pytest.raises(ValueError, match="an optimizer of kreg.optimizers"):
        model = linear_model(10, kreg.L1(0.1))
        model.compile("adam", "mse")
        kreg.path(model, x, y)
    with pytest.raises(ValueError, match="has no kreg penalty to follow"):
        kreg.path(compiled(None), x, y)
    deep = keras.Sequential(
        [keras.Input((10,)), keras.layers.Dense(2), keras.layers.Dense(1, kernel_regularizer="l2")]
    )
    kreg.regularize(deep, kreg.L1(0.1))
    deep.compile(kreg.optimizers.SGD(0.1), "mse")
    with pytest.raises(ValueError, match="Pass `strengths=`"):
        kreg.path(deep, x, y)


SETS = [kreg.MaxNorm(1.0), kreg.UnitNorm(), kreg.Box(-1.0, 1.0), kreg.NonNegative(),
        kreg.Constrained(kreg.MaxNorm(1.0), [kreg.NonNegative()])]  # fmt: skip


@pytest.mark.parametrize("penalty", SETS, ids=repr)
def test_a_set_has_no_strength_to_follow(penalty):
    x, y = diabetes()
    told = rf"needs a penalty with a strength.*kreg.{type(penalty).__name__} has none"
    with pytest.raises(ValueError, match=told):
        kreg.path(compiled(penalty), x, y, strengths=[1.0, 0.1])


def wide(penalty, **rule):
    """Three outputs of six features, through a hidden layer of four."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")
    layers = [keras.layers.Dense(4, "tanh", name="hidden", **rule), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((6,)), *layers])
    kreg.regularize(model, penalty)
    model.compile(kreg.optimizers.SGD(0.05), "mse", jit_compile=False)
    return model, x, (x @ np.ones((6, 3)) / 6).astype("float32")


@pytest.mark.slow
def test_a_set_beside_a_penalty_stays_where_it_is_along_the_path():
    rules = [Rule(kreg.Box(-0.1, 0.1), layers="hidden"), Rule(kreg.L1(0.1), layers="dense*")]
    model, x, y = wide(rules)
    found = kreg.path(model, x, y, strengths=[0.5, 0.01], steps=50)
    assert np.abs(found.coefficients[:, :24]).max() == pytest.approx(0.1)
    assert found.zeros[0] > found.zeros[1]


@pytest.mark.slow
def test_along_a_path_of_the_nuclear_norm_the_rank_rises():
    model, x, y = wide(Rule(kreg.NuclearNorm(0.1, every=2), layers="hidden"))
    found = kreg.path(model, x, y, strengths=[1.0, 0.05, 1e-4], steps=100)
    ranks = [np.linalg.matrix_rank(w.reshape(6, 4)) for w in found.coefficients]
    assert ranks == sorted(ranks) and ranks[0] < 4 == ranks[-1]
    with pytest.raises(ValueError, match="Pass `strengths=`"):
        kreg.path(model, x, y)


@pytest.mark.slow
def test_a_penalty_on_activities_is_in_the_losses_of_a_path():
    activity = kreg.layers.ActivityPenalty(l2=0.3)
    model, x, y = wide(kreg.L1(1e-3), activity_regularizer=activity)
    found = kreg.path(model, x, y, strengths=[1e-3], steps=5)
    outputs = np.asarray(model(x))
    added = 0.3 * np.square(np.asarray(model.layers[0](x))).sum() / len(x)
    assert found.loss[0] == pytest.approx(np.square(outputs - y).mean() + added, rel=1e-4)
    weights = 1e-3 * np.abs(found.coefficients[0]).sum()
    assert found.objective[0] == pytest.approx(found.loss[0] + weights, rel=1e-5)


def test_the_objective_counts_the_distance_to_the_start():
    rng = np.random.default_rng(0)
    x, start = rng.normal(size=(32, 3)).astype("float32"), np.array([[1.0], [-2.0], [0.5]])
    y = (x @ np.array([[0.5], [0.0], [1.0]])).astype("float32")
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(1, use_bias=False, kernel_regularizer=kreg.L2SP())]
    )
    model.set_weights([start])
    model.compile(kreg.optimizers.SGD(0.1), "mse")
    found = kreg.path(model, x, y, strengths=[0.3], steps=5)
    moved = np.square(found.coefficients[0] - start[:, 0]).sum()
    assert moved > 0.1
    assert found.objective[0] == pytest.approx(found.loss[0] + 0.3 * moved, rel=1e-5)

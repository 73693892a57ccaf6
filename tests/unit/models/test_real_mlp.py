"""RealMLP's building blocks by hand, and the whole model through everything that kreg does."""

import keras
import numpy as np
import pytest

import kreg
from kreg import models
from kreg.models import data_start
from kreg.models.real_mlp import smoothly_clipped

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype("float32") * [1, 10, 0.1, 1] + [0, 5, 0, 0]
X[:, 3] = X[:, 3] > 0  # a column of a category
X = X.astype("float32")


def network(task="classification", outputs=3, **options):
    keras.utils.set_random_seed(1)
    return models.realmlp((4,), outputs, task, **{"width": 8, "rows": X, **options})


def array(x):
    return keras.ops.convert_to_numpy(x)


# --- blocks ---------------------------------------------------------------------------------------


def test_robust_scale_by_hand():
    """Quartiles; half of the range where they are equal; zero where nothing varies."""
    rows = np.column_stack([np.arange(9.0), [0.0] * 8 + [4.0], np.full(9, 7.0)])
    factor, offset = models.robust_scale(rows)
    assert factor == pytest.approx([1 / 4, 1 / 2, 0]) and offset == pytest.approx([-1, 0, 0])


def test_the_smooth_clip_by_hand():
    x = np.array([[-1e6, -3.0, 0.0, 0.1, 3.0, 1e6]], "float32").T
    inputs = keras.Input((1,))
    factor, offset = np.array([2.0]), np.array([1.0])
    model = keras.Model(inputs, smoothly_clipped(inputs, factor, offset))
    u = x.astype("float64") * 2 + 1
    np.testing.assert_allclose(array(model(x)), u / np.sqrt(1 + (u / 3) ** 2), rtol=2e-6, atol=1e-7)
    assert np.abs(array(model(x))).max() <= 3.0


def clipped(x):
    low, median, high = np.quantile(X.astype("float64"), (0.25, 0.5, 0.75), axis=0)
    u = (x - median) / np.where(high > low, high - low, 0.5)
    return u / np.sqrt(1 + (u / 3) ** 2)


def test_the_ntk_forward_by_hand():
    """`act(x W / sqrt(inputs) + b)`, scaled per feature at the entrance, zero at the end."""
    model = network(depth=1)
    scale = np.array([2.0, 0.5, -1.0, 0.0])
    model.get_layer("features").set_weights([scale])
    head = RNG.normal(size=(8, 3)), RNG.normal(size=3)
    model.get_layer("head").set_weights(head)
    w, b = model.get_layer("hidden_1").get_weights()
    h = array(keras.activations.selu(clipped(X) * scale @ w / np.sqrt(4) + b))
    expected = h @ head[0] / np.sqrt(8) + head[1]
    np.testing.assert_allclose(array(model(X)), expected, rtol=1e-4, atol=1e-5)


def test_embeddings_of_numbers_by_hand():
    """`(x, L cos(2 pi w x + b) / sqrt(16) + c)` for each number; the category stays itself."""
    model = network(form="full")
    row = keras.Model(model.input, model.get_layer("features").input)
    w, b = model.get_layer("periodic_activation").get_weights()
    matrix, c = model.get_layer("periodic_activation_linear").get_weights()
    x = clipped(X)[:, :3]
    waves = np.cos(2 * np.pi * x[..., None] * w + b)
    bent = np.einsum("bdf,dfo->bdo", waves, matrix) / 4 + c
    expected = np.concatenate([x[..., None], bent], -1).reshape(len(x), -1)
    expected = np.column_stack([expected, clipped(X)[:, 3]])
    np.testing.assert_allclose(array(row(X)), expected, rtol=1e-3, atol=2e-4)
    assert np.abs(w).max() < 1 and np.abs(b).max() <= np.pi


def test_a_category_of_many_levels_becomes_eight_numbers_by_hand(tmp_path):
    """One of nine levels keeps its columns; a level that no column stands for is zero."""
    levels, few = np.eye(12)[RNG.integers(12, size=60)], np.eye(9)[RNG.integers(9, size=60)]
    levels[0] = 0
    rows = np.column_stack([X[:, :1], levels, few]).astype("float32")
    places = [list(range(1, 13)), list(range(13, 22))]
    model = models.realmlp(
        (22,), 2, "classification", form="full", width=8, rows=rows, categories=places
    )
    row = keras.Model(model.input, model.get_layer("features").input)
    found = array(row(rows))
    assert found.shape == (60, 4 + 9 + 8)
    (kernel,) = model.get_layer("category_activation_1").get_weights()
    np.testing.assert_allclose(found[:, 13:], levels @ kernel, atol=1e-5)
    assert not found[0, 13:].any() and 0.5 < kernel.std() < 1.5
    plain = kreg.strip(model)
    plain.save(tmp_path / "plain.keras")
    again = keras.models.load_model(tmp_path / "plain.keras")
    np.testing.assert_allclose(array(again(rows)), array(model(rows)), atol=1e-6)
    smaller, _ = kreg.compress(model)
    np.testing.assert_allclose(array(smaller(rows)), array(model(rows)), atol=1e-5)
    small = models.realmlp((22,), 2, "classification", width=8, rows=rows, categories=places)
    assert small.get_layer("features").kernel.shape == (22,), "the small form has one-hot columns"


@pytest.mark.parametrize("categories", [[[0, 4]], [[0, 1], [1, 2]]])
def test_columns_of_categories_are_columns_of_one(categories):
    with pytest.raises(ValueError, match="places from 0 to 3"):
        network(categories=categories)


def test_learned_activations_start_as_the_activation():
    model = network(form="full", depth=1)
    layer = model.get_layer("hidden_1_activation")
    parts = keras.Model(
        model.input, [model.get_layer(f"hidden_1{end}").output for end in ("", "_selu", "_out")]
    )
    z, act, out = map(array, parts(X))
    np.testing.assert_allclose(out, act, atol=1e-6)
    layer.set_weights([np.full(8, 0.25)])
    out = array(parts(X)[2])
    np.testing.assert_allclose(out, z + 0.25 * (act - z), atol=1e-5)


def test_units_start_with_deviation_one_where_the_data_are():
    model = network(form="full", width=32, depth=2)
    for name in ("hidden_1", "hidden_2"):
        z = array(keras.Model(model.input, model.get_layer(name).output)(X))
        np.testing.assert_allclose(z.std(0), 1, rtol=1e-3)
        assert (z.min(0) < 0).all() and (z.max(0) > 0).all(), "a unit bends among the rows"


def test_a_unit_that_sees_nothing_keeps_its_kernel():
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    before = layer.get_weights()[0]
    data_start.fit_layer(layer, np.zeros((4, 2)))
    np.testing.assert_array_equal(layer.get_weights()[0], before)
    np.testing.assert_array_equal(layer.get_weights()[1], np.zeros(3))


@pytest.mark.parametrize("form", ["small", "full"])
def test_the_answer_starts_at_zero(form):
    assert not array(network(form=form)(X)).any()


def test_predictions_of_a_regression_stay_within_the_targets():
    y = np.linspace(-1, 2, 60)
    model = network("regression", 1, targets=y)
    model.get_layer("head").set_weights([100 * RNG.normal(size=(8, 1)), np.zeros(1)])
    for answer in (array(model(X)), array(kreg.strip(model)(X))):
        assert answer.min() == -1 and answer.max() == 2
    assert np.abs(array(model(X, training=True))).max() > 2


# --- the whole ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["small", "full"])
@pytest.mark.parametrize(
    ("task", "outputs"),
    [("classification", 3), ("binary", 1), ("regression", 2), ("multilabel", 2)],
)
def test_it_is_saved_loaded_and_stripped(task, outputs, form, tmp_path):
    targets = {"targets": RNG.normal(size=(60, outputs))} if task == "regression" else {}
    model = network(task, outputs, form=form, **targets)
    model.get_layer("head").set_weights([RNG.normal(size=(8, outputs)), np.ones(outputs)])
    model.save(tmp_path / "model.keras")
    loaded = kreg.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(array(loaded(X)), array(model(X)))
    plain = kreg.strip(loaded)
    np.testing.assert_allclose(array(plain(X)), array(model(X)), rtol=1e-6)


def test_a_penalty_reaches_all_kernels_and_sparsity_counts_them():
    model = kreg.regularize(network(), kreg.L1(1e-3))
    kernels = [w.path for w in model.weights if w.regularizer is not None]
    assert len(kernels) == 5 and "hidden_2/kernel" in kernels
    rows = {row.weight: row.shape for row in kreg.sparsity(model).layers}
    assert rows == {
        "hidden_1/kernel": (4, 8), "hidden_2/kernel": (8, 8), "hidden_3/kernel": (8, 8),
        "head/kernel": (8, 3),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"form": "medium"}, "form"),
        ({"rows": X[:, :2]}, "rows"),
        ({"rows": np.full((3, 4), np.nan)}, "not finite"),
        ({"depth": 0}, "depth"),
    ],
)
def test_a_wrong_argument_is_a_sentence(options, said):
    with pytest.raises(ValueError, match=said):
        network(**options)


def test_pictures_are_refused():
    with pytest.raises(ValueError, match="reads tables"):
        models.realmlp((8, 8, 1), 10, "classification")

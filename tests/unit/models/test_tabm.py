"""TabM-mini: bins, embeddings, members' scales, and what surgery and files do with it."""

import keras
import numpy as np
import pytest

import kreg
from kreg.models import MemberScales, quantile_edges, tabm
from kreg.models.members import has_members
from kreg.models.tabular_members import piecewise, target_range

RNG = np.random.default_rng(0)
ROWS = np.column_stack([RNG.normal(size=60), RNG.integers(0, 2, 60), RNG.exponential(size=60)])
ROWS = ROWS.astype("float32")
SMALL = {"members": 3, "depth": 2, "width": 8, "embedding": 4, "bins": 5}


def small(outputs=3, task="classification", **more):
    return tabm((3,), outputs, task, **{**SMALL, "rows": ROWS, **more})


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_bins_end_at_the_quantiles_of_the_rows_each_once():
    numbers, flags, heaped = quantile_edges(
        np.column_stack([np.arange(9.0), np.arange(9) % 2, [0, 0, 0, 0, 0, 0, 1, 2, 3]]), bins=4
    )
    assert numbers.tolist() == [0, 2, 4, 6, 8]
    assert flags.tolist() == []  # two values: nothing to bend
    assert heaped.tolist() == [0, 1, 3]


def test_a_constant_column_and_edges_that_float32_cannot_tell_apart_have_no_bins():
    assert quantile_edges(np.ones((5, 1)))[0].size == 0
    # 48 bins of 100 rows: a quantile falls between the last 0 and the first 1
    assert quantile_edges(np.repeat([[0.0], [1.0]], [52, 48], axis=0))[0].size == 0
    near = 1000 + np.linspace(0, 1e-3, 50)
    assert quantile_edges(near[:, None])[0].size == 0


def encoded(values, *edges):
    """`(rows, columns, bins)`."""
    inputs = keras.Input((len(edges),))
    model = keras.Model(inputs, piecewise(inputs, [np.array(e, float) for e in edges]))
    return numpy(model(np.array(values, "float32"))).transpose(0, 2, 1)


def test_the_piecewise_linear_encoding_by_hand():
    found = encoded([[0.0], [0.5], [1.0], [2.5], [4.0]], [0, 1, 4])
    expected = [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1]]
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-6)


def test_outside_of_the_bins_the_encoding_is_that_of_their_end():
    np.testing.assert_allclose(encoded([[-7.0], [99.0]], [0, 1, 4])[:, 0], [[0, 0], [1, 1]])


def test_a_column_with_fewer_bins_has_zeros_behind_them():
    found = encoded([[3.0, 3.0]], [0, 2, 4], [0, 1, 2, 4])
    np.testing.assert_allclose(found[0], [[1, 0.5, 0], [1, 1, 0.5]], atol=1e-6)


def test_an_embedding_is_linear_plus_bent_and_starts_linear():
    model = small()
    linear, bent = model.get_layer("linear"), model.get_layer("bent")
    assert not numpy(bent.kernel).any()
    bent.kernel.assign(RNG.normal(size=bent.kernel.shape))
    row = keras.Model(model.input, model.get_layer("row").output)
    numbers = ROWS[:, [0, 2]]
    kernel, bias = numpy(linear.kernel), numpy(linear.bias)
    edges = [e for e in quantile_edges(ROWS, 5) if len(e)]
    pieces = encoded(numbers, *edges)
    by_hand = np.clip(numbers, -5, 5)[:, :, None] * kernel + bias
    by_hand = by_hand + np.einsum("bdt,tdo->bdo", pieces, numpy(bent.kernel))
    expected = np.column_stack([by_hand.reshape(60, 8), ROWS[:, 1]])  # the flag as it is, behind
    np.testing.assert_allclose(numpy(row(ROWS)), expected, rtol=1e-4, atol=1e-5)


def test_members_scale_the_row_and_share_everything_up_to_their_heads():
    model = small()
    scales = numpy(model.get_layer("members").kernel)
    head, x = model.get_layer("head"), numpy(keras.Model(
        model.input, model.get_layer("row").output)(ROWS))  # fmt: skip
    for k in range(3):
        h = x * scales[k]
        for name in ("hidden_1", "hidden_2"):
            layer = model.get_layer(name)
            h = np.maximum(h @ numpy(layer.kernel) + numpy(layer.bias), 0)
        by_hand = h @ numpy(head.kernel)[k] + numpy(head.bias)[k]
        found = keras.Model(model.input, head.output)(ROWS)[:, k]
        np.testing.assert_allclose(numpy(found), by_hand, rtol=1e-3, atol=1e-4)


def test_a_members_scale_is_one_draw_a_column():
    scales = numpy(small().get_layer("members").kernel)
    assert scales.shape == (3, 4 + 4 + 1)
    for first in (0, 4):
        assert (scales[:, first : first + 4] == scales[:, first : first + 1]).all()
    assert len(np.unique(scales)) == 9
    signs = numpy(MemberScales([1] * 50, signs=True, seed=0)((4, 50)))
    assert set(np.unique(signs)) == {-1.0, 1.0}


def test_without_numbers_the_columns_enter_as_they_are():
    flags = RNG.integers(0, 2, (60, 3)).astype("float32")
    model = small(rows=flags)
    assert "linear" not in [layer.name for layer in model.layers]
    assert (np.abs(numpy(model.get_layer("members").kernel)) == 1).all()


def test_predictions_of_a_regression_stay_in_the_range_of_the_targets():
    y = np.array([[0.0, -1.0], [2.0, 5.0]])
    assert target_range(y) == ([0.0, -1.0], [2.0, 5.0])
    assert target_range([3.0, 1.0]) == ([1.0], [3.0])
    model = small(2, "regression", targets=y)
    found = model.predict(ROWS * 100, verbose=0)
    assert (found >= [0, -1]).all()
    assert (found <= [2, 5]).all()


@pytest.mark.parametrize("rows", [ROWS[:, :2], ROWS[:, 0]])
def test_rows_of_another_shape_are_a_sentence(rows):
    with pytest.raises(ValueError, match="`rows`"):
        small(rows=rows)


def compiled(**more):
    keras.utils.set_random_seed(0)
    model = small(**more)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.Adam(0.01), kreg.models.members_loss(loss))
    return model


CLASSES = np.digitize(ROWS[:, 0], [-0.5, 0.5]).astype("int32")


def test_it_learns_saves_loads_and_strips(tmp_path):
    model = compiled()
    history = model.fit(ROWS, CLASSES, epochs=15, verbose=0).history["loss"]
    assert history[-1] < 0.8 * history[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = numpy(model(ROWS))
    np.testing.assert_array_equal(numpy(loaded(ROWS)), expected)
    kreg.strip(model).save(tmp_path / "plain.keras")
    plain = keras.models.load_model(tmp_path / "plain.keras")
    assert "kreg" not in plain.to_json()
    np.testing.assert_allclose(numpy(plain(ROWS)), expected, rtol=1e-5, atol=1e-6)


def test_regularize_keeps_members_and_compress_removes_shared_units():
    model = small()
    kernel = model.get_layer("hidden_1").kernel
    kernel.assign(numpy(kernel) * ([0.0] * 3 + [1.0] * 5))
    assert has_members(kreg.regularize(model, kreg.L1(1e-3)))
    smaller, report = kreg.compress(model, latency=False)
    assert smaller.get_layer("hidden_1").units == 5
    assert report.ratio < 1
    np.testing.assert_allclose(numpy(smaller(ROWS)), numpy(model(ROWS)), rtol=1e-4, atol=1e-5)


def test_compress_takes_the_last_hidden_units_out_of_every_head():
    model = small()
    last, head = model.get_layer("hidden_2"), model.get_layer("head")
    last.kernel.assign(numpy(last.kernel) * ([0.0] * 2 + [1.0] * 6))  # two are their bias's relu
    last.bias.assign([0.5, -0.5, *[0.1] * 6])
    head.kernel.assign(numpy(head.kernel) * (np.arange(8) != 7)[:, None])  # nobody reads the last
    smaller, _ = kreg.compress(model, latency=False)
    assert smaller.get_layer("hidden_2").units == 5
    assert smaller.get_layer("head").kernel.shape == (3, 5, 3)
    np.testing.assert_allclose(numpy(smaller(ROWS)), numpy(model(ROWS)), rtol=1e-4, atol=1e-5)


def test_the_clean_loss_is_that_of_the_mean_and_the_logged_one_that_of_the_members():
    model = compiled(dropout=0.5)
    watched = kreg.Diagnostics((ROWS, CLASSES), (ROWS, CLASSES), verbose=0)
    fit = {"batch_size": 60, "epochs": 1, "callbacks": [watched], "verbose": 0}
    history = model.fit(ROWS, CLASSES, **fit).history
    said = model.evaluate(ROWS, CLASSES, verbose=0)
    assert history["clean_loss"][-1] == pytest.approx(said, rel=1e-5)
    assert history["val_clean_loss"][-1] == pytest.approx(said, rel=1e-5)
    assert history["loss"][-1] > said


def test_a_category_of_many_levels_becomes_eight_numbers_by_hand(tmp_path):
    """Behind the numbers and the columns of small categories; a level without a column is zero."""
    levels, few = np.eye(12)[RNG.integers(12, size=60)], np.eye(9)[RNG.integers(9, size=60)]
    levels[0] = 0
    rows = np.column_stack([ROWS[:, :1], levels, few]).astype("float32")
    places = [list(range(1, 13)), list(range(13, 22))]
    model = tabm((22,), 3, "classification", **SMALL, rows=rows, categories=places)
    found = numpy(keras.Model(model.input, model.get_layer("row").output)(rows))
    own = [0, *range(13, 22)]
    bent = [i for i in own if len(quantile_edges(rows, SMALL["bins"])[i])]
    assert found.shape == (60, SMALL["embedding"] * len(bent) + len(own) - len(bent) + 8)
    (kernel,) = model.get_layer("category_1").get_weights()
    np.testing.assert_allclose(found[:, -8:], levels @ kernel, atol=1e-6)
    scales = numpy(model.get_layer("members").kernel)
    assert (scales[:, -8:] == scales[:, -1:]).all(), "one scale a category and member"
    kreg.strip(model).save(tmp_path / "plain.keras")
    again = keras.models.load_model(tmp_path / "plain.keras")
    np.testing.assert_allclose(numpy(again(rows)), numpy(model(rows)), atol=1e-6)
    smaller, _ = kreg.compress(model)
    np.testing.assert_allclose(numpy(smaller(rows)), numpy(model(rows)), atol=1e-5)


def test_a_table_of_one_large_category_alone():
    model = tabm((12,), 1, "binary", **SMALL, rows=np.eye(12), categories=[list(range(12))])
    assert model.get_layer("category_1").get_weights()[0].shape == (12, 8)
    assert len(np.unique(np.abs(numpy(model.get_layer("members").kernel)))) > 1

"""The small parts: rows, the guard, time, state fields."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kreg
from kreg.callbacks.guard import RateGuard
from kreg.callbacks.inventory import describe, leaves
from kreg.callbacks.inventory import rows as layer_rows
from kreg.callbacks.outcome import outcome_of
from kreg.callbacks.overhead import Overhead
from kreg.callbacks.rows import NoRowsError, take


def test_rows_of_arrays_are_fixed_and_spread():
    x = np.arange(100.0)[:, None]
    a, b = (take("train", (x, x), 10, seed=3) for _ in range(2))
    np.testing.assert_array_equal(a.x, b.x)
    assert len(a) == 10 and a.total == 100
    assert a.x.max() > 50  # sorted classes must not give one class only
    assert not np.array_equal(a.x, take("train", (x, x), 10, seed=4).x)
    assert (np.diff(a.x[:, 0]) > 0).all()


def test_rows_of_nests_and_weights():
    x = {"a": np.ones((6, 2)), "b": np.zeros((6, 3))}
    rows = take("train", (x, [np.arange(6), np.ones(6)], np.arange(6.0)), 4)
    assert len(rows) == 4 and rows.x["b"].shape == (4, 3) and rows.weight.shape == (4,)
    parts = list(rows.batches())
    assert len(parts) == 1 and parts[0][1][0].shape == (4,)


def test_rows_of_a_lazy_source():
    class Lazy:
        shape, dtype = (8, 2), np.float32

        def __len__(self):
            return 8

        def __getitem__(self, indices):
            return np.ones((len(indices), 2), np.float32)

    assert take("train", (Lazy(), np.arange(8)), 5).x.shape == (5, 2)


def test_rows_of_a_py_dataset():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return np.full((4, 2), i), np.arange(4)

    rows = take("train", Batches(), 10)
    assert len(rows) == 10 and rows.x[-1, 0] == 2
    assert take("train", Batches(), 100).total == 12


def test_no_rows_and_crooked_rows_are_sentences():
    with pytest.raises(NoRowsError, match="at least one row"):
        take("train", (np.ones((0, 2)), np.ones(0)), 5)
    with pytest.raises(NoRowsError, match="at least one batch"):
        take("train", iter(()), 5)
    with pytest.raises(ValueError, match="one length"):
        take("train", (np.ones((4, 2)), np.ones(3)), 5)
    with pytest.raises(ValueError, match="sample_weight"):
        take("train", (np.ones((4, 2)),), 5)


def test_class_weights_of_one_hot_targets():
    y = np.eye(3, dtype="float32")[[0, 1, 2, 1]]
    rows = take("train", (np.ones((4, 1)), y), 9, class_weight={1: 5.0})
    np.testing.assert_array_equal(rows.weight, [1, 5, 1, 5])


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=30))
def test_the_guard_never_holds_while_the_rate_falls(rates):
    guard = RateGuard(hold=5)
    assert not any(guard.update(rate, best=False) for rate in sorted(rates, reverse=True))


@given(st.integers(0, 8))
def test_the_guard_opens_again(hold):
    guard = RateGuard(hold)
    held = [guard.update(rate, best=False) for rate in [0.1, 1.0, *[1.0] * 20]]
    assert sum(held) == hold


def test_thinning_goes_step_by_step_and_ends():
    overhead, seen = Overhead(rows=1024, budget=0.05), []
    for _ in range(60):
        overhead.add(measuring=1.0, training=1.0)
        overhead.adapt()
        seen.append((overhead.rows, overhead.every))
    steps = list(dict.fromkeys(seen))
    assert steps == [(1024, 1), (512, 1), (256, 1), (256, 2), (256, 4), (256, 8)]
    assert overhead.exceeded
    assert overhead.sentence().startswith(
        "To save time the clean training curve uses 256 of 1024 rows and is measured every 8 "
        "epochs."
    )
    assert "still takes 100%" in overhead.sentence()


def test_cheap_measuring_is_never_thinned():
    overhead = Overhead(rows=1024, budget=0.05)
    overhead.add(measuring=9.0, training=1.0)  # the first epoch compiles
    for _ in range(20):
        overhead.add(measuring=0.01, training=1.0)
        overhead.adapt()
    assert overhead.sentence() == "" and overhead.rows == 1024
    assert overhead.share == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("loss", "task", "kind"),
    [
        ("sparse_categorical_crossentropy", "classification", "sparse"),
        (keras.losses.CategoricalCrossentropy(from_logits=True), "classification", "one_hot"),
        ("binary_crossentropy", "binary", "binary"),
        ("mse", "regression", None),
        ({"a": "mse"}, None, None),
        (lambda y, p: p, None, None),
    ],
)
def test_what_a_loss_says_about_the_task(loss, task, kind):
    class Compiled:
        pass

    Compiled.loss = loss
    found = outcome_of(Compiled)
    assert (found.task, found.kind) == (task, kind)
    assert found.from_logits == isinstance(loss, keras.losses.CategoricalCrossentropy)


def test_the_layer_table_reads_nested_models():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, name="inside")])
    inputs = keras.Input((4,))
    hidden = keras.layers.Dropout(0.5)(inner(inputs))
    norm = keras.layers.BatchNormalization(name="norm")(hidden)
    constraint = keras.constraints.MaxNorm(2.0)
    outputs = keras.layers.Dense(1, kernel_constraint=constraint, name="out")(norm)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.AdamW(weight_decay=0.01), "mse")
    rows = {row["name"]: row for row in layer_rows(model, {}, {}, {})}
    assert list(rows) == ["inside", "norm", "out"]
    assert rows["inside"]["regularization"] == "weight decay(0.01), Dropout(0.5) after"
    assert "MaxNorm(2) on kernel" in rows["out"]["regularization"]
    assert rows["norm"]["params"] == 20 and "norm" not in rows["norm"]
    assert [layer.name for layer in leaves(model)][1] == "inside"


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (keras.layers.Dropout(0.25), "Dropout(0.25)"),
        (keras.regularizers.L1L2(0.0, 0.5), "L1L2(0, l2=0.5)"),
        (kreg.GroupLasso(0.5), "GroupLasso(0.5)"),
        (kreg.GroupLasso(0.5, axis=-1, adaptive=1), "GroupLasso(0.5, axis=-1, adaptive=1)"),
        (keras.constraints.NonNeg(), "NonNeg()"),
    ],
)
def test_a_part_is_told_by_what_is_not_a_default(part, told):
    assert describe(part) == told

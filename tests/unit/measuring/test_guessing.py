"""What guessing costs: the best constant of each loss, judged by the model's own loss."""

import keras
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import kreg
from kreg.measuring import Rows, clean_evaluator
from kreg.measuring.guessing import baseline

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype("float32")
CLASSES = np.repeat([0, 1, 2], [30, 20, 10])
REAL = RNG.exponential(2.0, 60).astype("float32")
ENTROPY = -sum(p * np.log(p) for p in (1 / 2, 1 / 3, 1 / 6))


def measured(y, loss, outputs=1, weight=None, activation=None, **more) -> dict:
    """The baseline of an untrained model, on all rows."""
    layer = keras.layers.Dense(outputs, activation=activation)
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile("sgd", loss, **more)
    clean, rows = clean_evaluator(model), Rows(X, y, weight)
    clean(rows)
    return baseline(clean, rows)


@pytest.mark.parametrize("from_logits", [True, False])
def test_the_crossentropy_of_guessing_is_the_entropy_of_the_classes(from_logits):
    activation = None if from_logits else "softmax"
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    dense = keras.losses.CategoricalCrossentropy(from_logits=from_logits)
    for loss, y in ((sparse, CLASSES), (dense, np.eye(3, dtype="float32")[CLASSES])):
        found = measured(y, loss, 3, activation=activation)
        assert found == pytest.approx({"loss": ENTROPY, "accuracy": 0.5}, rel=1e-5)


@pytest.mark.parametrize("from_logits", [True, False])
def test_of_two_classes_it_is_that_of_the_share_and_not_ln_2(from_logits):
    y = (CLASSES == 2).astype("float32")
    loss = keras.losses.BinaryCrossentropy(from_logits=from_logits)
    entropy = -(1 / 6 * np.log(1 / 6) + 5 / 6 * np.log(5 / 6))
    found = measured(y, loss, activation=None if from_logits else "sigmoid")
    assert found == pytest.approx({"loss": entropy, "accuracy": 5 / 6}, rel=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError(),
        keras.losses.Huber(delta=0.5), keras.losses.LogCosh(), keras.losses.Poisson(),
        keras.losses.MeanSquaredLogarithmicError(), keras.losses.MeanAbsolutePercentageError(),
        "mse", "mae", "huber",
    ],
    ids=lambda loss: getattr(loss, "name", loss),
)  # fmt: skip
def test_no_constant_is_better_for_a_regression(loss):
    weight = RNG.uniform(0.5, 2.0, 60).astype("float32")
    own = keras.losses.get(loss)
    own = own if isinstance(own, keras.losses.Loss) else lambda y, p, w: np.average(
        np.asarray(keras.losses.get(loss)(y, p)), weights=w) * w.mean()  # fmt: skip

    def cost(c):
        return float(own(REAL[:, None], np.full((60, 1), c, "float32"), weight))

    found = measured(REAL, loss, weight=weight)
    best = min(
        (minimize_scalar(cost, (a, a + 0.5)).fun for a in np.quantile(REAL, [0.1, 0.5, 0.9])),
    )
    assert set(found) == {"loss"}
    assert found["loss"] == pytest.approx(best, rel=1e-4)


def test_the_variance_is_what_guessing_costs_in_squares():
    assert measured(REAL, "mse")["loss"] == pytest.approx(REAL.var(), rel=1e-5)


def test_smoothing_ignored_rows_and_weights_are_the_losses_own():
    smooth = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.3)
    p = 0.7 * np.array([1 / 2, 1 / 3, 1 / 6]) + 0.1
    found = measured(np.eye(3, dtype="float32")[CLASSES], smooth, 3)
    assert found["loss"] == pytest.approx(-(p * np.log(p)).sum(), rel=1e-5)
    weight = np.where(CLASSES == 0, 1 / 3, 1.0).astype("float32")  # 10, 20, 10
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    entropy = -(0.5 * np.log(0.25) + 0.5 * np.log(0.5))
    assert measured(CLASSES, sparse, 3, weight)["loss"] == pytest.approx(
        entropy * 40 / 60, rel=1e-5
    )


def test_sequences_and_pictures_have_one_constant():
    model = keras.Sequential([keras.Input((3, 1)), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    y = np.zeros((60, 3), int)
    y[:, 0] = 1
    clean, rows = clean_evaluator(model), Rows(X[..., None], y)
    clean(rows)
    share = -(1 / 3 * np.log(1 / 3) + 2 / 3 * np.log(2 / 3))
    assert baseline(clean, rows) == pytest.approx({"loss": share}, rel=1e-5)


def two_outputs(outputs, losses, y, **more):
    """The evaluator of a model with outputs `kind` and `size` in a nest, called once."""
    inputs = keras.Input((3,))
    kind, size = (
        keras.layers.Dense(n, name=name)(inputs) for n, name in ((3, "kind"), (1, "size"))
    )
    model = keras.Model(inputs, outputs(kind, size))
    model.compile("sgd", losses, **more)
    clean, rows = clean_evaluator(model), Rows(X, y)
    clean(rows)
    return clean, rows


SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
NESTS = {  # in the order of the names or not, as dictionary or list: outputs, losses, targets
    "dictionaries": (
        lambda kind, size: {"kind": kind, "size": size},
        {"kind": SPARSE, "size": "mse"}, {"kind": CLASSES, "size": REAL}, {"kind": 1, "size": 0.25},
    ),
    "not sorted": (
        lambda kind, size: {"z": kind, "a": size},
        {"z": SPARSE, "a": "mse"}, {"z": CLASSES, "a": REAL}, {"z": 1, "a": 0.25},
    ),
    "lists": (lambda kind, size: [kind, size], [SPARSE, "mse"], [CLASSES, REAL], [1, 0.25]),
    "names of lists": (
        lambda kind, size: [size, kind],
        {"kind": SPARSE, "size": "mse"}, {"kind": CLASSES, "size": REAL}, {"kind": 1, "size": 0.25},
    ),
}  # fmt: skip


@pytest.mark.parametrize("nest", NESTS)
def test_several_outputs_add_up_with_their_weights(nest):
    outputs, losses, y, weights = NESTS[nest]
    clean, rows = two_outputs(outputs, losses, y, loss_weights=weights)
    clean.model.evaluate(X, y, verbose=0)
    before = [np.array(v) for metric in clean.model.metrics for v in metric.variables]
    expected = ENTROPY + 0.25 * REAL.var()
    assert baseline(clean, rows) == pytest.approx({"loss": expected}, rel=1e-5)
    after = [np.array(v) for metric in clean.model.metrics for v in metric.variables]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_an_output_without_a_loss_costs_nothing():
    clean, rows = two_outputs(
        lambda kind, size: {"kind": kind, "a": size}, {"kind": SPARSE}, {"kind": CLASSES}
    )
    assert baseline(clean, rows) == pytest.approx({"loss": ENTROPY}, rel=1e-5)


def test_two_losses_of_one_output_have_no_known_baseline():
    clean, rows = two_outputs(
        lambda kind, size: {"size": size}, {"size": ["mse", "mae"]}, {"size": REAL}
    )
    assert baseline(clean, rows) == {}


def test_a_loss_of_ones_own_has_no_baseline():
    def mine(y, y_pred):
        return keras.ops.mean(keras.ops.square(y - y_pred) ** 2, axis=-1)

    assert measured(REAL[:, None], mine) == {}
    assert measured(CLASSES.clip(0, 1)[:, None] * 2.0 - 1.0, "hinge") == {}


def test_a_fit_writes_it_for_both_sides():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    watch = kreg.Diagnostics((X[:40], REAL[:40]), (X[40:], REAL[40:]), verbose=0)
    model.fit(X[:40], REAL[:40], epochs=1, verbose=0, callbacks=[watch])
    sides = {side: found["loss"] for side, found in watch.record.baseline.items()}
    # as many rows are measured on the training side
    train = watch.train.y
    expected = {"train": train.var(), "validation": REAL[40:].var()}
    assert sides == pytest.approx(expected, rel=1e-5)
    assert watch.document["baseline"] == watch.record.baseline

"""The clean loss against closed forms, in every setting that Keras knows."""

import keras
import numpy as np
import pytest
from keras import ops

from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.rows import Rows, take
from tests.unit.measuring.conftest import classifier


def cross_entropy(model, x, y, weight=1.0):
    logits = np.asarray(model(x, training=False), "float64")
    logits -= logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y] * weight


def built(model, x, y, **fit):
    model.fit(x, y, epochs=1, batch_size=32, verbose=0, **fit)
    return model


def test_equals_the_closed_form_and_has_no_penalty(model, data):
    (x, y), _ = data
    built(model, x, y)
    measured = CleanEvaluator(model)(Rows(x, y))
    expected = cross_entropy(model, x, y)
    np.testing.assert_allclose(measured.examples, expected, rtol=2e-5, atol=1e-6)
    assert measured.loss == pytest.approx(expected.mean(), rel=1e-5)
    logged = model.evaluate(x, y, verbose=0, return_dict=True)
    assert logged["loss"] - float(sum(model.losses)) == pytest.approx(measured.loss, rel=1e-4)
    assert logged["loss"] > measured.loss + 1e-3
    assert measured.metrics["accuracy"] == pytest.approx(logged["accuracy"])


@pytest.mark.parametrize("together", [True, False], ids=["fused", "one by one"])
def test_a_model_that_was_never_fitted(model, data, together, monkeypatch):
    """A run killed after its last epoch is continued: there is nothing left to fit."""
    monkeypatch.setattr("kreg.measuring.clean_loss.FUSED", 4 if together else 0)
    (x, y), (x_val, y_val) = data
    clean = CleanEvaluator(model)
    for rows in (Rows(x, y), Rows(x_val, y_val), Rows(x, y)):
        measured = clean(rows)
        accuracy = (np.asarray(model(rows.x)).argmax(axis=1) == rows.y).mean()
        assert measured.metrics["accuracy"] == pytest.approx(accuracy)
        assert measured.loss == pytest.approx(cross_entropy(model, rows.x, rows.y).mean(), rel=1e-5)


def test_a_sum_over_rows_is_measured_as_their_mean(data):
    """Else fewer training than validation rows would be overfitting."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    model = classifier(loss=loss)
    (x, y), _ = data
    built(model, x, y)
    clean, weight = CleanEvaluator(model), np.linspace(0, 2, len(y)).astype("float32")
    for count in (10, len(y)):
        rows = Rows(x[:count], y[:count], weight[:count])
        expected = cross_entropy(model, *(part[:count] for part in (x, y, weight)))
        assert clean(rows).loss == pytest.approx(expected.mean(), rel=1e-5)
        zeros = clean.instead(
            lambda rows: np.zeros((rows, 2), "float32"), Rows(x[:count], y[:count])
        )
        assert zeros.loss == pytest.approx(np.log(2), rel=1e-5)


def test_confidence_and_correctness(model, data):
    (x, y), _ = data
    built(model, x, y)
    measured = CleanEvaluator(model)(Rows(x, y))
    chances = np.asarray(ops.softmax(model(x, training=False)))
    np.testing.assert_allclose(measured.confidence, chances.max(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(measured.correct, chances.argmax(axis=1) == y)
    assert measured.correct.mean() == pytest.approx(measured.metrics["accuracy"])


def test_sample_weights_weigh(model, data):
    (x, y), _ = data
    weight = np.linspace(0, 2, len(x)).astype("float32")
    built(model, x, y, sample_weight=weight)
    measured = CleanEvaluator(model)(Rows(x, y, weight))
    assert measured.loss == pytest.approx(cross_entropy(model, x, y, weight).mean(), rel=1e-5)


def test_class_weights_are_those_of_fit(model, data):
    (x, y), _ = data
    model.compile(keras.optimizers.SGD(0.0), loss=model.loss)
    model.layers[0].kernel.regularizer = None
    model.layers[1].rate = 0.0
    logged = model.fit(
        x, y, batch_size=len(x), epochs=1, class_weight={0: 1.0, 1: 3.0}, verbose=0
    ).history["loss"][0]
    rows = take("train", (x, y), 1000, class_weight={0: 1.0, 1: 3.0})
    assert CleanEvaluator(model)(rows).loss == pytest.approx(logged, rel=1e-5)


def test_the_metrics_are_given_back(model, data):
    (x, y), _ = data
    built(model, x, y)
    before = [np.array(v) for m in model.metrics for v in m.variables]
    CleanEvaluator(model)(Rows(x, y))
    after = [np.array(v) for m in model.metrics for v in m.variables]
    assert any(np.any(b) for b in before)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def two_headed():
    keras.utils.set_random_seed(2)
    inputs = keras.Input((6,))
    hidden = keras.layers.Dense(8, activation="relu", activity_regularizer="l2")(inputs)
    heads = {
        "kind": keras.layers.Dense(2, activation="softmax", name="kind")(hidden),
        "size": keras.layers.Dense(1, name="size")(hidden),
    }
    model = keras.Model(inputs, heads)
    losses = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    model.compile("adam", losses, loss_weights={"kind": 2.0, "size": 0.5}, metrics={"size": "mae"})
    return model


def test_several_outputs_with_weights_and_activity_penalty(data):
    (x, y), _ = data
    model = two_headed()
    targets = {"kind": y, "size": x[:, :1]}
    built(model, x, targets)
    measured = CleanEvaluator(model)(Rows(x, targets))
    out = model(x, training=False)
    kind = -np.log(np.asarray(out["kind"])[np.arange(len(y)), y])
    size = (np.asarray(out["size"]) - x[:, :1])[:, 0]
    np.testing.assert_allclose(measured.examples, 2 * kind + 0.5 * size**2, rtol=1e-4, atol=1e-5)
    assert measured.loss == pytest.approx(measured.examples.mean(), rel=1e-5)
    assert measured.metrics["size_mae"] == pytest.approx(np.abs(size).mean(), rel=1e-4)
    assert measured.other > 0
    assert measured.correct is None


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy, data):
    (x, y), _ = data
    keras.config.set_dtype_policy(policy)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    built(model, x, y)
    measured = CleanEvaluator(model)(Rows(x, y))
    assert measured.examples.dtype == np.float32
    assert measured.loss == pytest.approx(cross_entropy(model, x, y).mean(), rel=2e-2)


class OwnLoss(keras.Model):
    """A model that computes its loss by itself."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_regularizer="l2")

    def call(self, x):  # no `training`
        return self.dense(x)

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        return ops.mean(ops.abs(y - y_pred)) + sum(self.losses)


def test_a_loss_of_the_models_own(data):
    (x, y), _ = data
    model = OwnLoss()
    model.compile("adam", "mse")
    built(model, x, x[:, :1])
    measured = CleanEvaluator(model)(Rows(x, x[:, :1]))
    expected = np.abs(np.asarray(model(x)) - x[:, :1]).mean()
    assert measured.loss == pytest.approx(expected, rel=1e-4)
    assert measured.examples is None


def test_a_model_with_added_losses_only(data):
    (x, _), _ = data

    class Coder(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(6)

        def call(self, x, training=False):
            code = self.dense(x)
            self.add_loss(ops.mean(ops.square(code - x)))
            return code

    model = Coder()
    model.compile("adam")
    model.fit(x, epochs=1, verbose=0)
    measured = CleanEvaluator(model)(Rows(x, None))
    assert measured.loss == pytest.approx(np.mean((np.asarray(model.dense(x)) - x) ** 2), rel=1e-4)
    assert measured.metrics == {} and measured.other == 0


def test_batches_do_not_matter(data, monkeypatch):
    (x, y), _ = data
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    built(model, x, y)
    whole = CleanEvaluator(model)(Rows(x, y))
    monkeypatch.setattr("kreg.measuring.rows.BATCH_BYTES", 1)
    pieces = CleanEvaluator(model)(Rows(x[:90], y[:90]))
    np.testing.assert_allclose(pieces.examples, whole.examples[:90], rtol=1e-6)
    assert pieces.loss == pytest.approx(whole.examples[:90].mean(), rel=1e-6)


def test_what_depends_on_rows_alone_is_found_out_once_for_the_same_rows():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    clean, asked = CleanEvaluator(model), []

    def found(rows, what="a"):
        return clean.once(what, lambda: asked.append(len(asked)) or asked[-1], rows)

    x = np.arange(8.0, dtype="float32").reshape(4, 2)
    rows = take("validation", (x, x[:, 0]), 4)
    assert found(rows) == found(take("validation", (x.copy(), x[:, 0]), 4)) == 0
    assert found(rows, "b") == 1
    assert found(take("validation", (x, x[:, 1]), 4)) == 2  # other targets
    assert found(take("validation", (x, x[:, 0], np.ones(4)), 4)) == 3  # weighted
    assert found(take("validation", (x.reshape(2, 4), x[:2, 0]), 4)) == 4  # the same bytes
    words = Rows(np.array(["a", "b"], object), np.zeros(2))
    assert [found(words), found(words)] == [5, 6]  # what they are is in no array of numbers

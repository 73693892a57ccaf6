"""Label smoothing: closed forms, parity with Keras, and nothing of it where a loss is measured."""

import keras
import numpy as np
import pytest

import kreg
from kreg import models
from kreg.measured import measuring
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.rows import Rows

SHARE = 0.2
LOGITS = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
IDS = np.array([0, 2, 1, 1, 0, 2])
ROWS = np.eye(3, dtype="float32")[IDS]
WEIGHTS = np.array([1.0, 2.0, 0.0, 1.0, 0.5, 3.0], "float32")
LABELS = np.array([[0.0, 1.0, 1.0]] * 6, "float32")


def test_the_formula_by_hand():
    logs = LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True))
    expected = (1 - SHARE) * -logs[np.arange(6), IDS] - SHARE * logs.mean(1)
    loss = models.SparseCategoricalCrossentropy(True, SHARE, reduction=None)
    np.testing.assert_allclose(loss(IDS, LOGITS), expected, rtol=1e-6)
    np.testing.assert_allclose(loss(IDS[:, None], LOGITS), expected, rtol=1e-6)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize(
    ("name", "targets", "own_targets"),
    [
        ("CategoricalCrossentropy", ROWS, ROWS),
        ("CategoricalCrossentropy", ROWS, IDS),
        ("BinaryCrossentropy", LABELS, LABELS),
    ],
)
def test_keras_has_the_same_numbers(name, targets, own_targets, from_logits):
    sparse = own_targets is IDS
    own_name = f"Sparse{name}" if sparse else name
    outputs = LOGITS if from_logits else np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
    settings = {"from_logits": from_logits, "label_smoothing": SHARE}
    stock = getattr(keras.losses, name)(**settings)(targets, outputs, WEIGHTS)
    own = getattr(models, own_name)(**settings)(own_targets, outputs, WEIGHTS)
    assert float(own) == pytest.approx(float(stock), rel=1e-5)


@pytest.mark.parametrize(
    ("cls", "targets"),
    [
        (models.SparseCategoricalCrossentropy, IDS),
        (models.CategoricalCrossentropy, ROWS),
        (models.BinaryCrossentropy, LABELS),
    ],
)
def test_a_measured_loss_is_that_of_the_labels(cls, targets):
    smoothed, plain = cls(True, SHARE), cls.__mro__[2](from_logits=True)
    with measuring():
        assert float(smoothed(targets, LOGITS)) == float(plain(targets, LOGITS))
    assert float(smoothed(targets, LOGITS)) != float(plain(targets, LOGITS))
    again = cls.from_config(smoothed.get_config())
    assert float(again(targets, LOGITS)) == float(smoothed(targets, LOGITS))


def fitted(share, eagerly=False):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    loss = models.SparseCategoricalCrossentropy(True, share)
    model.compile("sgd", loss, run_eagerly=eagerly, jit_compile=False)
    held_out = (LOGITS, IDS)
    history = model.fit(LOGITS, IDS, batch_size=6, validation_data=held_out, verbose=0).history
    return model, {name: values[0] for name, values in history.items()}


@pytest.mark.parametrize("eagerly", [False, True])
def test_training_smooths_and_validation_does_not(eagerly, tmp_path):
    (_, plain), (model, smooth) = fitted(0.0, eagerly), fitted(SHARE, eagerly)
    assert smooth["loss"] != plain["loss"]
    z = keras.ops.convert_to_numpy(model(LOGITS))
    expected = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(IDS, z)
    assert smooth["val_loss"] == pytest.approx(float(expected), rel=1e-6)
    rows = Rows(LOGITS, IDS)
    measured = CleanEvaluator(model)(rows)
    assert measured.loss == pytest.approx(float(expected), rel=1e-6)
    np.testing.assert_allclose(np.mean(measured.examples), measured.loss, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = kreg.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(LOGITS, IDS, verbose=0) == pytest.approx(float(expected), rel=1e-6)
    assert loaded.loss.label_smoothing == SHARE


@pytest.mark.parametrize("share", [-0.1, 1.0, "half"])
def test_a_wrong_share_is_a_sentence(share):
    with pytest.raises(ValueError, match="label_smoothing"):
        models.BinaryCrossentropy(label_smoothing=share)


def test_ignored_classes_are_refused():
    with pytest.raises(ValueError, match="ignore_class"):
        models.SparseCategoricalCrossentropy(ignore_class=0)


def test_members_smooth_their_own_losses_in_training_alone():
    """A mean of losses of smoothed labels; measured, the loss of the mean of the labels."""
    logits = np.random.default_rng(1).normal(size=(6, 4, 3)).astype("float32")
    plain = models.SparseCategoricalCrossentropy(True, SHARE)
    loss = models.members_loss(plain)
    mean = models.MeanOfMembers("classification")
    each = [float(plain(IDS, logits[:, member])) for member in range(4)]
    assert float(loss(IDS, mean(logits, training=True))) == pytest.approx(np.mean(each), rel=1e-6)
    stock = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with measuring():
        assert float(loss(IDS, mean(logits))) == pytest.approx(float(stock(IDS, mean(logits))))

"""Members in one network: the mean is the answer, the losses are their own."""

import keras
import numpy as np
import pytest

from kreg import private_keras
from kreg.models import MeanOfMembers, members_loss
from kreg.models.members import HUNG, has_members

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(5, 4, 3)).astype("float32")  # rows, members, outputs
losses = keras.losses


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_the_outputs_are_logits_of_the_mean_of_the_members_probabilities():
    many = numpy(MeanOfMembers("classification")(LOGITS))
    np.testing.assert_allclose(softmax(many), softmax(LOGITS).mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(np.exp(many).sum(-1), 1, rtol=1e-5)
    for task in ("binary", "multilabel"):
        labels = numpy(MeanOfMembers(task)(LOGITS))
        np.testing.assert_allclose(sigmoid(labels), sigmoid(LOGITS).mean(axis=1), rtol=1e-5)


def test_logits_of_any_size_stay_finite():
    for task in ("classification", "binary"):
        outputs = numpy(MeanOfMembers(task)(LOGITS * 1e4))
        assert np.isfinite(outputs).all()


def test_a_regression_is_the_mean_kept_in_its_range_in_inference_only():
    layer = MeanOfMembers("regression", low=[-0.1, -9, 0], high=[0.1, 9, 9])
    mean = LOGITS.mean(axis=1)
    np.testing.assert_allclose(numpy(layer(LOGITS, training=True)), mean, rtol=1e-5)
    kept = np.clip(mean, [-0.1, -9, 0], [0.1, 9, 9])
    np.testing.assert_allclose(numpy(layer(LOGITS)), kept, rtol=1e-5)


CASES = [
    ("classification", losses.SparseCategoricalCrossentropy(from_logits=True), [0, 1, 2, 0, 1]),
    ("classification", losses.CategoricalCrossentropy(from_logits=True), softmax(LOGITS[:, 0])),
    ("multilabel", losses.BinaryCrossentropy(from_logits=True), LOGITS[:, 1] > 0),
    ("regression", losses.MeanSquaredError(), LOGITS[:, 2] * 2),
]


def case(which):
    task, plain, targets = CASES[which]
    y = np.asarray(targets)
    return task, plain, y if y.dtype.kind == "i" else y.astype("float32")


@pytest.mark.parametrize("which", range(len(CASES)))
@pytest.mark.parametrize("weighed", [False, True])
def test_in_training_the_loss_is_the_mean_of_the_members_losses(which, weighed):
    task, plain, y = case(which)
    weight = np.array([1, 0, 2, 0.5, 3], "float32") if weighed else None
    outputs = MeanOfMembers(task)(LOGITS, training=True)
    by_hand = np.mean([float(plain(y, LOGITS[:, k], weight)) for k in range(4)])
    assert float(members_loss(plain)(y, outputs, weight)) == pytest.approx(by_hand, rel=1e-5)
    assert by_hand > float(plain(y, numpy(outputs), weight)) + 1e-3  # the loss of the mean is less


@pytest.mark.parametrize("which", range(len(CASES)))
def test_outside_of_training_the_loss_is_that_of_the_mean(which):
    task, plain, y = case(which)
    outputs = MeanOfMembers(task)(LOGITS)
    assert private_keras.hung(outputs, HUNG) is None
    assert float(members_loss(plain)(y, outputs)) == float(plain(y, outputs))


def test_class_ids_in_a_column_count_too():
    plain = losses.SparseCategoricalCrossentropy(from_logits=True)
    outputs = MeanOfMembers("classification")(LOGITS, training=True)
    ids = np.array([0, 1, 2, 0, 1])
    flat, column = (members_loss(plain)(y, outputs) for y in (ids, ids[:, None]))
    assert float(flat) == float(column)


def test_a_loss_without_members_is_a_sentence():
    with pytest.raises(ValueError, match="SparseCategoricalCrossentropy"):
        members_loss(losses.Hinge())


def network(width=6):
    inputs = keras.Input((3,))
    x = keras.layers.RepeatVector(4)(inputs)
    x = keras.layers.Dense(width, activation="tanh")(x)
    x = keras.layers.EinsumDense("bkd,kdc->bkc", (4, 2), name="head")(x)
    return keras.Model(inputs, MeanOfMembers("classification")(x))


def test_fit_minimises_the_mean_of_losses_and_evaluate_says_the_loss_of_the_mean():
    keras.utils.set_random_seed(1)
    model = network()
    x, y = RNG.normal(size=(8, 3)).astype("float32"), np.arange(8) % 2
    plain = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", members_loss(plain), metrics=["accuracy"])
    members = keras.Model(model.input, model.get_layer("head").output)(x)
    by_hand = np.mean([float(plain(y, members[:, k])) for k in range(4)])
    said = model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    assert said == pytest.approx(float(plain(y, model(x))), rel=1e-5)
    trained = model.fit(x, y, batch_size=8, verbose=0).history["loss"][0]
    assert trained == pytest.approx(by_hand, rel=1e-5)
    assert trained > said


def test_one_members_loss_moves_no_other_head():
    import tensorflow as tf

    model = network()
    x, y = RNG.normal(size=(8, 3)).astype("float32"), np.arange(8) % 2
    with tf.GradientTape() as tape:
        members = keras.Model(model.input, model.get_layer("head").output)(x)
        loss = losses.sparse_categorical_crossentropy(y, members[:, 1], from_logits=True)
    gradient = tape.gradient(loss, model.get_layer("head").kernel.value).numpy()
    assert np.abs(gradient[1]).min() > 0
    assert not gradient[[0, 2, 3]].any()


def test_the_gradient_of_a_head_is_that_of_its_own_loss():
    """The gradient of the loss of the mean would depend on the other members."""
    import tensorflow as tf

    model = network()
    x, y = RNG.normal(size=(8, 3)).astype("float32"), np.arange(8) % 2
    loss = members_loss(losses.SparseCategoricalCrossentropy(from_logits=True))
    kernel = model.get_layer("head").kernel

    def gradient():
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        return tape.gradient(value, kernel.value).numpy()[0]

    before = gradient()
    changed = numpy(kernel)
    changed[1:] += 3.0
    kernel.assign(changed)
    np.testing.assert_allclose(gradient(), before, rtol=1e-5)


def test_saved_and_loaded_with_its_loss(tmp_path):
    model = network()
    model.compile("sgd", members_loss(losses.SparseCategoricalCrossentropy(from_logits=True)))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert has_members(loaded)
    assert type(loaded.loss) is type(model.loss)
    assert loaded.loss.from_logits
    x, y = RNG.normal(size=(8, 3)).astype("float32"), np.arange(8) % 2
    first, again = (one.fit(x, y, batch_size=8, verbose=0).history for one in (model, loaded))
    assert first == again


def test_strip_leaves_the_mean_as_operations_of_keras(tmp_path):
    import kreg

    x = RNG.normal(size=(8, 3)).astype("float32")
    for task, limits in (("classification", ()), ("binary", ()), ("regression", ([-0.1], [0.2]))):
        inputs = keras.Input((2, 3))
        model = keras.Model(inputs, MeanOfMembers(task, *limits, name="mean")(inputs))
        plain = kreg.strip(model)
        rows = np.stack([x, x - 1], axis=1)
        np.testing.assert_array_equal(numpy(plain(rows)), numpy(model(rows)))
        plain.save(tmp_path / "plain.keras")
        assert "kreg" not in keras.models.load_model(tmp_path / "plain.keras").to_json()

"""Labels that are not one id a row: the same quantities, no class panel, no traceback."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kreg
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.rows import Rows, take

RNG = np.random.default_rng(0)


def watched(model, x, y, **how):
    watch = kreg.Diagnostics((x, y), (x, y), verbose=0, **how)
    history = model.fit(x, y, validation_data=(x, y), epochs=2, verbose=0, callbacks=[watch])
    return watch, history.history


def convolution(loss, activation, channels):
    model = keras.Sequential([
        keras.Input((4, 4, 3)), keras.layers.Conv2D(channels, 1, activation=activation)
    ])  # fmt: skip
    model.compile("adam", loss)
    return model


IMAGES = RNG.uniform(size=(12, 4, 4, 3)).astype("float32")
SHAPES = {
    "mask": ("sparse_categorical_crossentropy", "softmax", RNG.integers(0, 3, (12, 4, 4, 1))),
    "one hot mask": (
        "categorical_crossentropy",
        "softmax",
        np.eye(3)[RNG.integers(0, 3, (12, 4, 4))],
    ),
    "binary mask": ("binary_crossentropy", "sigmoid", RNG.integers(0, 2, (12, 4, 4, 1))),
    "autoencoder": ("binary_crossentropy", "sigmoid", IMAGES),
}


@pytest.mark.parametrize("case", SHAPES)
def test_pictures_as_targets_have_no_class_panel_and_no_traceback(case, capfd):
    loss, activation, y = SHAPES[case]
    model = convolution(loss, activation, 1 if case == "binary mask" else 3)
    watch, history = watched(model, IMAGES, y)
    assert watch.notes == [] and "balance" not in watch.record.inputs
    assert history["val_clean_loss"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert watch.record.examples[-1].mean() == pytest.approx(
        history["val_clean_loss"][-1], rel=1e-5
    )
    hardest = watch.record.inputs["hardest"]
    assert hardest[0]["index"] == int(watch.record.train_losses.argmax())
    assert hardest[0]["label"] is None
    assert capfd.readouterr().err == ""


def test_several_labels_a_row_are_no_classes(capfd):
    x, y = RNG.normal(size=(30, 4)).astype("float32"), RNG.integers(0, 2, (30, 5))
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    watch, history = watched(model, x, y)
    assert watch.notes == [] and "balance" not in watch.record.inputs
    assert history["val_clean_loss"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert capfd.readouterr().err == ""


def sequences():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((None,)),
        keras.layers.Embedding(20, 4, mask_zero=True),
        keras.layers.LSTM(4, return_sequences=True),
        keras.layers.Dense(3, activation="softmax"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def tokens(rows=24, steps=20):
    lengths = RNG.integers(2, steps, rows)
    lengths[0] = 4
    there = np.arange(steps) < lengths[:, None]
    return (
        np.where(there, RNG.integers(1, 20, (rows, steps)), 0),
        RNG.integers(0, 3, (rows, steps)),
        there,
    )


def test_masked_steps_do_not_count_in_the_single_losses(capfd):
    x, y, there = tokens()
    model = sequences()
    watch, history = watched(model, x, y)
    chances = np.asarray(model(x, training=False))
    losses = -np.log(np.take_along_axis(chances, y[..., None], -1)[..., 0])
    by_hand = (losses * there).sum(axis=1) / there.sum(axis=1)
    np.testing.assert_allclose(watch.record.examples[-1], by_hand, rtol=1e-4)
    assert history["val_clean_loss"][-1] == pytest.approx(
        (losses * there).sum() / there.sum(), rel=1e-4
    )
    assert history["val_clean_loss"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert watch.notes == [] and watch.record.baseline == {}, "guessing is judged without the mask"
    assert capfd.readouterr().err == ""


def test_padding_does_not_change_the_single_losses():
    x, y, _ = tokens()
    model = sequences()
    more = [np.pad(part, ((0, 0), (0, 15))) for part in (x, y)]
    clean = CleanEvaluator(model)
    short, long = (clean(Rows(*part)).examples for part in ((x, y), more))
    np.testing.assert_allclose(short, long, rtol=1e-4)


def test_an_ignored_class_does_not_count_in_the_single_losses():
    y = RNG.integers(0, 3, (12, 4, 4))
    y[0, :, 1:] = 255
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=255)
    model = convolution(loss, "softmax", 3)
    found = CleanEvaluator(model)(Rows(IMAGES, y))
    chances = np.asarray(model(IMAGES))
    there = y != 255
    losses = (
        -np.log(np.take_along_axis(chances, np.where(there, y, 0)[..., None], -1)[..., 0]) * there
    )
    by_hand = losses.sum(axis=(1, 2)) / there.sum(axis=(1, 2))
    np.testing.assert_allclose(found.examples, by_hand, rtol=1e-4)
    assert found.loss == pytest.approx(losses.sum() / there.sum(), rel=1e-4)


def test_weights_that_are_divided_by_give_the_same_mean():
    x, y, w = RNG.normal(size=(30, 4)), RNG.normal(size=(30, 1)), RNG.uniform(1, 3, 30)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"))
    found = CleanEvaluator(model)(Rows(x.astype("float32"), y, w.astype("float32")))
    assert found.examples.mean() == pytest.approx(found.loss, rel=1e-5)


def test_sentences_that_are_padded_batch_by_batch():
    def batches():
        rng = np.random.default_rng(1)
        for steps in (5, 9, 9, 7):
            x, y = rng.integers(1, 20, (8, steps)), rng.integers(0, 3, (8, steps))
            yield x, y

    shape = tf.TensorSpec((None, None), tf.int64)
    data = tf.data.Dataset.from_generator(batches, output_signature=(shape, shape))
    data = data.apply(tf.data.experimental.assert_cardinality(4))
    model = sequences()
    watch = kreg.Diagnostics(data, data, verbose=0)
    model.fit(data, epochs=2, shuffle=False, verbose=0, callbacks=[watch])
    assert len(watch.validation) == 32 and watch.notes == []
    chances = [np.asarray(model(x, training=False)) for x, _ in batches()]
    each = [
        -np.log(np.take_along_axis(p, y[..., None], -1)[..., 0])
        for p, (_, y) in zip(chances, batches(), strict=True)
    ]
    by_hand = np.concatenate([loss.mean(axis=1) for loss in each])
    np.testing.assert_allclose(watch.record.examples[-1], by_hand, rtol=1e-4)


def test_ragged_batches_are_a_sentence():
    ragged = tf.ragged.constant([[1, 2], [3]])
    data = tf.data.Dataset.from_tensor_slices((ragged, [0, 1])).batch(2)
    with pytest.raises(ValueError, match=r"`train`.*dense batches.*to_tensor"):
        kreg.Diagnostics(train=data)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"invalid": 0.5}, "The keys are the ids in the targets"),
        ({"0": 1, "1": 5}, "The keys are the ids in the targets"),
        ({0: 1, 2: 5}, "class ids below 2, the number of classes"),
        ([1, 5], "dict\\(enumerate\\(weights\\)\\)"),
        ({}, "a dictionary of class ids"),
        ({0: 1, 1: -2}, "class_weight\\[1\\]"),
        ({0: 1, True: 2}, "The keys are the ids in the targets"),
    ],
)
def test_class_weights_are_checked(weights, said, data):
    with pytest.raises(ValueError, match=said):
        kreg.Diagnostics(*data, class_weight=weights)


def test_a_class_without_a_weight_is_said(data, model):
    (x, y), _ = data
    watch = kreg.Diagnostics(*data, class_weight={1: 5.0}, verbose=0)
    model.fit(x, y, epochs=1, verbose=0, callbacks=[watch], class_weight={1: 5.0})
    assert watch.notes == ["`class_weight` has no weight for class 0: it counts 1, as in `fit`."]


@pytest.mark.parametrize("y", [np.zeros((60, 5), int), np.zeros((60, 8, 8, 1), int)])
def test_class_weights_of_steps_and_pixels_are_refused(y):
    x = np.zeros((60, 8, 8, 3), "float32")
    with pytest.raises(ValueError, match=r"`class_weight`.*one class id a row"):
        kreg.Diagnostics((x, y), class_weight={0: 1.0, 1: 2.0})


def test_class_weights_in_fit_alone_are_said(data, model):
    (x, y), _ = data
    watch = kreg.Diagnostics(*data, verbose=0)
    model.fit(x, y, epochs=1, verbose=0, callbacks=[watch], class_weight={0: 1.0, 1: 0.1})
    assert len(watch.notes) == 1 and "class_weight" in watch.notes[0]


def test_a_fault_in_a_figure_is_one_sentence(data, model, monkeypatch, capfd):
    def broken(*_):
        raise RuntimeError("no ink\nand a page of advice")

    monkeypatch.setattr("kreg.callbacks.diagnostics.train_end.examples.balance", broken)
    watch = kreg.Diagnostics(*data, verbose=0)
    model.fit(*data[0], epochs=1, verbose=0, callbacks=[watch])
    assert watch.notes == [
        "The calibration could not be made (RuntimeError: no ink). Training is fine."
    ]
    assert capfd.readouterr().err == ""


def test_taking_keeps_weights_of_single_steps():
    x, y, there = tokens()
    rows = take("train", (x, y, there.astype("float32")), 10)
    assert rows.weight.shape == (10, 20)

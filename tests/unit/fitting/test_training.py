"""kreg.fit: Keras's own fit bit for bit, with everything given once and the right rows measured."""

import inspect
import math
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import kreg
from kreg import augment
from kreg.fitting import History

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5)).astype("float32")
Y = (X[:, 0] + 0.3 * RNG.normal(size=60) > 0).astype("int32")
WEIGHT = RNG.uniform(0.5, 2.0, 60).astype("float32")
IMAGES = RNG.integers(0, 256, (48, 8, 8, 3)).astype("uint8")
LABELS = RNG.integers(0, 3, 48).astype("int32")
QUIET = {"verbose": 0, "diagnostics": {"probe_training": False}}


def classifier(shape=(5,), classes=2, penalty=1e-2, **compiled):
    keras.utils.set_random_seed(3)
    layers = keras.layers
    kernel = keras.regularizers.L2(penalty)
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Rescaling(1 / 8),
            layers.Flatten(),
            layers.Dense(8, "relu", kernel_regularizer=kernel),
            layers.Dropout(0.2, seed=1),
            layers.Dense(classes, "softmax"),
        ]
    )
    settings = {"optimizer": keras.optimizers.Adam(0.02), "metrics": ["accuracy"]}
    loss = "sparse_categorical_crossentropy"
    model.compile(**{**settings, "loss": loss, "run_eagerly": True, **compiled})
    return model


class Sequence(keras.utils.PyDataset):
    """Batches with noise from NumPy's global generator, as old image generators draw it."""

    def __len__(self):
        return 3

    def __getitem__(self, i):
        rows = slice(16 * i, 16 * (i + 1))
        return X[rows] + 0.01 * np.random.normal(size=(16, 5)), Y[rows]


def endless(seed=1):
    rng = np.random.default_rng(seed)
    while True:
        rows = rng.integers(0, 60, 16)
        yield X[rows], Y[rows]


def dataset():
    return tf.data.Dataset.from_tensor_slices((X, Y))


def noisy(x, y):
    return x + tf.random.normal(tf.shape(x), stddev=0.01), y


def augmented():
    source = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).shuffle(48, seed=2).batch(16)
    return augment.Pipeline([augment.RandomFlip(), augment.RandomErasing()], seed=1).apply(source)


# what `fit` is given, made anew by each call
GIVEN = {
    "arrays": lambda: {"x": X, "y": Y, "sample_weight": WEIGHT, "validation_split": 0.25},
    "shuffled": lambda: {"x": dataset().shuffle(60, seed=4).batch(16)},
    "cut": lambda: {"x": dataset().shuffle(60).batch(16).repeat(), "steps_per_epoch": 3},
    "noisy map": lambda: {"x": dataset().map(noisy).batch(16)},
    "generator": lambda: {"x": endless(), "steps_per_epoch": 3},
    "PyDataset": lambda: {"x": Sequence()},
    "augmented": lambda: {"x": augmented()},
}  # fmt: skip


def trained(run, make):
    """Weights, optimizer state and what was logged, of two trainings of one model in a row."""
    keras.utils.set_random_seed(0)
    data = make()
    model = classifier((8, 8, 3), 3) if hasattr(data["x"], "augmented_from") else classifier()
    logs = []
    for first in (0, 3):
        if first and inspect.isgenerator(data["x"]):
            data["x"] = endless(
                first
            )  # how far Keras has read the old one is chance: it prefetches
        history = run(model, **data, epochs=first + 3, initial_epoch=first, verbose=0)
        logs.append({k: history.history[k] for k in ("loss", "accuracy")})
    return [np.array(v) for v in (*model.variables, *model.optimizer.variables)], logs


def plain(model, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of `shuffle=True`, which nobody has passed
        return model.fit(**arguments)


def ours(model, **arguments):
    return kreg.fit(model, **{**QUIET, "early_stopping": False, **arguments})


@pytest.mark.parametrize("name", GIVEN)
def test_two_fits_are_kerass_own_bit_for_bit(name):
    (weights, logs), (same, watched) = (trained(run, GIVEN[name]) for run in (plain, ours))
    for old, new in zip(weights, same, strict=True):
        np.testing.assert_array_equal(old, new)
    assert logs == watched


def test_it_takes_what_fit_takes():
    theirs = list(inspect.signature(keras.Model.fit).parameters)[1:]
    mine = list(inspect.signature(kreg.fit).parameters)[1:]
    assert mine == [*theirs, "early_stopping", "diagnostics"]


def test_the_rows_of_validation_split_are_no_training_rows():
    history = kreg.fit(classifier(), X, Y, validation_split=0.5, epochs=2, **QUIET)
    assert isinstance(history, keras.callbacks.History) and isinstance(history, History)
    watch, model = history.diagnostics, history.model
    np.testing.assert_array_equal(watch.train.x, X[:30])
    np.testing.assert_array_equal(watch.validation.x, X[30:])
    epoch = history.stopping.best_epoch
    for rows, name in ((slice(30), "clean_loss"), (slice(30, None), "val_clean_loss")):
        whole = model.evaluate(X[rows], Y[rows], verbose=0)[0]
        clean = whole - float(sum(model.losses))
        assert history.history[name][epoch] == pytest.approx(clean, rel=1e-5)


def test_order_history_verdict_and_report(tmp_path, capsys):
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(dict(logs))

    data = {"validation_data": (X[:20], Y[:20]), "epochs": 3, "diagnostics": QUIET["diagnostics"]}
    history = kreg.fit(classifier(), X, Y, **data, verbose=2, callbacks=Look())
    said = capsys.readouterr().out
    assert "Diagnostics: TOO EARLY" in said and "Best val_clean_loss" in said
    assert seen[0].keys() >= {"val_clean_loss", "clean_loss", "gap"}
    assert history.verdict.state == "TOO EARLY" and history.verdict.honest
    assert isinstance(history.stopping, kreg.EarlyStopping)
    assert history.report(tmp_path).state == kreg.report(history).state == "TOO EARLY"
    assert (tmp_path / "report.html").is_file()
    assert kreg.fit(classifier(), X, Y, **data, verbose=0) and not capsys.readouterr().out


def test_what_is_given_is_used_as_it_is():
    watch = kreg.Diagnostics((X[:9], Y[:9]), (X[9:20], Y[9:20]), verbose=0, probe_training=False)
    stop = keras.callbacks.EarlyStopping("val_clean_loss", mode="min", patience=0)
    history = kreg.fit(classifier(), X, Y, callbacks=[watch, stop], epochs=2, verbose=0)
    assert history.diagnostics is watch and history.stopping is stop
    assert len(watch.train) == 9
    alone = kreg.fit(classifier(), X, Y, callbacks=[stop], validation_split=0.5, **QUIET)
    assert alone.stopping is stop and len(alone.diagnostics.train) == 30


def test_class_weights_reach_both(capsys):
    weights = {0: 1.0, 1: 7.0}
    data = {"validation_data": (X, Y), "class_weight": weights}
    history = kreg.fit(classifier(), X, Y, **data, **QUIET)
    model, each = history.model, np.where(Y == 1, 7.0, 1.0)
    whole = model.evaluate(X, Y, sample_weight=each, verbose=0)[0] - float(sum(model.losses))
    for name in ("clean_loss", "val_clean_loss"):
        assert history.history[name][-1] == pytest.approx(whole, rel=1e-4)


def test_without_validation_nothing_is_stopped_by():
    history = kreg.fit(classifier(), X, Y, **QUIET)
    assert history.stopping is None and history.verdict.state == "NO VALIDATION"


def test_validation_from_data_sets_every_other_epoch():
    held = dataset().shuffle(60).batch(16)
    data = {"validation_data": held, "validation_freq": 2, "epochs": 4}
    history = kreg.fit(classifier(), X, Y, **data, **QUIET)
    assert len(history.history["val_loss"]) == 2 and history.stopping.stop_reason == "completed"


def test_augmented_rows_are_measured_as_they_were():
    history = kreg.fit(
        classifier((8, 8, 3), 3), augmented(), validation_data=(IMAGES, LABELS), **QUIET
    )
    watch = history.diagnostics
    found = {row.tobytes() for row in watch.train.x}
    assert found == {row.tobytes() for row in IMAGES} and watch.train.x.dtype == np.uint8
    assert watch.record.inputs["augmented"] and not watch.notes


def test_mixed_labels_are_measured_as_probabilities():
    source = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(16)
    mixing = augment.Pipeline([augment.MixUp()], num_classes=3, dtype="float32")
    model = classifier((8, 8, 3), 3, loss="categorical_crossentropy")
    history = kreg.fit(model, mixing.apply(source), **QUIET)
    assert history.diagnostics.train.y.shape == (48, 3)
    assert set(history.diagnostics.train.y.ravel()) == {0.0, 1.0}
    assert math.isfinite(history.history["clean_loss"][-1])


def cropped():
    source = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(16)
    return augment.Pipeline([augment.RandomCrop(6, 6)]).apply(source)


@pytest.mark.parametrize(
    ("make", "shape", "sentence"),
    [
        (lambda: dataset().map(noisy).batch(16), (5,), "in a `.map` of its own, which cannot be"),
        (cropped, (6, 6, 3), "change the size of the pictures"),
        (lambda: augmented().prefetch(1), (8, 8, 3), "Let `apply` be the last step"),
    ],
)
def test_what_cannot_be_undone_is_said_once(make, shape, sentence, capsys):
    data = {"epochs": 2, "verbose": 2, "diagnostics": QUIET["diagnostics"]}
    history = kreg.fit(classifier(shape, 3), make(), **data)
    assert capsys.readouterr().out.count(sentence) == 1
    assert sum(sentence in note for note in history.diagnostics.notes) == 1


def test_unfreezing_and_compiling_again():
    """The second fit measures the model as it is then: penalties of the thawed layer included."""
    model = classifier()
    model.layers[2].trainable = False
    model.compile(keras.optimizers.Adam(0.02), model.loss, run_eagerly=True)
    first = kreg.fit(model, X, Y, validation_split=0.25, **QUIET)
    model.layers[2].trainable = True
    model.compile(keras.optimizers.Adam(0.02), model.loss, run_eagerly=True)
    second = kreg.fit(model, X, Y, validation_split=0.25, **QUIET)
    assert first.history["penalty"] == [0.0]
    assert second.history["penalty"][-1] == pytest.approx(float(sum(model.losses)))
    whole = model.evaluate(X[45:], Y[45:], verbose=0, return_dict=True)["loss"]
    clean = whole - float(sum(model.losses))
    assert second.history["val_clean_loss"][-1] == pytest.approx(clean, rel=1e-5)


def test_a_callback_list_is_refused():
    with pytest.raises(ValueError, match="kreg.fit puts its own before them.*CallbackList"):
        kreg.fit(classifier(), X, Y, callbacks=keras.callbacks.CallbackList([]))

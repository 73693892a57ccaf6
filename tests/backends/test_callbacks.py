"""The callbacks under the backend of this process: `KERAS_BACKEND=jax` or `torch`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kreg
from kreg import augment
from kreg.gradients import Gradient
from kreg.measuring import restart_probe
from kreg.measuring.evaluators import clean_evaluator
from kreg.measuring.probes import PROBES

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 8)).astype("float32")
Y = (X[:, 0] + 0.5 * rng.normal(size=200) > 0).astype("int32")
TRAIN, VALIDATION = (X[:120], Y[:120]), (X[120:], Y[120:])


def array(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def classifier(drops=False):
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((8,)),
        keras.layers.Dense(32, "relu"),
        keras.layers.BatchNormalization(),
        kreg.Dropout(0.2, seed=1),
        *([keras.layers.Dropout(0.2)] if drops else []),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential(layers)
    kreg.regularize(model, kreg.L1(1e-3))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
    return model


def fit(model, callbacks=(), **kwargs):
    settings = {"epochs": 4, "batch_size": 20, "shuffle": False, "verbose": 0}
    settings |= {"validation_data": VALIDATION, **kwargs}
    return model.fit(*TRAIN, callbacks=list(callbacks), **settings).history


def state(model):
    return [array(v) for v in (*model.variables, *model.optimizer.variables)]


def same(one, two):
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def clean_loss(model, rows):
    x, y = rows
    scores = array(model(x, training=False))
    return (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]).mean()


def test_diagnostics_measures_and_leaves_the_training_as_it_is(capfd):
    plain, watched = classifier(), classifier()
    expected = fit(plain)
    watch = kreg.Diagnostics(TRAIN, VALIDATION, rows=512, adapt=False)
    history = fit(watched, [watch])
    assert same(state(plain), state(watched))
    assert {name: history[name] for name in expected} == expected
    assert history["val_clean_loss"][-1] == pytest.approx(clean_loss(watched, VALIDATION), rel=1e-5)
    assert history["penalty"][-1] == pytest.approx(float(sum(watched.losses)), rel=1e-5)
    assert history["clean_accuracy"][-1] > 0.8
    assert watch.verdict is not None and watch.document["layers"]
    assert capfd.readouterr().err == ""


def test_the_clean_loss_is_val_loss_without_its_penalty():
    model = classifier()
    history = fit(model, [kreg.EarlyStopping(patience=9, verbose=0, restore_best=False)])
    assert history["val_clean_loss"][-1] == pytest.approx(clean_loss(model, VALIDATION), rel=1e-5)


def test_the_first_broken_layer_is_named_in_the_middle_of_an_epoch():
    """JAX keeps the weights out of the model while an epoch runs."""
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="first")])
    model.add(keras.layers.Dense(2, name="second"))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.SGD(np.inf), loss)
    watch = kreg.callbacks.NonFinite(verbose=0)
    fit(model, [watch])
    assert "at epoch 1, batch 2; the first layer that is not finite is" in watch.failure
    assert "first/kernel" in watch.failure


@pytest.mark.parametrize("restore", ["weights", "all"])
def test_early_stopping_goes_back_to_the_best_epoch(restore):
    """The rate grows until the loss does: the best epoch is an early one."""
    model, seen = classifier(), []

    def kept():
        weights = [array(v) for v in model.weights]
        return weights if restore == "weights" else [*weights, *state(model)]

    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(kept()))
    faster = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-2 * 4**epoch)
    watch = kreg.Diagnostics(TRAIN, VALIDATION, verbose=0)
    stop = kreg.EarlyStopping(patience=2, restore=restore, rate_guard=0, verbose=0)
    fit(model, [keep, watch, stop, faster], epochs=20)
    assert stop.stop_reason == "patience" and stop.best_epoch < stop.stopped_epoch
    assert same(kept(), seen[stop.best_epoch])
    assert clean_loss(model, VALIDATION) == pytest.approx(stop.best, rel=1e-5)


class Memory:
    """A store of states, as `kreg.runs.Checkpoint` is one on a disk."""

    def __init__(self):
        self.kept = None

    def write(self, state):
        self.kept = state

    def read(self):
        return self.kept


def saving(store, epochs, begin=0):
    """A training whose states are saved, from its epoch `begin`."""
    model = classifier(drops=True)  # PyTorch draws that from its global numbers
    watch = kreg.Diagnostics(TRAIN, VALIDATION, adapt=False, probe_training=False, verbose=0)
    stop = kreg.EarlyStopping(patience=9, verbose=0, restore_best=False)
    callbacks = [watch, keras.callbacks.History(), stop]
    callbacks.append(kreg.callbacks.Saver(store, callbacks))
    fit(model, callbacks, epochs=epochs, initial_epoch=begin)
    return model, watch


def test_a_resumed_training_is_the_undisturbed_one_bit_for_bit():
    whole, all_of_it = saving(Memory(), 6)
    store = Memory()
    saving(store, 3)
    resumed, rest = saving(store, 6, begin=3)
    assert same(state(whole), state(resumed))
    assert rest.record.curves == all_of_it.record.curves


def test_the_restart_probe_finds_what_was_cut_short_and_moves_nothing():
    model = classifier()
    fit(model, epochs=1)
    watch = kreg.Diagnostics(TRAIN, VALIDATION)
    clean, before = clean_evaluator(model), state(model)
    assert restart_probe.possible(model, clean)
    found = restart_probe.restart(model, clean, (watch.train, watch.validation), watch.train)
    assert found["train"][1] < 0.7 * found["train"][0]
    assert found["train"][0] == pytest.approx(clean_loss(model, TRAIN), rel=0.05)
    assert same(before, state(model))


@pytest.mark.parametrize("probe", PROBES)
def test_every_probe_has_a_number(probe):
    model = classifier()
    fit(model, epochs=1)
    watch = kreg.Diagnostics(TRAIN, VALIDATION)
    assert np.isfinite(PROBES[probe](model, clean_evaluator(model), watch.train)["value"])


def test_the_gradient_is_that_by_hand_and_noise_moves_on():
    weight = keras.Variable(np.ones(3, "float32"))
    seed = keras.random.SeedGenerator(0)

    def loss(x):
        return keras.ops.sum(keras.ops.convert_to_tensor(x) * weight**2) + 0.0 * keras.ops.sum(
            keras.random.normal((2,), seed=seed)
        )

    before, gradient = array(seed.state), Gradient(loss, [weight], [seed.state])
    np.testing.assert_allclose(array(gradient(np.array([1.0, 2, 3], "float32"))[0]), [2, 4, 6])
    assert not np.array_equal(before, array(seed.state))


def test_a_frozen_weight_has_a_gradient_and_stays_frozen():
    frozen, other = keras.Variable([1.0, 2.0], trainable=False), keras.Variable([3.0])
    found = Gradient(lambda: keras.ops.sum(frozen**2), [frozen, other])()
    np.testing.assert_allclose(array(found[0]), [2, 4])
    assert found[1] is None or not array(found[1]).any()
    assert not frozen.trainable and not getattr(frozen.value, "requires_grad", False)
    nothing = Gradient(lambda: keras.ops.sum(keras.ops.ones(2)), [other])()
    assert nothing[0] is None or not array(nothing[0]).any()


def test_tf_data_augmentation_feeds_this_backend():
    images = rng.uniform(0, 255, (32, 8, 8, 3)).astype("uint8")
    labels = np.arange(32) % 2
    stages = [augment.RandomFlip(), augment.MixUp()]
    pipeline = augment.Pipeline(stages, num_classes=2)
    batches = pipeline.apply(tf.data.Dataset.from_tensor_slices((images, labels)).batch(16))
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    )
    model.add(keras.layers.Dense(2, "softmax"))
    model.compile("adam", "categorical_crossentropy")
    before = array(model.layers[-1].kernel)
    model.fit(batches, epochs=2, shuffle=False, verbose=0)  # the pipeline has its own order
    after = array(model.layers[-1].kernel)
    assert np.isfinite(after).all() and not np.array_equal(before, after)

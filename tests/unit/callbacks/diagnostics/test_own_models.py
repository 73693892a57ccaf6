"""Models that are built late, or compute their loss by themselves: right numbers, one sentence."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import kreg
from kreg.callbacks.diagnostics import train_begin
from kreg.callbacks.early_stopping.messages import LOGGED_INSTEAD

RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 6)).astype("float32")
Y = (X[:, 0] + 0.5 * RNG.normal(size=96) > 0).astype("int32")
Z = (X[:, 0] + 0.1 * RNG.normal(size=96)).astype("float32")
TRAIN, VALIDATION = (X[:64], Y[:64]), (X[64:], Y[64:])


def fit(model, callbacks, *data, epochs=3, **how):
    keras.utils.set_random_seed(3)
    how |= {"shuffle": False} if isinstance(data[0], tf.data.Dataset) else {"batch_size": 32}
    return model.fit(*data, epochs=epochs, verbose=0, callbacks=callbacks, **how)


def state(model):
    return [np.array(v) for v in (*model.variables, *model.optimizer.variables)]


def assert_same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def sequential(built: bool):
    keras.utils.set_random_seed(1)
    first = [keras.Input((6,))] if built else []
    hidden = keras.layers.Dense(16, activation="relu", kernel_regularizer=kreg.L1(5e-3))
    model = keras.Sequential([*first, hidden, keras.layers.Dense(2, activation="softmax")])
    model.compile(kreg.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("rows", [True, False], ids=["rows", "no rows"])
def test_a_model_that_fit_builds_has_the_numbers_of_one_that_was_built(rows):
    def measured(built):
        watch = kreg.Diagnostics(*((TRAIN, VALIDATION) if rows else ()), verbose=0)
        stop = kreg.EarlyStopping(patience=9, verbose=0)
        model = sequential(built)
        history = fit(model, [watch, stop], *TRAIN, validation_data=VALIDATION).history
        return history, watch.record.layers

    (late, layers), (early, same) = measured(False), measured(True)
    for name in ("penalty", "sparsity", "val_clean_loss"):
        assert late[name] == pytest.approx(early[name], rel=1e-6), name
    assert late["penalty"][0] > 0.05
    assert [row["zeros"] for row in layers] == [row["zeros"] for row in same]


def test_early_stopping_alone_knows_the_penalties_of_a_model_that_fit_builds():
    def best(built):
        stop = kreg.EarlyStopping(patience=9, verbose=0)
        history = fit(sequential(built), [stop], *TRAIN, validation_data=VALIDATION).history
        return stop.best, history["val_clean_loss"]

    late, early = best(False), best(True)
    assert late[0] == pytest.approx(early[0]) and late[1] == pytest.approx(early[1])


class Distiller(keras.Model):
    """Its own loss, without the penalties, as in Keras's example."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_regularizer=kreg.L1(1.0))

    def call(self, x):
        return self.dense(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean((y_pred[:, 0] - y) ** 2)


def distiller():
    keras.utils.set_random_seed(0)
    model = Distiller()
    model.compile(kreg.optimizers.Adam(1e-2))
    return model


def test_no_penalty_is_subtracted_from_a_loss_that_holds_none():
    """Kills the subtraction that restored epoch 2 and threw a loss of 0.486 away for 1.915."""
    stop = kreg.EarlyStopping(verbose=0)
    model = distiller()
    history = fit(model, [stop], X, Z, epochs=6, validation_data=(X, Z)).history
    assert history["val_clean_loss"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert stop.best_epoch == 5 and stop.notes == []
    assert model.evaluate(X, Z, verbose=0) == pytest.approx(stop.best, rel=1e-5)


def test_an_own_loss_is_measured_on_the_rows():
    watch = kreg.Diagnostics((X, Z), (X, Z), adapt=False, verbose=0)
    history = fit(distiller(), [watch], X, Z, validation_data=(X, Z)).history
    assert history["val_clean_loss"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert history["clean_loss"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert watch.notes == []


class Summed(Distiller):
    """Its own loss, with the penalties."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean((y_pred[:, 0] - y) ** 2) + sum(self.losses)


def test_an_own_loss_is_measured_without_the_penalties_that_it_adds():
    model = Summed()
    model(X[:1])
    model.dense.kernel.regularizer = keras.regularizers.L2(0.5)
    model.compile("adam")
    watch = kreg.Diagnostics((X, Z), (X, Z), adapt=False, verbose=0)
    stop = kreg.EarlyStopping(verbose=0)
    history = fit(model, [watch, stop], X, Z, validation_data=(X, Z)).history
    error = float(np.mean((np.asarray(model(X))[:, 0] - Z) ** 2))
    assert history["val_clean_loss"][-1] == pytest.approx(error, rel=1e-5)
    assert history["val_loss"][-1] == pytest.approx(error + history["penalty"][-1], rel=1e-4)
    assert model.dense.kernel.regularizer.l2 == 0.5


class Siamese(keras.Model):
    """Triplets, its own steps: as in Keras's example."""

    def __init__(self):
        super().__init__()
        self.embedding = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])
        self.tracker = keras.metrics.Mean(name="loss")

    def call(self, inputs):
        anchor, positive, negative = map(self.embedding, inputs)
        near = ops.sum((anchor - positive) ** 2, axis=-1)
        return near, ops.sum((anchor - negative) ** 2, axis=-1)

    def distance(self, data):
        near, far = self(data)
        return ops.mean(ops.maximum(near - far + 9.0, 0.0))

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = self.distance(data)
        weights = self.embedding.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}

    def test_step(self, data):
        self.tracker.update_state(self.distance(data))
        return {"loss": self.tracker.result()}

    @property
    def metrics(self):
        return [self.tracker]


def test_triplets_are_measured_by_the_models_own_step(capfd):
    triplets = X[:64], X[:64] + 0.1, -X[:64]
    data = tf.data.Dataset.from_tensor_slices(triplets).batch(32)

    def trained(callbacks):
        keras.utils.set_random_seed(0)
        model = Siamese()
        model.compile(kreg.optimizers.Adam(1e-2), weighted_metrics=[])
        kreg.regularize(model.embedding, kreg.L1(1e-2))
        return model, fit(model, callbacks, data, validation_data=data).history

    watch = kreg.Diagnostics(data, data, adapt=False, verbose=0)
    model, history = trained([watch, kreg.EarlyStopping(restore_best=False, verbose=0)])
    assert history["val_clean_loss"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert history["val_clean_loss"][-1] > 0 and watch.notes == []
    assert_same(state(model), state(trained([])[0]))
    assert capfd.readouterr().err == ""


class OwnSteps(keras.Model):
    """Steps of its own that do what Keras's do, as in the guide."""

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        for metric in self.metrics:
            metric.update_state(*((loss,) if metric.name == "loss" else (y, y_pred)))
        return {m.name: m.result() for m in self.metrics}


def test_a_step_that_says_the_compiled_loss_keeps_the_single_losses():
    inputs = keras.Input((6,))
    model = OwnSteps(inputs, keras.layers.Dense(2, "softmax", kernel_regularizer="l2")(inputs))
    model.compile("adam", "sparse_categorical_crossentropy")
    watch = kreg.Diagnostics(TRAIN, VALIDATION, verbose=0)
    history = fit(model, [watch], *TRAIN, validation_data=VALIDATION).history
    clean = history["val_loss"][-1] - history["penalty"][-1]
    assert history["val_clean_loss"][-1] == pytest.approx(clean, rel=1e-5)
    assert watch.record.examples[-1].mean() == pytest.approx(clean, rel=1e-5)


class VAE(keras.Model):
    """No `call`, as in Keras's example."""

    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
        self.decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(6)])

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.decoder(self.encoder(data)) - data) ** 2)
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"loss": loss}


def test_what_cannot_be_measured_costs_one_sentence(capfd):
    def trained(callbacks):
        keras.utils.set_random_seed(0)
        model = VAE()
        model.compile("adam")
        fit(model, callbacks, X)
        return state(model)

    watch = kreg.Diagnostics((X, None), (X, None), verbose=0)
    assert_same(trained([watch]), trained([]))
    assert watch.notes == [
        train_begin.UNMEASURED.format("its class has neither `call` nor `test_step`")
    ]
    assert len(watch.record.layers) == 2 and watch.document is not None
    assert capfd.readouterr().err == ""


def test_rows_that_do_not_fit_the_model_cost_one_sentence(capfd):
    model = sequential(built=True)
    watch = kreg.Diagnostics((X[:, :3], Y), (X[:, :3], Y), verbose=0)
    stop = kreg.EarlyStopping(patience=1, verbose=0)
    fit(model, [watch, stop], *TRAIN, validation_data=VALIDATION)
    (said,) = watch.notes
    assert said.startswith("The clean losses cannot be measured: ") and "\n" not in said
    assert np.isfinite(watch.record.curve("val_clean_loss")).all(), "told by `val_loss`"
    assert capfd.readouterr().err == ""


def test_no_epoch_is_restored_by_a_number_that_is_not_the_clean_loss(capsys):
    """A generator cannot be read twice: nothing is left to measure an own loss on."""

    def validation():
        for _ in range(9):
            yield X, Z

    model, stop = distiller(), kreg.EarlyStopping(patience=1)
    last = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: last.kept.append(state(model)))
    last.kept = []
    how = {"validation_data": validation(), "validation_steps": 1}
    fit(model, [last, stop], X, Z, **how)
    assert stop.monitor == "val_loss" and not stop.restored
    assert_same(state(model), last.kept[-1])
    (note,) = stop.notes
    assert note.startswith(LOGGED_INSTEAD.partition("{}")[0]) and note in capsys.readouterr().out


class Endpoint(keras.layers.Layer):
    """The loss comes by `add_loss`, as in the endpoint pattern."""

    def call(self, targets, predictions):
        self.add_loss(ops.mean((targets - predictions[:, 0]) ** 2))
        return predictions


def endpoint():
    keras.utils.set_random_seed(0)
    x, y = keras.Input((6,), name="x"), keras.Input((), name="y")
    outputs = Endpoint()(y, keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.1))(x))
    model = keras.Model({"x": x, "y": y}, outputs)
    model.compile("adam")
    return model


@pytest.mark.parametrize("rows", [True, False], ids=["rows", "no rows"])
def test_a_loss_that_comes_by_add_loss_is_the_clean_loss(rows):
    data = tf.data.Dataset.from_tensor_slices({"x": X, "y": Z}).batch(32)
    watch = kreg.Diagnostics(*((data, data) if rows else ()), verbose=0)
    stop, model = kreg.EarlyStopping(patience=5, verbose=0), endpoint()
    history = fit(model, [watch, stop], data, validation_data=data).history
    error = float(np.mean((np.asarray(model({"x": X, "y": Z}))[:, 0] - Z) ** 2))
    assert history["val_clean_loss"][-1] == pytest.approx(error, rel=1e-5)
    kernel = next(v for v in model.trainable_variables if v.regularizer is not None)
    penalty = 0.1 * float(np.square(np.asarray(kernel)).sum())
    assert history["penalty"][-1] == pytest.approx(penalty, rel=1e-5)
    assert stop.best == pytest.approx(min(history["val_clean_loss"])) and stop.notes == []


class Noisy(keras.layers.Layer):
    """Draws in inference mode, too, and counts its calls."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(1)
        self.calls = self.add_weight(shape=(), trainable=False, initializer="zeros")

    def call(self, x):
        self.calls.assign(self.calls + 1)
        free = keras.random.normal(ops.shape(x))  # Keras's global seeds
        return x + 0.1 * keras.random.normal(ops.shape(x), seed=self.seeds) + 0.1 * free


def test_a_layer_that_draws_in_inference_leaves_no_trace():
    def trained(callbacks):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((6,)), Noisy(), keras.layers.Dense(2, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        fit(model, callbacks, *TRAIN, validation_data=VALIDATION)
        return state(model)

    watch = kreg.Diagnostics(TRAIN, VALIDATION, verbose=0, probe_training=False)
    assert_same(trained([watch]), trained([]))


def test_dead_units_of_a_model_that_begins_at_inner_tensors():
    inputs = keras.Input((4,))
    encoded = keras.layers.Dense(6)(inputs)
    hidden = keras.layers.Dense(8, activation="relu", bias_initializer="ones")
    model = keras.Model(encoded, keras.layers.Dense(2, "softmax")(hidden(encoded)))
    model.compile("sgd", "sparse_categorical_crossentropy")
    kernel, bias = hidden.get_weights()
    hidden.set_weights([kernel, np.where(np.arange(8) < 2, -1e3, bias)])
    watch = kreg.Diagnostics(TRAIN, VALIDATION, verbose=0)
    fit(model, [watch], *TRAIN, epochs=1)
    assert watch.notes == [] and watch.record.layers[0]["dead"] == pytest.approx(0.25)


def test_strings_are_measured():
    words = np.array(["a", "b", "c", "d"])[RNG.integers(0, 4, 64)]
    lookup = keras.layers.StringLookup(vocabulary=list("abcd"), output_mode="one_hot")
    inputs = keras.Input((1,), dtype="string")
    model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(lookup(inputs)))
    model.compile("adam", "sparse_categorical_crossentropy")
    data = tf.data.Dataset.from_tensor_slices((words[:, None], (words > "b").astype(int))).batch(16)
    watch = kreg.Diagnostics(data, data, adapt=False, verbose=0)
    history = fit(model, [watch], data, validation_data=data).history
    assert history["val_clean_loss"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert watch.notes == []


def test_data_that_are_neither_arrays_nor_batches_are_refused_at_once():
    for wrong in (X, {"x": X}, tf.constant(X)):
        with pytest.raises(ValueError, match=r"`train`.*pass \(x, None\)"):
            kreg.Diagnostics(train=wrong)

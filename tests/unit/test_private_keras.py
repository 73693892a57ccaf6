"""Keras's private corners still mean what we think: a test of each fails when Keras changes it."""

import copy
import gc
import importlib
import pkgutil
import weakref
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

import kreg
from kreg import private_keras

KERAS_ROOMS = ("regularizers", "optimizers", "layers", "models", "surgery")
X, Y = np.random.default_rng(0).normal(size=(8, 3)).astype("float32"), np.arange(8) % 2


def classifier() -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    return model


# layers


def test_the_walk_sees_inside_wrappers_attributes_and_nested_models():
    inner = keras.Sequential([keras.Input((3, 4)), keras.layers.Dropout(0.1, name="deep")])
    inputs = keras.Input((3, 4))
    attended = keras.layers.MultiHeadAttention(1, 2, dropout=0.2)(inputs, inputs)
    x = keras.layers.TimeDistributed(keras.layers.GaussianNoise(0.1, name="wrapped"))(attended)
    model = keras.Model(inputs, keras.layers.Bidirectional(keras.layers.LSTM(2))(inner(x)))
    found = private_keras.all_layers(model)
    assert found[0] is model and len(set(map(id, found))) == len(found)
    assert {"deep", "wrapped"} <= {layer.name for layer in found}
    kinds = [type(layer) for layer in found]
    assert kinds.count(keras.layers.LSTM) >= 2
    assert kinds.count(keras.layers.Dropout) == 2, "the attention's inner Dropout, and `deep`"


def test_own_weights_are_those_made_for_training_also_of_a_frozen_layer():
    norm = keras.layers.BatchNormalization()
    norm.build((None, 3))
    norm.trainable = False
    assert [w.name for w in private_keras.own_weights(norm)] == ["gamma", "beta"]
    assert private_keras.own_weights(classifier()) == [], "the sublayers' are not its own"


# optimizers


def test_a_step_inside_a_stateless_scope_writes_nothing():
    model = classifier()
    model.compile(keras.optimizers.AdamW(0.1), model.loss)
    optimizer, weights = model.optimizer, model.trainable_variables
    optimizer.build(weights)
    before = [weight.numpy() for weight in weights]
    state = [(v, v.value) for v in [*weights, *optimizer.variables]]
    with private_keras.pure_steps(optimizer), keras.StatelessScope(state) as scope:
        optimizer.apply([tf.ones(weight.shape) for weight in weights], weights)
        moved = [scope.get_current_value(weight).numpy() for weight in weights]
    assert all(np.array_equal(w.numpy(), b) for w, b in zip(weights, before, strict=True))
    assert not set(private_keras.WRITES) & set(vars(optimizer))
    optimizer.apply([tf.ones(weight.shape) for weight in weights], weights)
    assert all(np.allclose(w.numpy(), m) for w, m in zip(weights, moved, strict=True))


def test_the_tracker_of_the_loss_is_what_fit_logs():
    model = classifier()
    logged = model.fit(X, Y, verbose=0).history["loss"][-1]
    assert float(private_keras.loss_tracker(model).result()) == pytest.approx(logged)


def test_whether_the_averages_are_in_the_model_is_what_keras_notes():
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, use_ema=True), loss)
    seen = []
    look = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(private_keras.has_swapped(swap)),
        on_epoch_end=lambda epoch, logs: seen.append(private_keras.has_swapped(swap)),
    )
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[swap, look])
    assert seen == [False, True, False, True]


def test_the_weights_of_an_optimizer_and_their_places():
    model = classifier()
    model.optimizer.build(model.trainable_variables)
    trained = private_keras.trained_weights(model.optimizer)
    assert [id(w) for w in trained] == [id(w) for w in model.trainable_variables]
    assert [private_keras.index_of(model.optimizer, w) for w in trained] == [0, 1]


def test_an_optimizer_knows_which_weights_decay_and_by_which_number():
    muon = keras.optimizers.Muon()
    muon.exclude_from_weight_decay(var_names=["bias"])
    kernel, bias = classifier().trainable_variables
    assert [private_keras.decays(muon, w) for w in (kernel, bias)] == [True, False]
    found = [private_keras.decay_name(muon, w) for w in (kernel, bias)]
    assert found == ["weight_decay", "adam_weight_decay"]
    assert private_keras.decay_name(keras.optimizers.Adam(), kernel) == "weight_decay"


def test_an_untracked_variable_is_no_part_of_the_state():
    optimizer = keras.optimizers.Adam()
    optimizer.build(classifier().trainable_variables)
    before = [id(v) for v in optimizer.variables]
    extra = optimizer.add_variable((), name="extra")
    assert [id(v) for v in optimizer.variables] == [*before, id(extra)]
    private_keras.untrack(optimizer, extra)
    assert [id(v) for v in optimizer.variables] == before


def test_an_optimizer_knows_whether_its_model_is_being_loaded():
    seen = []

    @keras.saving.register_keras_serializable(package="test_private_keras")
    class Watching(keras.optimizers.SGD):
        def build(self, variables):
            seen.append(private_keras.being_loaded())
            super().build(variables)

    model = classifier()
    model.compile(Watching(), "mse", run_eagerly=True)
    model.fit(X, X[:, :2], verbose=0)
    copy.deepcopy(model)
    assert seen == [False, True]


def test_a_penalty_knows_the_model_whose_training_step_asks_it():
    seen = []

    class Watching(keras.regularizers.L2):
        def __call__(self, weight):
            seen.append((private_keras.model_in_training(), private_keras.model_in_step()))
            return super().__call__(weight)

    model = classifier()
    model.layers[0].kernel.regularizer = Watching(0.1)
    model.run_eagerly = True
    model.train_on_batch(X, Y)
    model.test_on_batch(X, Y)
    assert seen == [(model, model), (None, model)]


def test_an_optimizer_that_is_given_sums_adds_none_up(monkeypatch):
    optimizer, summed = keras.optimizers.SGD(1.0), []

    def plain(self, pairs):
        summed.append(self)
        return list(pairs)

    monkeypatch.setattr(keras.optimizers.SGD, "_all_reduce_sum_gradients", plain)
    weight = keras.Variable(np.zeros(2, "float32"))
    optimizer.apply([np.ones(2, "float32")], [weight])
    assert summed == [optimizer]
    private_keras.sums_no_gradients(optimizer)
    optimizer.apply([np.ones(2, "float32")], [weight])
    assert summed == [optimizer]
    np.testing.assert_array_equal(weight.numpy(), [-2, -2])


# data sets


def test_what_a_data_set_is_made_of_and_draws():
    def noisy(x):
        return x + tf.random.uniform(tf.shape(x))

    def nested(x):
        return tf.cond(tf.reduce_sum(x) > 0, lambda: noisy(x), lambda: x)

    rows = tf.data.Dataset.from_tensor_slices(X)
    fixed = rows.shuffle(8, reshuffle_each_iteration=False)
    for made, names, moves in (
        (rows.map(noisy).batch(2).prefetch(1), {"RandomUniform"}, False),
        (rows.map(nested).shuffle(8).batch(2), {"RandomUniform"}, True),
        (fixed.map(lambda x: x * 2.0).batch(4), {"Mul"}, False),
    ):
        inside = list(private_keras.datasets_inside(made))
        assert inside[0] is made and len(inside) == len({id(one) for one in inside}) >= 4
        assert names <= set().union(*map(private_keras.operations, inside))
        assert private_keras.shuffles(made) == moves
    assert list(private_keras.datasets_inside(X)) == [X]


# the compiled loss and metrics


def variables(model: keras.Model) -> list[keras.Variable]:
    return [v for metric in model.metrics for v in metric.variables]


def test_building_makes_every_variable_that_an_evaluation_needs():
    model = classifier()
    before = len(variables(model))
    private_keras.build_metrics(model, (X, Y, None))
    built = variables(model)
    assert len(built) > before
    model.evaluate(X, Y, verbose=0)
    assert [id(v) for v in variables(model)] == [id(v) for v in built]


def test_building_twice_changes_nothing():
    model = classifier()
    model.evaluate(X, Y, verbose=0)
    before = [np.array(v) for v in variables(model)]
    private_keras.build_metrics(model, (X, Y, None))
    for old, new in zip(before, variables(model), strict=True):
        np.testing.assert_array_equal(old, np.array(new))


def test_a_distributed_model_is_built_once_and_looks_at_no_batch_again():
    assert hasattr(keras.Model, "_maybe_symbolic_build"), "what `fit` asks first"
    model = classifier()
    private_keras.build_in_scope(model, (X, Y))
    assert model._compile_metrics.built and model._compile_loss.built and model.optimizer.built
    model.fit(X, Y, verbose=0)


def test_settings_of_a_loss_are_those_of_its_function():
    loss = keras.losses.Huber(delta=0.5)
    assert loss.fn is keras.losses.huber and private_keras.settings_of(loss) == {"delta": 0.5}
    model = classifier()
    model.evaluate(X, Y, verbose=0)
    (part,) = private_keras.output_losses(private_keras.compiled_loss(model))
    assert tuple(part.path) == () and part.loss is model.loss


def test_the_reduction_of_a_compiled_loss_is_known():
    for reduction, by in (("sum", 8), ("sum_over_batch_size", 1)):
        model = classifier()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)
        model.compile("sgd", loss)
        given = private_keras.compiled_loss(model)
        value = private_keras.row_mean(given, Y, model(X), None)
        assert float(value) == pytest.approx(float(given(Y, model(X), None)) / by)


def test_the_compiled_loss_is_the_loss_without_penalties():
    model = classifier()
    model.evaluate(X, Y, verbose=0)
    model.layers[0].kernel.regularizer = keras.regularizers.L2(0.1)
    y_pred = model(X)
    expected = float(model.loss(Y, y_pred))
    loss = private_keras.compiled_loss(model)
    assert float(loss(Y, y_pred)) == pytest.approx(expected, rel=1e-6)
    assert private_keras.has_example_loss(loss)
    each = np.asarray(private_keras.example_loss(loss)(Y, y_pred, None))
    assert each.shape == (8,) and each.mean() == pytest.approx(expected, rel=1e-6)


def test_a_model_with_a_loss_of_its_own_has_no_compiled_loss():
    class Own(keras.Sequential):
        def compute_loss(self, *args, **kwargs):
            return 2.0 * super().compute_loss(*args, **kwargs)

    model = Own([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    assert private_keras.compiled_loss(model) is None


# who is training


class Witness(keras.Regularizer):
    """A penalty of nothing that notes in whose step it is evaluated."""

    def __init__(self):
        self.seen = []

    def __call__(self, w):
        self.seen.append(private_keras.model_in_step())
        return 0.0 * keras.ops.sum(w)


class OwnStep(keras.Model):
    """A user's training step, which autograph converts."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss}


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_a_penalty_is_evaluated_within_the_step_of_the_model_that_trains(own, eagerly):
    witness = Witness()
    layer = keras.layers.Dense(1, kernel_regularizer=witness)
    inner = keras.Sequential([keras.Input((3,)), layer])
    model = OwnStep(inner) if own else inner
    model.compile("sgd", "mse", run_eagerly=eagerly)
    model.fit(X, Y, verbose=0)
    assert witness.seen and all(found is model for found in witness.seen)
    witness.seen.clear()
    model.evaluate(X, Y, verbose=0)
    assert witness.seen and all(found is model for found in witness.seen)
    witness.seen.clear()
    assert model.losses and witness.seen == [None], "nobody trains"


def test_all_optimizers_of_a_model_are_found_without_their_wrappers():
    adam, sgd, lion = keras.optimizers.Adam(), keras.optimizers.SGD(), keras.optimizers.Lion()
    model = classifier()
    model.compile(keras.optimizers.LossScaleOptimizer(adam), "mse")
    model.second = keras.optimizers.MultiOptimizer(lambda v: sgd if v.name == "bias" else lion)
    model.second.build(model.trainable_variables)
    found = {id(optimizer) for optimizer in private_keras.optimizers_of(model)}
    assert found == {id(adam), id(sgd), id(lion)}


# beside and around a model


def test_an_optimizer_is_replaced_in_a_model_and_in_its_file():
    class Course(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5

    old, new = keras.optimizers.SGD(Course(), momentum=0.5), keras.optimizers.SGD(0.25)
    found = private_keras.settings(old)
    assert found["learning_rate"] is old._learning_rate and found["momentum"] == 0.5
    assert private_keras.settings(new) == new.get_config()
    old.exclude_from_weight_decay(var_names=["bias"])
    private_keras.copy_exclusions(old, new)
    bias, kernel = keras.Variable([0.0], name="bias"), keras.Variable([0.0], name="kernel")
    assert private_keras.decays(new, kernel) and not private_keras.decays(new, bias)
    model = classifier()
    model.compile(old, model.loss)
    private_keras.replace_optimizer(model, lambda given: given is old and new)
    assert model.optimizer is new
    assert model.get_compile_config()["optimizer"]["config"]["learning_rate"] == 0.25


def test_what_is_beside_a_model_is_no_part_of_it_and_vanishes_with_it(tmp_path):
    model = classifier()
    parts = [len(model.layers), len(model.weights), len(private_keras.all_layers(model))]
    kept = private_keras.beside(model, "_notes", partial(Holder, model))
    assert private_keras.beside(model, "_notes", partial(Holder, model)) is kept
    assert parts == [len(model.layers), len(model.weights), len(private_keras.all_layers(model))]
    model.save(tmp_path / "it.keras")
    assert not hasattr(keras.models.load_model(tmp_path / "it.keras"), "_notes")
    gone = weakref.ref(kept)
    del model, kept
    keras.backend.clear_session()
    gc.collect()
    assert gone() is None


class Holder:
    """As an evaluator does, it refers to the model and has a layer of its own."""

    def __init__(self, model):
        self.model = model
        self.layer = keras.layers.Dense(1)


def test_the_compiled_models_around_a_layer_are_found():
    inner = classifier()
    around = keras.Sequential([keras.Input((3,)), inner])
    around.compile("sgd", "mse")
    bare = keras.Sequential([keras.Input((3,)), inner])
    found = private_keras.compiled_models_with(inner.weights)
    assert {id(model) for model in found} == {id(inner), id(around)}
    assert bare not in found and classifier() not in found


def test_the_safe_mode_of_a_file_ends_with_its_loading():
    from keras.src.saving.serialization_lib import in_safe_mode

    seen = []
    for given in (False, True):
        with private_keras.safe_mode(given):
            seen.append(in_safe_mode())
    assert seen == [False, True] and in_safe_mode() is None


def test_no_class_of_kreg_overrides_a_private_name_of_keras_by_accident():
    for module in pkgutil.walk_packages(kreg.__path__, "kreg."):
        if module.name.split(".")[1] in {
            "regularizers",
            "optimizers",
            "layers",
            "models",
            "surgery",
        }:
            importlib.import_module(module.name)
    classes = {one for base in (keras.Layer, keras.Optimizer) for one in below(base)}
    ours = {one for one in classes if not is_foreign(one)}
    assert len(ours) > 20
    for one in ours:
        theirs = {name for base in one.__mro__ if is_foreign(base) for name in vars(base)}
        own = {name for name in vars(one) if name.startswith("_") and not name.startswith("__")}
        assert not own & theirs, one


def is_foreign(one: type) -> bool:
    return not one.__module__.startswith("kreg.")


def below(base: type) -> set[type]:
    return {base}.union(*map(below, base.__subclasses__()))


# what a model writes to, adds and goes its own way with


class Drawing(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(1)
        self.calls = self.add_weight(shape=(), trainable=False)

    def call(self, x):
        self.add_loss(keras.ops.sum(x))
        return x


def test_own_states_are_averages_seeds_and_counts_but_no_frozen_weights():
    layer, norm = Drawing(), keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), norm, layer])
    model.layers[0].trainable = False
    found = {id(v) for v in private_keras.own_states(model)}
    expected = norm.moving_mean, norm.moving_variance, layer.calls, layer.seeds.state
    assert found == {id(v) for v in expected}
    model(X)
    assert private_keras.adds_losses(model) and not private_keras.adds_losses(classifier())


def test_the_seeds_behind_keras_random_move_where_nobody_gives_a_seed():
    keras.random.normal((1,))
    (state,) = private_keras.global_seeds()
    before = np.array(state)
    keras.random.normal((1,))
    assert not np.array_equal(before, state)


def drawn() -> list[float]:
    """What Keras's global numbers and TensorFlow's give next."""
    return [float(keras.random.normal(())), float(tf.random.normal(()))]


@pytest.mark.parametrize("seed", [5, 7])
def test_global_numbers_go_on_where_they_were(seed):
    keras.utils.set_random_seed(seed)
    first = drawn()
    expected = drawn()
    keras.utils.set_random_seed(seed)
    assert drawn() == first
    with private_keras.same_global_seeds():
        keras.utils.set_random_seed(3)
        drawn()
    assert drawn() == expected


def test_who_has_set_no_seed_has_none_afterwards():
    tf.random.set_seed(None)
    with private_keras.same_global_seeds():
        keras.utils.set_random_seed(3)
        known = drawn()[1]
    assert float(tf.random.normal(())) != known


def test_calls_of_layers_are_watched_and_let_go():
    model, seen = classifier(), []
    layer = model.layers[0]
    with private_keras.watched([layer], lambda one, outputs: seen.append((one, outputs.shape))):
        model(X)
    model(X)
    assert seen == [(layer, (8, 2))] and "call" not in vars(layer)


def test_what_a_model_overrides():
    class Own(keras.Model):
        def compute_loss(self, *args, **kwargs):
            return 0.0

    model = classifier()
    assert not private_keras.overrides(model, "compute_loss", "test_step", "metrics")
    assert private_keras.overrides(Own(), "compute_loss")
    model.test_step = lambda data: {}
    assert private_keras.overrides(model, "test_step")
    assert private_keras.given_loss(model) is private_keras.compiled_loss(model)


def test_a_mask_hangs_on_the_outputs():
    embedded = keras.layers.Embedding(4, 2, mask_zero=True)(np.array([[1, 0]]))
    assert np.array(private_keras.mask_of(embedded)).tolist() == [[True, False]]
    assert private_keras.mask_of(X) is None


def test_what_hangs_on_a_tensor_hangs_on_no_other():
    tensor, other = keras.ops.ones(3), keras.ops.ones(3)
    private_keras.hang(tensor, "_kreg_word", "found")
    assert private_keras.hung(tensor, "_kreg_word") == "found"
    assert private_keras.hung(other, "_kreg_word") is None


def test_the_arguments_of_the_running_fit():
    model, seen = classifier(), []
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: seen.append(private_keras.fit_arguments(model))
    )
    model.fit(X, Y, class_weight={0: 1.0, 1: 2.0}, verbose=0, callbacks=[look])
    assert seen[0]["x"] is X and seen[0]["class_weight"] == {0: 1.0, 1: 2.0}
    assert private_keras.fit_arguments(model) == {}


def test_the_logs_of_a_train_function_are_those_of_the_epoch():
    model, plain, seen, reset = classifier(), classifier(), [], []
    private_keras.leave_logs(model)
    model.make_train_function()
    model.train_function = lambda batches: next(batches) and {"loss": 0.25, "accuracy": 2.0}
    monitor = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(model.metrics[0].result()),
        on_epoch_end=lambda epoch, logs: reset.append(model.reset_metrics()),
    )
    private_keras.build_metrics(model, (X[:2], Y[:2]))
    model.metrics[0].update_state(3.0)
    logs = model.fit(X, Y, batch_size=8, verbose=0, epochs=2, callbacks=[monitor]).history
    assert logs == {"loss": [0.25, 0.25], "accuracy": [2.0, 2.0]}
    assert [float(number) for number in seen] == [3.0, 0.0], "a callback resets them as ever"
    assert set(plain.fit(X, Y, verbose=0).history) == {"loss", "accuracy"}


def test_a_shuffled_data_set_is_known():
    data = tf.data.Dataset.range(4)
    assert private_keras.shuffles(data.shuffle(4).batch(2)) and not private_keras.shuffles(data)
    assert not private_keras.shuffles(data.shuffle(4, reshuffle_each_iteration=False))


def test_what_compile_was_given_is_there_as_it_was():
    def loss(y, y_pred):
        return keras.ops.mean(y - y_pred)

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", loss, run_eagerly=True)
    given = private_keras.given_to_compile(model)
    assert given["loss"] is loss and given["optimizer"] is model.optimizer and given["run_eagerly"]
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).compile(**given)


def test_a_penalty_is_asked_of_weights_or_of_activities():
    """Also where neither is a variable: within a stateless step."""
    seen = []

    def penalty(value):
        seen.append(private_keras.asks_for_weights())
        return 0.0 * keras.ops.sum(value)

    layer = keras.layers.Dense(2, kernel_regularizer=penalty, activity_regularizer=penalty)
    model = keras.Sequential([keras.Input((2,)), layer])
    values = [[variable.value for variable in kind] for kind in (model.trainable_variables, [])]
    seen.clear()
    model.stateless_call(*values, np.ones((1, 2), "float32"), return_losses=True)
    assert sorted(seen) == [False, True]

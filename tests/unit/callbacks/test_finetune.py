"""The head first, then all layers: what moves when, what is felt, what a resume goes on with."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import kreg
from kreg import private_keras
from kreg.callbacks import Finetune, Saver
from kreg.callbacks.finetune import below_the_head, rates_by_depth
from kreg.callbacks.own_rates import take_rates
from kreg.diagnostics import Record, diagnose
from kreg.diagnostics.phases import phases

RNG = np.random.default_rng(0)
X = RNG.normal(2.0, 1.0, size=(32, 3)).astype("float32")
Y = RNG.normal(size=(32, 2)).astype("float32")


def network():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((3,))
    inner = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, name="deep"), keras.layers.BatchNormalization()],
        name="trunk",
    )
    x = keras.layers.Dense(4, activation="relu", name="hidden")(inner(inputs))
    return keras.Model(inputs, keras.layers.Dense(2, name="head")(x))


def compiled(optimizer=None):
    model = network()
    model.compile(optimizer or kreg.optimizers.Adam(1e-2), "mse")
    return model


class Watch(keras.callbacks.Callback):
    """The weights at the end of each epoch."""

    def on_train_begin(self, logs=None):
        self.seen = [self.model.get_weights()]

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.model.get_weights())

    def moved(self, epoch):
        """Which weights an epoch has changed."""
        pairs = zip(self.seen[epoch], self.seen[epoch + 1], strict=True)
        return [not np.array_equal(old, new) for old, new in pairs]


def fitted(model, *callbacks, epochs=2, first=0):
    data = (X, Y)
    model.fit(
        *data, batch_size=16, epochs=epochs, initial_epoch=first, shuffle=False, verbose=0,
        callbacks=list(callbacks),
    )  # fmt: skip
    return model


# deep kernel and bias; gamma, beta, mean, variance; hidden and head, kernel and bias
HEAD = [*[False] * 8, True, True]
ALL = [True, True, False, False, False, False, *[True] * 4]
EVERYTHING = [True] * 10


@pytest.mark.parametrize(
    ("callback", "first", "second"),
    [
        (Finetune(), HEAD, HEAD),
        (Finetune(1), HEAD, ALL),
        (Finetune(1, norms=True), HEAD, EVERYTHING),
        (Finetune(1, ["hidden", "head"]), [*[False] * 6, *[True] * 4], ALL),
    ],
    ids=["head", "gradual", "norms", "two"],
)
def test_what_moves_in_which_epoch(callback, first, second):
    watch = Watch()
    fitted(compiled(), callback, watch)
    assert watch.moved(0) == first
    assert watch.moved(1) == second


def test_l2sp_measures_from_the_loaded_weights_and_penalties_wake_up_with_their_layers():
    model = compiled(kreg.optimizers.SGD(1e-3))
    callback = kreg.finetune(model, kreg.L2SP(0.5), epochs=1, lowest=1)
    loaded = model.get_layer("hidden").get_weights()[0]
    fitted(model, callback)
    trained = model.get_layer("hidden").kernel
    distance = 0.5 * np.sum((trained.numpy() - loaded) ** 2)
    assert distance > 0
    starts = [v for v in model.optimizer.variables if "hidden_kernel_start" in v.name]
    np.testing.assert_array_equal(starts[0].numpy(), loaded)


def test_a_frozen_layer_feels_no_penalty():
    model = compiled(kreg.optimizers.SGD(1e-2))
    watch = Watch()
    fitted(model, kreg.finetune(model, kreg.L1(10.0), how="head"), watch)
    assert watch.moved(1) == HEAD


def test_the_rate_is_lowered_once_and_a_schedule_is_not_multiplied():
    model = fitted(compiled(), Finetune(1, rate=0.1), epochs=3)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)
    course = keras.optimizers.schedules.CosineDecay(0.1, 10)
    scaling = keras.mixed_precision.LossScaleOptimizer(kreg.optimizers.SGD(course))
    for optimizer in (kreg.optimizers.SGD(course), scaling):
        with pytest.raises(ValueError, match="1 where the learning rate is a schedule"):
            fitted(compiled(optimizer), Finetune(1, rate=0.1))


def test_the_layers_below_the_head_have_shares_of_its_rate_and_none_is_too_small():
    model = network()
    model.get_layer("trunk").layers[1].trainable = False  # as batch normalisations are left
    found = rates_by_depth(below_the_head(model), 0.4, 0.2)
    shares = {"trunk/deep": 0.2, "hidden": 0.4}
    assert {path.rpartition("/")[0] for path in found} == set(shares)
    assert len(found) == 4
    for path, share in found.items():
        assert share == pytest.approx(shares[path.rpartition("/")[0]])
    assert min(rates_by_depth(below_the_head(model), 0.4, 0.01).values()) == pytest.approx(0.16)


def test_inside_another_network_the_first_layer_has_the_smallest_share():
    """Keras's own walk through the layers begins there with the last one."""
    inner = [keras.layers.Dense(3, name="first"), keras.layers.MultiHeadAttention(1, 2, name="mha")]
    inputs = keras.Input((4, 3))
    x = inner[1](*[inner[0](inputs)] * 2)
    trunk = keras.Model(inputs, keras.layers.Dense(3, name="last")(x), name="trunk")
    model = keras.Sequential([keras.Input((4, 3)), trunk, keras.layers.Dense(2, name="head")])
    found = rates_by_depth(below_the_head(model), 0.5, 1e-9)
    kernels = sorted((path for path in found if path.endswith("kernel")), key=found.get)
    parts = ["query", "key", "value", "attention_output"]
    expected = ["first", *(f"mha/{part}" for part in parts), "last"]
    assert [path.removesuffix("/kernel") for path in kernels] == expected


def gradients(model):
    """Of the mean squared error on all rows, with the normalisations in inference mode."""
    with tf.GradientTape() as tape:
        loss = keras.ops.mean((model(X) - Y) ** 2)
    return tape.gradient(loss, [weight.value for weight in model.weights])


@pytest.mark.filterwarnings("ignore:The head alone is trained for")
def test_a_step_after_the_thaw_is_the_rate_times_the_share_of_the_layer():
    model = compiled(kreg.optimizers.SGD(0.1))
    thaw = Finetune(1, rate=0.5, layer_decay=0.1)
    model.fit(X, Y, batch_size=32, epochs=1, verbose=0, callbacks=[thaw])
    before, slopes = model.get_weights(), gradients(model)
    model.fit(X, Y, batch_size=32, initial_epoch=1, epochs=2, verbose=0, callbacks=[thaw])
    shares = [0.01, 0.01, 0, 0, 0, 0, 0.1, 0.1, 1, 1]  # deep; the normalisation; hidden; head
    for weight, old, slope, share in zip(model.weights, before, slopes, shares, strict=True):
        step = -0.5 * 0.1 * share * slope.numpy() if share else np.zeros_like(old)
        np.testing.assert_allclose(weight.numpy() - old, step, atol=1e-6)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)


def test_rates_that_were_given_count_more_than_those_by_depth():
    model = compiled(kreg.optimizers.SGD(0.1, rates={"hidden/*": 2.0}))
    fitted(model, Finetune(1, layer_decay=0.1))
    rules = model.optimizer.rules
    assert rules.factor(model.get_layer("hidden").kernel) == 2
    deep = model.get_layer("trunk").get_layer("deep").kernel
    assert rules.factor(deep) == model.optimizer.get_config()["rates"][deep.path]
    assert rules.factor(deep) == pytest.approx(0.01)


@pytest.mark.parametrize("wrapped", [False, True], ids=["adam", "loss scaling"])
def test_the_defaults_work_under_an_optimizer_of_keras(wrapped, tmp_path):
    def optimizer(room):
        one = room.Adam(0.05, clipnorm=1.0)
        return keras.mixed_precision.LossScaleOptimizer(one) if wrapped else one

    model, twin = compiled(optimizer(keras.optimizers)), compiled(optimizer(kreg.optimizers))
    with pytest.warns(UserWarning, match=r"kreg.optimizers.Adam takes the place.*`layer_decay=1`"):
        fitted(model, kreg.finetune(model, epochs=1))
    fitted(twin, kreg.finetune(twin, epochs=1))
    model.save(tmp_path / "model.keras")
    loaded = kreg.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        pairs = zip(one.optimizer.variables, twin.optimizer.variables, strict=True)
        assert all(np.array_equal(mine, theirs) for mine, theirs in pairs)
        assert all(map(np.array_equal, one.get_weights(), twin.get_weights()))
    (inner,) = private_keras.unwrapped(loaded.optimizer)
    assert inner.rules.factor(loaded.get_layer("hidden").kernel) == 0.385
    for one in (twin, loaded):  # goes on where it was, with the rates that it has
        fitted(one, kreg.finetune(one, epochs=1), epochs=3, first=2)
    assert all(map(np.array_equal, loaded.get_weights(), twin.get_weights()))


def test_an_optimizer_of_keras_that_has_trained_goes_on_with_its_state():
    model = fitted(compiled(keras.optimizers.Adam(0.05)))
    moments = [variable.numpy() for variable in model.optimizer.variables]
    with pytest.warns(UserWarning, match="takes the place"):
        take_rates(model, {"hidden/*": 0.5}, 0.5)
    assert isinstance(model.optimizer, kreg.optimizers.Adam)
    found = [variable.numpy() for variable in model.optimizer.variables]
    assert all(map(np.array_equal, moments, found)) and found[0] == 4


def test_rates_by_depth_are_refused_where_no_optimizer_can_have_them():
    model = compiled("ftrl")
    with pytest.raises(
        ValueError, match=r"`layer_decay`.*of its own.*finetune\(model, layer_decay=1"
    ):
        fitted(model, kreg.finetune(model, epochs=1))
    fitted(model, kreg.finetune(model, epochs=1, layer_decay=1))
    with pytest.raises(ValueError, match="with a new optimizer first"):
        fitted(fitted(compiled()), Finetune(1, layer_decay=0.1))
    model = compiled("adam")
    model.get_layer("trunk").trainable = False
    fitted(model).get_layer("trunk").trainable = True
    with pytest.raises(ValueError, match="with a new optimizer first"):
        fitted(model, Finetune(1, layer_decay=0.1))


def test_the_verdict_is_about_the_epochs_after_the_thaw(tmp_path):
    watch = kreg.Diagnostics((X, Y), (X, Y), verbose=0)
    fitted(compiled(), Finetune(2), watch, epochs=4)
    assert {"epoch": 3, "kind": "thaw"}.items() <= watch.document["events"][0].items()
    assert [len(phase.epochs) for phase in phases(watch.record)] == [2, 2]
    told = watch.document["verdict"]
    assert told["best_epoch"] > 2 and "From epoch 3 on all layers" in told["caveats"][0]
    watch.record.save(tmp_path / "record.npz")
    assert diagnose(Record.load(tmp_path / "record.npz")).as_dict() == watch.verdict.as_dict()


class Memory:
    """A store of one state."""

    state = None

    def write(self, state):
        self.state = state

    def read(self):
        return self.state


def test_a_training_that_stops_stops_by_the_epochs_after_the_thaw():
    """At a rate of nearly zero nothing improves: patience ends it as soon as it looks."""
    model = compiled(kreg.optimizers.SGD(1e-12))
    stop = kreg.EarlyStopping(patience=0, validation=(X, Y), verbose=0)
    fitted(model, stop, Finetune(3), epochs=6)
    assert stop.best_epoch == 3 and stop.stopped_epoch == 4
    stop = kreg.EarlyStopping(patience=0, validation=(X, Y), verbose=0)
    fitted(model, stop, epochs=6)
    assert stop.best_epoch == 0 and stop.stopped_epoch == 1


def test_a_fit_that_ends_before_the_thaw_says_so():
    stop = kreg.EarlyStopping(validation=(X, Y), verbose=0)
    with pytest.warns(UserWarning, match="trained for 5 epochs, and this fit ends after 2: no"):
        fitted(compiled(), Finetune(5), stop)
    assert stop.summary().endswith("No epoch was looked at.")


def test_one_name_is_a_head():
    watch = Watch()
    fitted(compiled(), kreg.finetune(network(), how="head", head="hidden"), watch)
    assert watch.moved(0) == [*[False] * 6, True, True, False, False]


@pytest.mark.filterwarnings("ignore:The head alone is trained for")
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_resumed_training_is_the_same_on_either_side_of_the_change(cut):
    def callbacks(store):
        found = [Finetune(2, rate=0.5), keras.callbacks.History()]
        return [*found, Saver(store, found)]

    def members(store):
        found = callbacks(store)
        found[-1].callbacks = found
        return found

    whole = fitted(compiled(), *members(Memory()), epochs=4)
    store = Memory()
    fitted(compiled(), *members(store), epochs=cut)
    again = fitted(compiled(), *members(store), epochs=4, first=cut)
    for ours, theirs in zip(again.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("cut", [2, 3])
@pytest.mark.filterwarnings("ignore:The head alone is trained for")
def test_a_training_that_goes_on_behind_the_thaw_was_thawed_where_it_was(cut):
    store = Memory()

    def fit(model, epochs, first=0):
        watch = kreg.Diagnostics((X, Y), (X, Y), verbose=0)
        members = [Finetune(2), watch]
        members.append(Saver(store, members))
        fitted(model, *members, epochs=epochs, first=first)
        return watch.document

    whole = fit(compiled(), 4)
    store.state = None
    fit(compiled(), cut)
    again = fit(compiled(), 4, first=cut)
    thaws = [event["epoch"] for event in again["events"] if event["kind"] == "thaw"]
    assert thaws == [3] and again["verdict"] == whole["verdict"]


def test_the_rate_is_lowered_once_however_many_fits_it_takes():
    model, thaw = compiled(), Finetune(1, rate=0.1)
    for first in range(3):
        with warnings.catch_warnings(action="ignore"):
            fitted(model, thaw, epochs=first + 1, first=first)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_low_rank_changes_are_trained_with_the_head_and_their_ranks_are_logged():
    model = compiled()
    before = model.predict(X, verbose=0)
    callback = kreg.finetune(model, how="lora", rank=2, l1=1e-4)
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    history = keras.callbacks.History()
    fitted(model, callback, history)
    assert history.history["rank"][-1] == sum(rank for rank, _ in callback.ranks.values()) > 0
    assert list(callback.ranks) == ["trunk/deep", "hidden"]
    np.testing.assert_array_equal(model.get_layer("hidden").bias.numpy(), np.zeros(4))
    plain = kreg.strip(model)
    np.testing.assert_allclose(plain.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6)
    assert np.abs(plain.predict(X, verbose=0) - before).max() > 0


def test_ranks_are_chosen_under_an_optimizer_of_keras_too():
    model = compiled(keras.optimizers.Adam(0.01))
    callback = kreg.finetune(model, how="lora", rank=2, l1=10.0)
    with pytest.warns(UserWarning, match=r"takes the place.*exact zeros.*`l1=0`"):
        fitted(model, callback)
    assert set(callback.ranks.values()) == {(0, 2)}
    for optimizer, l1, said in (("adam", 0, ""), ("ftrl", 1.0, "The ranks stay full.*Ftrl")):
        model = compiled(optimizer)
        callback = kreg.finetune(model, how="lora", rank=2, l1=l1)
        with warnings.catch_warnings() if not said else pytest.warns(UserWarning, match=said):
            fitted(model, callback)
        assert not isinstance(model.optimizer, kreg.optimizers.Proximal)
        assert set(callback.ranks.values()) == {(2, 2)}


def test_low_rank_changes_are_refused_where_they_would_not_be_trained():
    with pytest.raises(ValueError, match="with a new optimizer first"):
        kreg.finetune(fitted(compiled()), how="lora")
    with pytest.raises(ValueError, match="has no low-rank changes"):
        fitted(compiled(), kreg.finetune(compiled(), how="lora"))
    for wrong in ({"rank": 0}, {"l1": -1}):
        with pytest.raises(ValueError, match="Invalid value"):
            kreg.finetune(compiled(), how="lora", **wrong)


class Subclassed(keras.Model):
    """Nobody knows its weights before it has seen rows."""

    def __init__(self):
        super().__init__()
        self.body = keras.layers.Dense(4, name="body")
        self.head = keras.layers.Dense(2, name="head")

    def call(self, x):
        return self.head(self.body(x))


def test_a_subclassed_model_is_trained_in_phases_once_it_has_weights():
    model = Subclassed()
    model.compile(kreg.optimizers.Adam(1e-2), "mse")
    with pytest.raises(ValueError, match="has no weights yet: nobody knows its head. Call it on"):
        fitted(model, kreg.finetune(model, epochs=1))
    with pytest.raises(ValueError, match="has no weights yet"):
        kreg.finetune(model, how="lora")
    model(X)
    watch = Watch()
    fitted(model, kreg.finetune(model, epochs=1), watch)
    assert (watch.moved(0), watch.moved(1)) == ([False, False, True, True], [True] * 4)


def test_what_cannot_be_done_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'head'"):
        fitted(compiled(), Finetune(head=["heads"]))
    alone = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    alone.compile("sgd", "mse")
    with pytest.raises(ValueError, match="nothing to freeze"):
        fitted(alone, Finetune())
    guided = compiled()  # the guide of Keras freezes first
    guided.get_layer("trunk").trainable = guided.get_layer("hidden").trainable = False
    with pytest.raises(ValueError, match="'trunk', 'hidden' is frozen already.*`trainable = True`"):
        fitted(guided, kreg.finetune(guided))
    with pytest.raises(ValueError, match="one of 'head', 'gradual', 'lora'"):
        kreg.finetune(compiled(), how="adapters")
    for wrong in (
        {"epochs": 0},
        {"rate": 0},
        {"rate": 2},
        {"layer_decay": 0},
        {"lowest": 0},
        {"norms": 1},
    ):
        with pytest.raises(ValueError, match="Invalid value"):
            kreg.finetune(compiled(), **wrong)


@pytest.mark.filterwarnings("ignore:The head alone is trained for")
def test_averages_of_weights_that_are_still_frozen_are_not_written():
    """Keras hands the optimizer the trained weights alone, and refuses them."""
    model = compiled(kreg.optimizers.Adam(1e-2, use_ema=True, ema_momentum=0.5))
    watch = Watch()
    fitted(model, Finetune(2), watch, epochs=2)
    pairs = zip(watch.seen[0], model.get_weights(), strict=True)
    assert [not np.array_equal(before, now) for before, now in pairs] == HEAD
    assert not np.array_equal(model.get_layer("head").kernel, watch.seen[2][-2])  # the average

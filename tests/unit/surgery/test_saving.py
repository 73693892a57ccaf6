"""What kreg writes and loads has every penalty that training had, and goes on as if never saved."""

import copy
import json
import warnings
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

import kreg
from kreg.surgery import Rule, attached

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(64, 4, 6)).astype("float32"), RNG.integers(0, 2, 64)


@keras.saving.register_keras_serializable(package="test_saving")
class Block(layers.Layer):
    """A layer of the user's own, whose inner layers have no names: each process numbers them."""

    def build(self, shape):
        self.inner = [layers.Dense(5, activation="relu"), layers.Dense(shape[-1])]
        self.inner[0].build(shape)
        self.inner[1].build((*shape[:-1], 5))

    def call(self, x):
        return x + self.inner[1](self.inner[0](x))


@keras.saving.register_keras_serializable(package="test_saving")
class Mine(keras.Regularizer):
    def __call__(self, w):
        return 0.5 * keras.ops.sum(keras.ops.square(w))

    def get_config(self):
        return {}


def transformer(optimizer, penalty=None):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4, 6))
    x = Block()(layers.MultiHeadAttention(2, 3)(inputs, inputs))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax")(layers.Flatten()(x)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that cloning loses them
        kreg.regularize(model, kreg.ElasticNet(1e-3, 1e-3) if penalty is None else penalty)
    model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=True)
    return model


def fitted(optimizer, **kwargs):
    model = transformer(optimizer, **kwargs)
    model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    return model


def table(model):
    return [(row.weight.rpartition("/")[2], row.shape, row.regularizer) for row in attached(model)]


def goes_on_alike(model, loaded):
    """Whether one more epoch leads both to the same weights, bit for bit."""
    for one in (model, loaded):
        one.fit(X, Y, epochs=1, verbose=0, shuffle=False)
    return all(map(np.array_equal, model.get_weights(), loaded.get_weights()))


@pytest.mark.parametrize("load", [kreg.load_model, keras.models.load_model])
def test_a_kreg_optimizer_carries_them_through_plain_save(tmp_path, load):
    model = fitted(kreg.optimizers.Adam(1e-2))
    model.save(tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras")
    assert len(attached(model)) == 7 and table(loaded) == table(model)
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    for mine, theirs in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        assert np.array_equal(mine, theirs), mine.path
    assert goes_on_alike(model, loaded)


def test_save_model_carries_them_under_a_stock_optimizer(tmp_path):
    model = fitted("adam")
    kreg.save_model(model, tmp_path / "model.keras")
    loaded = kreg.load_model(tmp_path / "model.keras")
    assert table(loaded) == table(model) and goes_on_alike(model, loaded)
    assert len(attached(keras.models.load_model(tmp_path / "model.keras"))) == 1  # as ever


def test_penalties_of_keras_and_of_the_user_come_back_too(tmp_path):
    rules = [Rule(Mine()), Rule(keras.regularizers.L2(0.1), layers="query")]
    model = fitted(kreg.optimizers.SGD(1e-3), penalty=rules)
    model.save(tmp_path / "model.keras")
    loaded = kreg.load_model(tmp_path / "model.keras")
    assert table(loaded) == table(model) and len({row[2] for row in table(loaded)}) == 2
    assert float(sum(loaded.losses)) == pytest.approx(float(sum(model.losses)), rel=1e-6)


@pytest.mark.parametrize("save", [kreg.save_model, lambda model, path: model.save(path)])
def test_without_compiling_they_come_back_as_well(tmp_path, save):
    model = fitted(kreg.optimizers.Adam(1e-2))
    save(model, tmp_path / "model.keras")
    assert table(kreg.load_model(tmp_path / "model.keras", compile=False)) == table(model)


def test_those_of_frozen_weights_and_of_a_model_never_compiled(tmp_path):
    model = transformer(kreg.optimizers.Adam(1e-2))
    model.layers[1].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    bare = keras.Model(model.inputs, model.outputs)
    for one in (model, bare):
        kreg.save_model(one, tmp_path / "model.keras")
        loaded = kreg.load_model(tmp_path / "model.keras")
        assert table(loaded) == table(model) and len(table(model)) == 7


def test_scheduled_strengths_and_starts_go_on_where_they_were(tmp_path):
    ramp = kreg.schedules.Linear(0.0, 1e-2, duration=8)
    rules = [Rule(kreg.L1(ramp)), Rule(kreg.L2SP(0.1), layers="query")]
    model = fitted(kreg.optimizers.Adam(1e-2), penalty=rules)
    model.save(tmp_path / "model.keras")
    loaded = kreg.load_model(tmp_path / "model.keras")
    assert list(loaded.optimizer.strengths().values()) == list(model.optimizer.strengths().values())
    assert goes_on_alike(model, loaded)


def test_a_deep_copy_keeps_them():
    model = fitted(kreg.optimizers.Adam(1e-2))
    twin = copy.deepcopy(model)
    assert table(twin) == table(model) and goes_on_alike(model, twin)


def test_under_loss_scaling(tmp_path):
    model = fitted(keras.optimizers.LossScaleOptimizer(kreg.optimizers.Adam(1e-2)))
    model.save(tmp_path / "model.keras")
    loaded = kreg.load_model(tmp_path / "model.keras")
    assert table(loaded) == table(model) and goes_on_alike(model, loaded)


def test_an_optimizer_made_from_a_configuration_gives_no_model_penalties():
    """`compile(type(opt).from_config(opt.get_config()))` of another model means the settings."""
    config = fitted(kreg.optimizers.Adam(1e-2)).optimizer.get_config()
    assert len(config["penalties"]) == 7
    other = transformer("sgd", penalty=Rule(None, weights="*"))
    other.optimizer = kreg.optimizers.Adam.from_config(config)
    other.optimizer.build(other.trainable_variables)
    assert attached(other) == []
    assert "penalties" not in other.optimizer.get_config()


@keras.saving.register_keras_serializable(package="test_saving")
class Trunk(keras.Model):
    """A functional model whose configuration is its arguments, as those of KerasHub are."""

    def __init__(self, width=5, **kwargs):
        inputs = keras.Input((4, 6))
        x = layers.BatchNormalization()(layers.Dense(width)(inputs))
        super().__init__(inputs, layers.Dense(3)(x), **kwargs)
        self.width = width

    def get_config(self):
        return {"width": self.width, "name": self.name}


def with_trunk(optimizer):
    inputs = keras.Input((4, 6))
    x = layers.Flatten()(Trunk(name="trunk")(inputs))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax", name="head")(x))
    model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=True)
    return model


def inside(model):
    model.get_layer("trunk").layers[1].trainable = False


def one_weight(model):
    model.get_layer("trunk").layers[1].bias.trainable = False


def whole(model):
    model.get_layer("trunk").trainable = False


@pytest.mark.parametrize("freeze", [whole, inside, one_weight])
@pytest.mark.parametrize("wrap", [lambda one: one, keras.mixed_precision.LossScaleOptimizer])
def test_what_is_frozen_stays_so_and_the_optimizer_has_its_state(freeze, wrap, tmp_path):
    keras.utils.set_random_seed(0)
    model = with_trunk(wrap(keras.optimizers.Adam(1e-2)))
    freeze(model)
    model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    kreg.save_model(model, tmp_path / "model.keras")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Skipping variable loading")
        loaded = kreg.load_model(tmp_path / "model.keras")
    assert len(loaded.trainable_variables) == len(model.trainable_variables)
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    assert goes_on_alike(model, loaded)
    bare = kreg.load_model(tmp_path / "model.keras", compile=False)
    assert len(bare.trainable_variables) == len(model.trainable_variables)


@pytest.mark.filterwarnings("ignore:The head alone is trained for")
def test_a_model_that_is_thawed_later_has_the_whole_state_of_its_optimizer(tmp_path):
    keras.utils.set_random_seed(0)
    model = with_trunk(kreg.optimizers.Adam(1e-2))
    phases = kreg.finetune(model, kreg.L2SP(0.1), epochs=3)
    model.fit(X, Y, epochs=2, verbose=0, shuffle=False, callbacks=[phases])
    assert len(model.trainable_variables) == 2
    kreg.save_model(model, tmp_path / "model.keras")
    loaded = kreg.load_model(tmp_path / "model.keras")
    assert loaded.optimizer.rules.factors == model.optimizer.rules.factors != {}
    for one in (model, loaded):
        for layer in one.get_layer("trunk").layers[1::2]:  # no normalisation
            layer.trainable = True
        one.make_train_function(force=True)
    assert goes_on_alike(model, loaded)


def test_a_table_of_other_layers_is_said_and_not_followed(tmp_path):
    model = with_trunk("sgd")
    whole(model)
    kreg.save_model(model, tmp_path / "model.keras")
    row = {"layers": 3, "weights": 2, "frozen_layers": [1], "frozen_weights": [], "optimizer": None}
    other = tmp_path / "other.keras"
    with zipfile.ZipFile(tmp_path / "model.keras") as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, json.dumps(row) if name == "kreg_frozen.json" else old.read(name))
    with pytest.warns(UserWarning, match="other layers than the one that was saved"):
        kreg.load_model(other)


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"path ending in \.keras.*model\.h5"):
        kreg.save_model(transformer("sgd"), tmp_path / "model.h5")
    assert list(tmp_path.iterdir()) == []

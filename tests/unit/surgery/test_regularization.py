"""kreg.regularize: any built model, effective at once, kept by save, reversible, in sentences."""

import keras
import numpy as np
import pytest
from keras import layers

import kreg
import kreg.optimizers
from kreg.surgery import Rule, attached, graph, regularize, sparsity
from kreg.surgery.attachments import is_saved
from kreg.surgery.rules import weights_of

L1, L2 = keras.regularizers.L1, keras.regularizers.L2


def paths(model):
    return [row.weight for row in attached(model)]


def mlp():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, activation="relu", name="dense_a"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(1, name="head"),
        ]
    )


def nested():
    backbone = keras.Sequential(
        [keras.Input((8, 8, 2)), layers.SeparableConv2D(3, 3, name="sep"), layers.Flatten()],
        name="backbone",
    )
    inputs = keras.Input((8, 8, 2))
    return keras.Model(inputs, layers.Dense(2, name="head")(backbone(inputs)))


def data(repeat=1):
    """Thirty-two rows, repeated: many steps of an epoch cost less than many epochs."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 4)).astype("float32"), rng.normal(size=(32, 1))
    return np.tile(x, (repeat, 1)), np.tile(y, (repeat, 1))


def test_one_regularizer_goes_to_all_kernels_and_to_nothing_else():
    assert paths(regularize(mlp(), L2(0.1))) == ["dense_a/kernel", "head/kernel"]


def test_it_returns_the_same_model_and_the_penalty_has_the_right_value():
    model = mlp()
    assert regularize(model, L2(0.1)) is model
    expected = sum(0.1 * np.sum(w**2) for w in model.get_weights() if w.ndim == 2)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(L1(0.1), layers="dense_*"), ["dense_a/kernel"]),
        (Rule(L1(0.1), layers=layers.BatchNormalization, weights="gamma"), ["norm/gamma"]),
        (Rule(L1(0.1), layers=("head", "dense_a"), weights="bias"), ["dense_a/bias", "head/bias"]),
    ],
)
def test_rules_select_by_layer_name_type_and_weight(rule, expected):
    assert paths(regularize(mlp(), rule)) == expected


def test_a_later_rule_overrides_an_earlier_one_and_none_makes_an_exception():
    model = regularize(mlp(), [Rule(L1(0.1)), Rule(L2(0.2), "dense_a"), Rule(None, "head")])
    assert [row.regularizer for row in attached(model)] == ["L2(l2=0.2)"]


def test_the_path_selects_inside_a_nested_model():
    model = regularize(nested(), Rule(L1(0.1), layers="backbone/*"))
    assert paths(model) == ["backbone/sep/depthwise_kernel", "backbone/sep/pointwise_kernel"]
    assert all(row.saved for row in attached(model))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_next_fit_feels_it_and_the_optimizer_keeps_its_state(jit_compile):
    x, y = data()
    model = mlp()
    model.compile(keras.optimizers.Adam(1e-2), "mse", jit_compile=jit_compile)
    model.fit(x, y, verbose=0)
    model.evaluate(x, y, verbose=0)
    before = [v.numpy() for v in model.optimizer.variables]
    plain = model.evaluate(x, y, verbose=0)

    regularize(model, L2(1.0))
    assert all(np.array_equal(a, v.numpy()) for a, v in zip(before, model.optimizer.variables))
    penalty = float(sum(model.losses))
    assert model.evaluate(x, y, verbose=0) == pytest.approx(plain + penalty, rel=1e-5)

    steps = int(model.optimizer.iterations)
    model.fit(*data(200), verbose=0)
    assert int(model.optimizer.iterations) == steps + 200
    assert float(sum(model.losses)) < 0.1 * penalty


@pytest.mark.parametrize("kind", ["stock", "kreg"])
def test_a_model_around_the_regularized_one_feels_it_too(kind):
    """The compiled step of the outer model holds the inner weights' old penalties."""
    x, y = data()
    inner = mlp()
    outer = keras.Sequential([keras.Input((4,)), inner])
    adam = {"stock": keras.optimizers.Adam, "kreg": kreg.optimizers.Adam}[kind]
    outer.compile(adam(1e-9), "mse", jit_compile=False)
    before = outer.fit(x, y, shuffle=False, verbose=0).history["loss"][0]
    penalty = kreg.L1(0.5)
    regularize(inner, penalty)
    after = outer.fit(x, y, shuffle=False, verbose=0).history["loss"][0]
    assert after - before == pytest.approx(float(sum(outer.losses)), rel=1e-4)
    assert penalty.optimizers() == ([outer.optimizer] if kind == "kreg" else [])


def test_the_negative_control_setting_the_attribute_alone_does_nothing():
    model = mlp()
    model.layers[0].kernel_regularizer = L2(1.0)
    assert model.losses == []


@pytest.mark.parametrize("make", [mlp, nested])
def test_save_load_and_clone_keep_it(make, tmp_path):
    model = regularize(make(), L2(0.25))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    cloned = keras.models.clone_model(model)
    cloned.set_weights(model.get_weights())
    for copy in (loaded, cloned):
        assert [r.regularizer for r in attached(copy)] == [r.regularizer for r in attached(model)]
        assert float(sum(copy.losses)) == pytest.approx(float(sum(model.losses)), rel=1e-6)


def test_none_removes_everything_also_from_the_configuration():
    model = regularize(regularize(mlp(), Rule(L1(0.1), weights="*")), None)
    assert attached(model) == [] and model.losses == []
    assert "L1" not in model.to_json()


def test_a_frozen_layer_is_said_to_be_inactive():
    model = nested()
    model.layers[1].trainable = False
    with pytest.warns(UserWarning, match="inactive on frozen weights: 'backbone/sep"):
        regularize(model, L2(0.1))
    rows = {row.weight: row.active for row in attached(model)}
    assert rows == {
        "backbone/sep/depthwise_kernel": False,
        "backbone/sep/pointwise_kernel": False,
        "head/kernel": True,
    }
    assert "no: frozen" in str(attached(model))


def test_recurrent_and_wrapped_layers_are_reached_and_saved():
    inputs = keras.Input((5, 4))
    x = layers.Bidirectional(layers.LSTM(2, name="lstm"))(inputs)
    model = keras.Model(inputs, layers.Dense(1)(x))
    regularize(model, L2(0.5))
    assert len(attached(model)) == 5 and all(row.saved for row in attached(model))
    clone = keras.models.clone_model(model)
    assert len(attached(clone)) == 5


def test_a_layer_that_cannot_keep_it_is_said_so():
    inputs = keras.Input((5, 4))
    attention = layers.MultiHeadAttention(2, 2)
    model = keras.Model(inputs, attention(inputs, inputs))
    with pytest.warns(UserWarning, match="lose the penalty.*kreg.save_model"):
        regularize(model, L2(0.1))
    assert len(model.losses) == 4
    assert not any(row.saved for row in attached(model))


class Unnamed(keras.Model):
    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], 1), initializer="ones")
        self.built = True

    def call(self, x):
        return keras.ops.matmul(x, self.w)


def test_a_subclassed_model_with_unnamed_weights():
    model = Unnamed()
    model.build((None, 3))
    with pytest.raises(ValueError, match=r"no name of their own.*weights='\*'"):
        regularize(model, L2(0.5))
    with pytest.warns(UserWarning, match="lose the penalty.*kreg.save_model"):
        regularize(model, Rule(L2(0.5), weights="*"))
    assert float(sum(model.losses)) == 1.5


def test_a_rule_that_matches_nothing_lists_the_layers():
    with pytest.raises(ValueError, match="'dense_a', 'norm', 'head'.*Did you mean 'head'"):
        regularize(mlp(), Rule(L2(0.1), layers="haed"))
    model = regularize(mlp(), Rule(L2(0.1), layers="haed"), missing="ignore")
    assert attached(model) == []


class NeedsFourAxes(keras.Regularizer):
    def __call__(self, x):
        return keras.ops.sum(keras.ops.max(x, axis=3))


def test_a_regularizer_that_does_not_fit_is_refused_before_anything_changes():
    model = mlp()
    with pytest.raises(ValueError, match="does not fit the weight 'dense_a/kernel' of shape"):
        regularize(model, [Rule(L2(0.1), "head"), Rule(NeedsFourAxes(), "dense_a")])
    assert attached(model) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nonsense",), "argument `regularizer`"),
        ((3.0,), "argument `regularizer`"),
        (([],), "argument `rules`"),
        (([L2(0.1)],), "argument `rules`"),
        ((L2(0.1), "sometimes"), "argument `missing`"),
    ],
)
def test_bad_arguments_are_answered_in_sentences(arguments, message):
    with pytest.raises(ValueError, match=message):
        regularize(mlp(), *arguments)


def test_bad_rules_and_models_are_answered_in_sentences():
    with pytest.raises(ValueError, match="argument `layers`"):
        Rule(L2(0.1), layers=3)
    with pytest.raises(ValueError, match="argument `weights`"):
        Rule(L2(0.1), weights="")
    with pytest.raises(ValueError, match="argument `model`"):
        regularize("model", L2(0.1))
    with pytest.raises(ValueError, match="has no weights yet"):
        regularize(keras.Sequential([layers.Dense(1)]), L2(0.1))


def test_graph_models_are_told_from_others():
    assert graph.is_graph(nested())
    assert not graph.is_graph(Unnamed()) and not graph.is_graph(layers.BatchNormalization())


def test_what_is_called_saved_really_is():
    """The predicate against the truth: rebuild each layer from its configuration and look."""
    for layer in (
        layers.Dense(2),
        layers.EinsumDense("ab,bc->ac", 2),
        layers.GRU(2),
        layers.TimeDistributed(layers.Dense(2)),
        layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)]),
    ):
        shape = (4,) if isinstance(layer, layers.Dense | layers.EinsumDense) else (5, 4)
        inputs = keras.Input(shape)
        model = regularize(keras.Model(inputs, layer(inputs)), L2(0.1))
        clone = keras.models.clone_model(model)
        assert len(attached(clone)) == len(attached(model)) > 0
        assert all(is_saved(owner, w, model) for owner, w in weights_of(model))


@pytest.mark.parametrize("first", ["none", "l1"])
def test_a_kreg_optimizer_takes_up_and_puts_down_penalties_between_fits(first):
    x, y = data()
    model = mlp()
    if first == "l1":
        regularize(model, kreg.L1(1e-4))
    model.compile(kreg.optimizers.Adam(1e-2), "mse")
    model.fit(x, y, verbose=0)
    steps = int(model.optimizer.iterations)

    regularize(model, kreg.L1(1.0))
    model.fit(*data(120), verbose=0)
    assert sparsity(model).fraction > 0.5
    assert int(model.optimizer.iterations) == steps + 120

    regularize(model, None)
    model.fit(*data(60), verbose=0)
    assert sparsity(model).fraction < 0.5


def test_a_penalty_of_kreg_says_itself_which_axis_is_missing():
    with pytest.raises(ValueError, match=r"does not fit.*argument `axis`.*shape \(4, 3\)"):
        regularize(mlp(), kreg.GroupLasso(0.1, axis=3))


def test_each_weight_gets_its_own_distance_to_the_start():
    model = regularize(mlp(), kreg.L2SP(0.1))
    first, second = model.layers[0].kernel.regularizer, model.layers[2].kernel.regularizer
    assert first is not second and first == second
    shared = regularize(mlp(), kreg.L1(0.1))
    assert shared.layers[0].kernel.regularizer is shared.layers[2].kernel.regularizer


def test_a_group_penalty_passes_over_kernels_that_are_one_group():
    def network(channels):
        conv = layers.Conv2D(4, 3, name="conv")
        end = [layers.Flatten(), layers.Dense(3, name="head")]
        return keras.Sequential([keras.Input((6, 6, channels)), conv, *end])

    penalty = kreg.GroupLasso(0.1, axis=-2)
    grey = kreg.regularize(network(1), penalty)
    assert paths(grey) == ["head/kernel"]
    colour = kreg.regularize(network(3), penalty)
    assert paths(colour) == ["conv/kernel", "head/kernel"]
    named = kreg.regularize(network(1), Rule(penalty, layers=("conv", "head")))
    assert paths(named) == ["conv/kernel", "head/kernel"]
    single = kreg.regularize(network(1), kreg.L1(0.1))
    assert paths(single) == ["conv/kernel", "head/kernel"]
    lone = keras.Sequential([keras.Input((1,)), layers.Dense(2, name="only")])
    assert paths(kreg.regularize(lone, penalty)) == ["only/kernel"]

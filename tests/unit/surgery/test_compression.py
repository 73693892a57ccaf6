"""kreg.compress case by case: what goes, what stays, and why; what is refused, in sentences."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

import kreg.layers
import kreg.models
from kreg.surgery import compress, cost, verify
from kreg.surgery.channels import registry
from kreg.surgery.channels.kernels import Dense


def dense_model(first, biases, second, activation="relu"):
    """x -> act(x first + biases) second."""
    first, second = np.array(first, "float32"), np.array(second, "float32")
    model = keras.Sequential(
        [
            keras.Input((first.shape[0],), name="x"),
            layers.Dense(first.shape[1], activation, name="hidden"),
            layers.Dense(second.shape[1], name="head"),
        ]
    )
    model.set_weights([first, np.array(biases, "float32"), second, np.zeros(second.shape[1])])
    return model


def widths(model):
    return [layer.weights[0].shape for layer in model.layers if layer.weights]


def squeeze(model, **kwargs):
    return compress(model, latency=False, **kwargs)


def randomized(model, seed=0):
    """Every weight random and not zero, variances positive."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(rng.uniform(0.2, 1.0, weight.shape) * rng.choice((1.0, 1.0), weight.shape))
    return model


def zero(layer, *, rows=(), columns=()):
    kernel, *rest = layer.get_weights()
    kernel[..., list(rows), :] = 0
    kernel[..., list(columns)] = 0
    layer.set_weights([kernel, *rest])


def test_an_unused_unit_goes_whatever_its_activation():
    model = dense_model([[1, 2], [3, 4]], [5, 6], [[7], [0]], activation="exponential")
    smaller, report = squeeze(model)
    assert widths(smaller) == [(2, 1), (1, 1)]
    assert report.difference == 0.0 and report.ratio == 5 / 9


def test_a_constant_unit_goes_into_the_bias_of_its_consumer():
    model = dense_model([[1, 0], [3, 0]], [5, 6], [[7], [8]])
    smaller, _ = squeeze(model)
    assert widths(smaller) == [(2, 1), (1, 1)]
    assert smaller.layers[-1].bias.numpy() == [48.0]


def test_a_consumer_without_bias_gets_one_only_where_it_needs_it():
    for bias, expected in ((6.0, True), (-6.0, False)):
        inputs = keras.Input((2,))
        x = layers.Dense(2, "relu")(inputs)
        model = keras.Model(inputs, layers.Dense(1, use_bias=False)(x))
        kernel, head = np.array([[1.0, 0], [3, 0]]), np.array([[7.0], [8]])
        model.set_weights([kernel, np.array([5.0, bias]), head])
        assert squeeze(model)[0].layers[-1].use_bias is expected


def test_features_are_reported_and_can_be_selected():
    model = dense_model([[1, 2], [0, 0], [3, 0], [0, 4]], [0, 0], [[1], [0]])
    smaller, report = squeeze(model)
    assert list(report.features["x"]) == [0, 2] and smaller.input_shape == (None, 4)
    narrow, report = squeeze(model, select_inputs=True)
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    assert narrow.input_shape == (None, 2) and narrow.count_params() == 5
    assert np.allclose(narrow(x[:, report.features["x"]]), model(x), rtol=1e-6)


def test_residual_channels_go_together_or_not_at_all():
    inputs = keras.Input((3,))
    a = layers.Dense(4, name="a")(inputs)
    b = layers.Dense(4, name="b")(a)
    out = layers.Dense(1, name="out")(layers.Add()([a, b]))
    model = randomized(keras.Model(inputs, out))
    zero(model.get_layer("out"), rows=[0, 1])
    zero(model.get_layer("b"), rows=[0])  # channel 1 is still read here
    smaller, _ = squeeze(model)
    assert widths(smaller) == [(3, 3), (3, 3), (3, 1)]


def test_a_nonzero_constant_into_same_padding_stays():
    inputs = keras.Input((5, 5, 2))
    x = layers.Conv2D(3, 1, name="producer")(inputs)
    same = layers.Conv2D(2, 3, padding="same")(x)
    model = randomized(keras.Model(inputs, same))
    zero(model.get_layer("producer"), columns=[0])
    assert squeeze(model)[1].ratio == 1.0
    valid = randomized(keras.Model(inputs, layers.Conv2D(2, 3, padding="valid")(x)))
    zero(valid.get_layer("producer"), columns=[0])
    assert widths(squeeze(valid)[0])[0] == (1, 1, 2, 2)


def test_batch_normalization_with_zero_gamma_is_a_constant():
    inputs = keras.Input((2,))
    x = layers.Dense(3, name="before")(inputs)
    x = layers.BatchNormalization(name="norm")(x)
    model = randomized(keras.Model(inputs, layers.Dense(1)(x)))
    gamma, *rest = model.get_layer("norm").get_weights()
    model.get_layer("norm").set_weights([np.array([0, 1, 1]) * gamma, *rest])
    assert widths(squeeze(model)[0]) == [(2, 2), (2,), (2, 1)]


def test_flatten_keeps_a_channel_that_any_place_needs():
    inputs = keras.Input((2, 2, 1))
    x = layers.Conv2D(3, 1)(inputs)
    model = randomized(keras.Model(inputs, layers.Dense(1, name="out")(layers.Flatten()(x))))
    rows = [place * 3 + channel for place in range(4) for channel in (0, 1)]
    zero(model.get_layer("out"), rows=rows[:-1])  # of channel 1 the last place is read
    assert widths(squeeze(model)[0]) == [(1, 1, 1, 2), (8, 1)]


def test_a_layer_whose_units_are_all_dead_keeps_one_and_says_so():
    model = dense_model(np.ones((3, 4)), np.ones(4), np.zeros((4, 2)))
    smaller, report = squeeze(model)
    assert widths(smaller) == [(3, 1), (1, 2)]
    assert "No unit of 'hidden' is needed; one was kept." in report.notes
    assert "No unit" in str(report)


def test_a_model_without_zeros_is_returned_equal():
    model = randomized(dense_model(np.ones((3, 4)), np.ones(4), np.ones((4, 2))))
    smaller, report = squeeze(model)
    assert all(map(np.array_equal, smaller.get_weights(), model.get_weights()))
    assert report.ratio == 1.0 and "nothing to remove" in report.notes[0]


@pytest.mark.parametrize(
    "barrier",
    [
        lambda x: layers.Softmax()(x),
        lambda x: layers.LayerNormalization()(x),
        lambda x: layers.Activation(lambda t: t[:, ::-1])(x),
        lambda x: layers.UnitNormalization()(x),
        lambda x: layers.Reshape((2, 2))(x),
        lambda x: layers.Dense(4, "softmax", name="mix")(x),
        lambda x: keras.ops.flip(x, axis=-1),
        lambda x: layers.Rescaling([[1.0, 2.0, 3.0, 4.0]])(x),
        lambda x: layers.TimeDistributed(layers.Dense(2))(layers.Reshape((2, 2))(x)),
    ],
)
def test_what_is_read_by_a_barrier_stays(barrier):
    inputs = keras.Input((3,))
    x = layers.Dense(4, name="before")(inputs)
    x = layers.Flatten()(barrier(x))
    model = randomized(keras.Model(inputs, layers.Dense(2, name="out")(x)))
    zero(model.get_layer("out"), rows=[0])
    smaller, _ = squeeze(model)
    assert smaller.get_layer("before").units == 4


@pytest.mark.parametrize(
    "scale",
    [
        lambda x: layers.Rescaling([1.0, 2.0, 3.0, 4.0], [0.5, 0.0, 0.0, 0.0])(x),
        lambda x: layers.EinsumDense("bd,d->bd", output_shape=(4,))(x),
        lambda x: keras.ops.sin(keras.ops.arctan(x)),
    ],
)
def test_a_number_for_each_channel_is_followed(scale):
    inputs = keras.Input((3,))
    x = scale(layers.Dense(4, name="before")(inputs))
    model = randomized(keras.Model(inputs, layers.Dense(2, name="out")(x)))
    zero(model.get_layer("out"), rows=[0])
    smaller, _ = squeeze(model)
    assert smaller.get_layer("before").units == 3


def test_barriers_are_named_with_the_reason():
    inputs = keras.Input((8, 8, 2))
    shared = layers.Conv2D(2, 1, name="shared")
    x = shared(shared(inputs))
    x = layers.Conv2D(2, 1, groups=2, name="grouped")(x)
    x = layers.Permute((3, 1, 2), name="moved")(x)
    x = layers.GlobalAveragePooling2D(data_format="channels_first", name="first")(x)
    x = layers.BatchNormalization(name="norm")(x)
    report = squeeze(randomized(keras.Model(inputs, x)))[1]
    assert set(report.barriers) == {"shared", "grouped", "moved", "first"}
    assert "more than once" in report.barriers["shared"]
    assert "channels_first" in report.barriers["first"]


def test_a_subclass_of_a_known_layer_is_a_barrier():
    class Doubled(layers.Dense):
        def call(self, x):
            return keras.ops.flip(super().call(x), axis=-1)

    inputs = keras.Input((3,))
    x = Doubled(4, name="custom")(inputs)
    model = randomized(keras.Model(inputs, layers.Dense(2, name="out")(x)))
    zero(model.get_layer("out"), rows=[0])
    smaller, report = squeeze(model)
    assert smaller.get_layer("custom").units == 4 and "custom" in report.barriers


def test_a_nested_model_is_compressed_inside_and_keeps_its_face():
    inner_input = keras.Input((4,))
    x = layers.Dense(6, "relu", name="wide")(inner_input)
    inner = keras.Model(inner_input, layers.Dense(3, name="face")(x), name="inner")
    inputs = keras.Input((4,))
    out = layers.Dense(1, name="out")(layers.Add()([inner(inputs), inner(inputs * 2.0)]))
    model = randomized(keras.Model(inputs, out))
    zero(inner.get_layer("face"), rows=[0, 1, 2])
    zero(model.get_layer("out"), rows=[0])
    smaller, report = squeeze(model)
    assert smaller.get_layer("inner").get_layer("wide").units == 3
    assert smaller.get_layer("inner").get_layer("face").units == 3
    assert report.barriers == {"multiply": report.barriers["multiply"]}


def test_noise_and_penalties_of_kreg_leave_plain_keras(tmp_path):
    inputs = keras.Input((4,))
    penalty = kreg.L1(1e-3)
    x = layers.Dense(6, "relu", kernel_regularizer=penalty, name="a")(inputs)
    x = kreg.layers.Dropout(0.3)(x)
    x = kreg.layers.DropConnect(layers.Dense(5, "relu"), rate=0.2, name="wrapped")(x)
    model = keras.Model(inputs, layers.Dense(2, name="out")(x))
    zero(model.get_layer("a"), columns=[0, 1])
    zero(model.get_layer("out"), rows=[4])
    smaller, report = squeeze(model)
    assert widths(smaller) == [(4, 4), (4, 4), (4, 2)] and report.barriers == {}
    smaller.save(tmp_path / "plain.keras")
    code = (
        "import sys; sys.modules['kreg'] = None; import keras; keras.models.load_model(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "plain.keras")], check=True)


@pytest.mark.parametrize("builder", ["deep", "cnn", "resnet", "transformer", "forest"])
def test_the_models_of_kreg(builder):
    shape = (8, 8, 3) if builder in ("cnn", "resnet") else (6,)
    model = randomized(getattr(kreg.models, builder)(shape, 2, "classification"))
    kernels = [w for w in model.trainable_weights if w.name == "kernel" and w.shape[-2] > 3]
    for kernel in kernels:
        kernel.assign(kernel.numpy() * (np.arange(kernel.shape[-2]) % 2)[:, None])
    _, report = squeeze(model)
    assert (report.ratio < 0.9) == (builder != "forest")
    plain = builder not in ("transformer", "forest")
    assert any("kreg.load_model" in note for note in report.notes) != plain


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_has_a_tolerance_of_its_own(policy):
    keras.config.set_dtype_policy(policy)
    model = randomized(dense_model(np.ones((8, 16)), np.ones(16), np.ones((16, 2))))
    zero(model.layers[0], columns=range(8))
    smaller, report = squeeze(model)
    assert smaller.layers[0].units == 8 and report.difference <= verify.tolerance_of(model)
    assert smaller.layers[0].dtype_policy.name == policy


def test_several_inputs_and_outputs_in_dictionaries():
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    x = layers.Concatenate()([layers.Dense(4, name="da")(a), layers.Dense(3, name="db")(b)])
    outputs = {"y": layers.Dense(1, name="y")(x), "z": layers.Dense(2, name="z")(x)}
    model = randomized(keras.Model({"a": a, "b": b}, outputs))
    zero(model.get_layer("y"), rows=[0, 1, 6])
    zero(model.get_layer("z"), rows=[0, 6])
    smaller, report = squeeze(model, data={"a": np.ones((4, 3)), "b": np.ones((4, 2))})
    assert smaller.get_layer("da").units == 3 and smaller.get_layer("db").units == 2
    assert set(smaller(verify.random_inputs(model))) == {"y", "z"}
    assert set(report.features) == {"a", "b"}


def test_open_sizes_and_whole_number_inputs():
    image = keras.Input((None, None, 2))
    x = layers.Conv2D(4, 3, name="c")(image)
    word = keras.Input((5,), dtype="int32")
    e = layers.Flatten()(layers.Embedding(7, 3)(word))
    x = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), e])
    model = randomized(keras.Model([image, word], layers.Dense(1, name="out")(x)))
    zero(model.get_layer("out"), rows=[0, 1])
    assert squeeze(model)[0].get_layer("c").filters == 2


def test_training_goes_on_with_the_smaller_model():
    model = dense_model([[1, 0], [3, 0]], [5, 6], [[7], [8]])
    smaller, _ = squeeze(model)
    assert not smaller.compiled
    smaller.compile("sgd", "mse")
    smaller.fit(np.ones((8, 2)), np.zeros((8, 1)), verbose=0)


def test_the_report_is_plain_and_printable():
    model = dense_model([[1, 0], [3, 0]], [5, 6], [[7], [8]])
    _, report = compress(model, np.ones((3, 2)))
    assert report.before.latency_ms > 0 and report.after.latency_ms > 0
    assert (report.before.flops, report.after.flops) == (12, 6)
    plain = json.loads(json.dumps(report.as_dict()))
    assert plain["features"] == {"x": [0, 1]} and plain["layers"][0]["new_shape"] == [2, 1]
    assert "parameters 9 -> 5 (55.6%)" in str(report)


def test_operations_are_counted_as_on_paper():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)  # 2 * 64 * 9 * 3 * 4
    x = layers.DepthwiseConv2D(3)(x)  # 2 * 36 * 9 * 4
    x = layers.SeparableConv2D(5, 3)(x)  # 2 * 16 * (9 * 4 + 4 * 5)
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))  # 2 * 80 * 2
    assert cost.flops(model) == 13824 + 2592 + 1792 + 320


def test_a_wrong_model_is_never_returned(monkeypatch):
    """The negative control: break one rule of the analysis and the check must notice."""
    monkeypatch.setattr(Dense, "folded", lambda self, values: np.zeros(self.size))
    with pytest.raises(ValueError, match="differs from .* more than the tolerance of 1e-05"):
        squeeze(dense_model([[1, 0], [3, 0]], [5, 6], [[7], [8]]))


def test_the_scope_of_the_issue_is_in_the_table():
    names = {cls.__name__ for cls in registry.BEHAVIOURS}
    wanted = (
        "Dense Conv1D Conv2D Conv3D DepthwiseConv1D DepthwiseConv2D SeparableConv1D "
        "SeparableConv2D BatchNormalization Activation ReLU Dropout MaxPooling2D Flatten Add "
        "Average Maximum Concatenate ZeroPadding2D GlobalAveragePooling2D"
    )
    assert set(wanted.split()) <= names


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)


def test_bad_arguments_are_answered_in_sentences():
    subclassed = Subclassed()
    subclassed(np.ones((1, 2)))
    model = dense_model([[1.0]], [1.0], [[1.0]])
    with pytest.raises(ValueError, match="is subclassed.*Write it with the functional API"):
        compress(subclassed)
    with pytest.raises(ValueError, match="argument `model`"):
        compress([model])
    with pytest.raises(ValueError, match="argument `tolerance`"):
        compress(model, tolerance=-1.0)
    with pytest.raises(ValueError, match="argument `latency`"):
        compress(model, latency=1)
    words = keras.Sequential(
        [keras.Input((1,), dtype="string"), layers.StringLookup(vocabulary=["a"])]
    )
    with pytest.raises(ValueError, match="Pass `data=`"):
        compress(words)


def test_a_model_that_reads_strings_is_checked_on_the_data():
    lookup = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    inputs = keras.Input((1,), dtype="string")
    hidden = layers.Dense(4, activation="relu")
    model = keras.Model(inputs, layers.Dense(1)(hidden(lookup(inputs))))
    kernel, bias = hidden.get_weights()
    hidden.set_weights([np.where(np.arange(4) < 2, 0.0, kernel), bias])
    words = keras.ops.convert_to_tensor([["a"], ["b"], ["c"]])
    smaller, report = compress(model, data=words, latency=False)
    np.testing.assert_allclose(smaller(words), model(words), atol=1e-6)
    assert report.after.parameters < report.before.parameters

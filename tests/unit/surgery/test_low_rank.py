"""Low-rank changes: what is trained, which rank is left, and the model with them merged."""

import keras
import numpy as np
import pytest

import kreg
from kreg import lora
from kreg.callbacks import LowRank
from kreg.callbacks.finetune import below_the_head
from kreg.surgery.low_rank import change_by_low_rank, merged

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 6, 6, 3)).astype("float32")
Y = RNG.normal(size=(16, 2)).astype("float32")


def network():
    """Layers of all kinds: nested, inside another layer, without such a change."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input((6, 6, 3))
    trunk = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            keras.layers.Conv2D(4, 3, name="conv"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.DepthwiseConv2D(3, name="depthwise"),
        ],
        name="trunk",
    )
    x = keras.layers.Reshape((4, 4))(trunk(inputs))
    x = keras.layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = keras.layers.Dense(5, "relu", name="hidden")(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(2, name="head")(x))


def changed():
    model = network()
    found = change_by_low_rank(below_the_head(model), 2, 0.0)
    model.compile(kreg.optimizers.SGD(0.1), "mse")
    return model, *found


def outputs(model):
    return keras.ops.convert_to_numpy(model(X))


def test_only_the_changes_and_the_head_are_trained_and_a_plain_copy_says_the_same():
    model, layers, left = changed()
    np.testing.assert_array_equal(outputs(model), outputs(network()))
    assert {layer.name for layer in layers} == {
        "conv", "query", "key", "value", "attention_output", "hidden",
    }  # fmt: skip
    assert [layer.path for layer in left] == ["trunk/depthwise"]
    names = {weight.name for weight in model.trainable_weights}
    assert names == {"lora_kernel_a", "lora_kernel_b", "kernel", "bias"}
    assert len(model.trainable_weights) == 2 * len(layers) + 2  # those of the head

    frozen = [w for w in model.weights if not w.name.startswith("lora") and "head" not in w.path]
    before = [weight.numpy() for weight in frozen]
    model.fit(X, Y, epochs=2, verbose=0)
    for old, weight in zip(before, frozen, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)
    assert not np.array_equal(outputs(model), outputs(network()))

    for copy in (merged(model), kreg.strip(model)):
        np.testing.assert_allclose(outputs(copy), outputs(model), atol=1e-6)
        assert not lora.holders(copy)
        assert copy.count_params() == network().count_params()
        assert "lora" not in copy.to_json().replace('"lora_rank": null', "")
    assert lora.holders(model)


def test_a_model_without_changes_is_merged_already():
    plain = network()
    assert merged(plain) is plain


def test_a_strong_penalty_leaves_every_layer_as_it_was():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    change_by_low_rank([(layer, True) for layer in model.layers], 2, 1e3)
    model.compile(kreg.optimizers.SGD(0.1), "mse")
    model.fit(X[:, 0, 0], Y, epochs=2, verbose=0)
    assert list(lora.ranks(model).values()) == [(0, 2), (0, 2)]


def test_the_group_lasso_finds_the_rank_that_is_in_the_data():
    """For rows that are orthogonal the least loss plus 1.5 s sum(sigma^(2/3)) has a closed form."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = 8 * np.linalg.qr(rng.normal(size=(64, 12)))[0].astype("float32")  # x'x = 64 I
    model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(10, name="dense")])
    layer, steps, l1 = model.layers[0], 300, 0.1
    start = layer.kernel.numpy()
    change = rng.normal(size=(12, 2)) @ rng.normal(size=(2, 10))
    y = x @ (start + change)
    change_by_low_rank([(layer, True)], 6, l1)
    rate = keras.optimizers.schedules.CosineDecay(0.1, steps)
    model.compile(kreg.optimizers.Adam(rate), "mse")
    data = [np.tile(part, (steps, 1)) for part in (x, y)]  # each step has all rows
    model.fit(*data, batch_size=64, shuffle=False, verbose=0)
    assert lora.ranks(model) == {"dense": (2, 6)}

    found = np.linalg.svd(merged(model).layers[0].kernel.numpy() - start)[1]
    planted = np.linalg.svd(change)[1][:2]
    wanted = planted
    for _ in range(100):  # the derivative is zero: 2 (sigma - planted) / 10 + s sigma^(-1/3) = 0
        wanted = planted - 10 * l1 * np.sqrt(10) / 2 * wanted ** (-1 / 3)
    np.testing.assert_allclose(found[:2], wanted, rtol=0.02)
    assert (planted - wanted > 0.7).all() and found[2] < 1e-4


def test_an_embedding_changes_and_a_small_kernel_has_a_small_rank():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Embedding(9, 3, name="words")])
    change_by_low_rank([(model.layers[0], True)], 8, 0.1)
    assert lora.ranks(model) == {"words": (0, 3)}


def test_what_cannot_be_changed_is_refused():
    model = keras.Sequential([keras.Input((4, 4, 2)), keras.layers.DepthwiseConv2D(3, name="deep")])
    capped = keras.layers.Dense(2, kernel_constraint="non_neg", name="capped")
    capped.build((None, 3))
    with pytest.raises(ValueError, match="deep' .DepthwiseConv2D., 'capped' .Dense."):
        change_by_low_rank([(model.layers[0], True), (capped, True)], 2, 0.1)
    model, *_ = changed()
    with pytest.raises(ValueError, match="has a low-rank change already"):
        change_by_low_rank(below_the_head(model), 2, 0.1)


def test_a_file_has_the_changes_merged_and_what_is_loaded_says_that_they_are_spent(tmp_path):
    model, *_ = changed()
    model.fit(X, Y, epochs=2, verbose=0)
    assert lora.spent(model) == []
    kreg.save_model(model, tmp_path / "model.keras")
    with pytest.warns(UserWarning) as told:
        loaded = kreg.load_model(tmp_path / "model.keras")
    sentences = [str(one.message) for one in told]
    assert any("'hidden' were merged" in one and "cannot be trained" in one for one in sentences)
    assert not any("The file has a penalty" in one for one in sentences)
    np.testing.assert_allclose(outputs(loaded), outputs(model), atol=1e-5)
    with pytest.raises(ValueError, match="were merged into the kernels"):
        loaded.fit(X, Y, verbose=0, callbacks=[LowRank()])

    again = kreg.strip(loaded)
    np.testing.assert_allclose(outputs(again), outputs(model), atol=1e-5)
    again.compile(kreg.optimizers.SGD(0.1), "mse")
    again.fit(X, Y, verbose=0, callbacks=[kreg.finetune(again, how="lora", rank=2, l1=0.0)])
    assert np.abs(outputs(again) - outputs(model)).max() > 0


def test_a_stripped_model_loads_without_a_warning(tmp_path, recwarn):
    model, *_ = changed()
    model.fit(X, Y, verbose=0)
    kreg.strip(model).save(tmp_path / "plain.keras")
    loaded = kreg.load_model(tmp_path / "plain.keras")
    np.testing.assert_allclose(outputs(loaded), outputs(model), atol=1e-5)
    assert not [one for one in recwarn if "low-rank" in str(one.message)]

"""Every builder: shapes, heads, dials, noise places, save and load."""

import json
from itertools import pairwise

import keras
import numpy as np
import pytest

from kreg import models
from kreg.layers import Place

TABLE, IMAGE = (6,), (8, 8, 1)
DENSE = ("linear", "shallow", "deep", "wide", "forest")
IMAGES = ("cnn", "resnet", "preact_resnet", "wide_resnet")
SMALL = {
    "shallow": {"width": 8},
    "deep": {"depth": 3, "width": 8},
    "wide": {"width": 16},
    "forest": {"depth": 3, "trees": 4},
    "transformer": {"depth": 1, "width": 8, "heads": 2},
    "tabm": {"members": 3, "depth": 1, "width": 8, "embedding": 4},
    "cnn": {"depth": 2, "width": 4},
    "resnet": {"width": 4},
    "preact_resnet": {"width": 4},
    "wide_resnet": {"depth": 1, "width": 4},
}
ALL = [*DENSE, "transformer", "tabm", *IMAGES]
DIALS = {
    "shallow": ("depth", "width"),
    "deep": ("depth", "width"),
    "wide": ("depth", "width"),
    "forest": ("depth", "trees"),
    "transformer": ("depth", "width"),
    "tabm": ("members", "depth", "width", "embedding"),
    **dict.fromkeys(IMAGES, ("depth", "width")),
}


def shape_of(kind):
    return IMAGE if kind in IMAGES else TABLE


def build(kind, outputs=3, task="classification", **dials):
    builder = getattr(models, kind)
    return builder(shape_of(kind), outputs, task, **{**SMALL.get(kind, {}), **dials})


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind != "tabm"])
def test_output_is_a_linear_head_for_every_task(kind):
    for task, outputs in (("classification", 3), ("binary", 1), ("regression", 2)):
        model = build(kind, outputs, task)
        head = model.layers[-1]
        assert model.output_shape == (None, outputs)
        assert head.name == "head"
        assert head.activation is keras.activations.linear


@pytest.mark.parametrize("kind", ALL)
def test_gradients_reach_every_weight(kind):
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = build(kind)
    x = np.random.default_rng(0).normal(size=(16, *shape_of(kind))).astype("float32")
    with tf.GradientTape() as tape:
        loss = keras.ops.mean(keras.ops.square(model(x, training=True) - 1.0))
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    assert all(g is not None and np.isfinite(g).all() for g in gradients)
    assert sum(np.abs(g).max() > 0 for g in gradients) >= len(gradients) - 1


@pytest.mark.parametrize("kind", ALL)
def test_save_and_load_keeps_the_outputs(kind, tmp_path):
    model = build(kind, dropout=0.3)
    x = np.random.default_rng(1).normal(size=(4, *shape_of(kind))).astype("float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert json.loads(model.to_json()) == json.loads(loaded.to_json())


@pytest.mark.parametrize("kind", DIALS)
def test_more_depth_or_width_is_more_parameters(kind):
    for dial in DIALS[kind]:
        start = SMALL[kind].get(dial, 1)
        sizes = [count(build(kind, **{dial: start + step})) for step in (0, 2, 4)]
        assert all(small < large for small, large in pairwise(sizes))


@pytest.mark.parametrize("kind", DIALS)
def test_scale_multiplies_the_width(kind):
    dial = "trees" if kind == "forest" else "width"
    doubled = build(kind, **{dial: 16}, scale=0.25)
    assert count(doubled) == count(build(kind, **{dial: 4}))
    sizes = [count(build(kind, **{dial: 8}, scale=scale)) for scale in (0.25, 1, 4)]
    assert sizes == sorted(set(sizes))


def test_scale_out_of_range_is_a_sentence():
    for kind in DIALS:
        for scale in (0.2, 4.1, "big"):
            with pytest.raises(ValueError, match="`scale`"):
                build(kind, scale=scale)


def count(model) -> int:
    return models.count_parameters(model).total


def test_the_models_span_one_hundred_to_ten_million_parameters():
    smallest = count(models.linear((18,), 4, "classification"))
    largest = count(models.wide((784,), 10, "classification", width=1024, scale=2.5))
    assert smallest <= 100
    assert largest >= 8e6
    assert count(models.wide((784,), 10, "classification", scale=3)) >= 1e7


def test_count_parameters_tells_trained_from_frozen():
    model = models.resnet(IMAGE, 3, "classification", width=4)
    counted = models.count_parameters(model)
    assert counted.total == model.count_params()
    statistics = [w for w in model.non_trainable_weights if "moving" in w.path]
    assert counted.frozen == sum(int(np.prod(w.shape)) for w in statistics) > 0
    assert "not trained" in str(counted)


def test_known_sizes_of_published_networks():
    """ResNet-20 has 0.27 million parameters, WRN-16-4 2.7 million (Zagoruyko, Table 5)."""
    resnet_20 = models.resnet((32, 32, 3), 10, "classification", depth=3)
    wrn_16_4 = models.wide_resnet((32, 32, 3), 10, "classification")
    assert models.count_parameters(resnet_20).trainable == pytest.approx(0.27e6, rel=0.03)
    assert models.count_parameters(wrn_16_4).trainable == pytest.approx(2.75e6, rel=0.01)


def places_of(kind, **dials):
    asked = []
    build(kind, dropout=lambda place: asked.append(place), **dials)
    return [(p.kind, p.index, p.total, p.rank) for p in asked]


@pytest.mark.parametrize(
    ("kind", "dials", "expected"),
    [
        ("linear", {}, [("dense", 0, 1, 2)]),
        ("deep", {"depth": 2}, [("dense", 0, 2, 2), ("dense", 1, 2, 2)]),
        (
            "deep",
            {"depth": 2, "skip": True},
            [("dense", 0, 2, 2), ("dense", 1, 2, 2), ("residual", 0, 1, 2)],
        ),
        ("cnn", {}, [("conv", 0, 2, 4), ("conv", 1, 2, 4), ("dense", 0, 1, 2)]),
        ("forest", {}, [("dense", 0, 1, 2)]),
        ("tabm", {"depth": 2}, [("dense", 0, 2, 3), ("dense", 1, 2, 3)]),
        (
            "transformer",
            {},
            [
                ("residual", 0, 2, 3),
                ("dense", 0, 2, 3),
                ("residual", 1, 2, 3),
                ("dense", 1, 2, 2),
            ],
        ),
    ],
)
def test_noise_is_asked_for_at_every_place_in_order(kind, dials, expected):
    assert places_of(kind, **dials) == expected


@pytest.mark.parametrize("kind", ["resnet", "preact_resnet", "wide_resnet"])
def test_residual_networks_have_a_place_in_and_after_each_branch(kind):
    places = places_of(kind, depth=2)
    by_kind = {name: [p for p in places if p[0] == name] for name in ("conv", "residual", "dense")}
    assert [p[1] for p in by_kind["conv"]] == list(range(6))
    assert [p[1:3] for p in by_kind["residual"]] == [(i, 6) for i in range(6)]
    assert len(by_kind["dense"]) == 1


def test_a_rate_puts_dropout_at_dense_and_conv_places_only():
    model = models.preact_resnet(IMAGE, 3, "classification", width=4, dropout=0.25)
    dropouts = [layer for layer in model.layers if type(layer).__name__ == "Dropout"]
    assert len(dropouts) == 3 + 1
    assert all(layer.get_config()["rate"] == 0.25 for layer in dropouts)


def test_a_factory_may_put_any_layer():
    def factory(place: Place):
        return keras.layers.GaussianNoise(0.5) if place.kind == "dense" else None

    model = models.cnn(IMAGE, 3, "classification", width=4, dropout=factory)
    assert sum(isinstance(layer, keras.layers.GaussianNoise) for layer in model.layers) == 1


def test_convolutions_refuse_tables_in_a_sentence():
    for kind in IMAGES:
        with pytest.raises(ValueError, match="convolutional"):
            getattr(models, kind)(TABLE, 3, "classification")


@pytest.mark.parametrize("kind", ["transformer", "tabm"])
def test_models_of_tables_refuse_images_in_a_sentence(kind):
    with pytest.raises(ValueError, match="reads tables"):
        getattr(models, kind)(IMAGE, 3, "classification")


def test_dense_models_flatten_images_and_rescale_bytes():
    for kind in DENSE:
        dials = {"rescale": 1 / 255, **SMALL.get(kind, {})}
        model = getattr(models, kind)(IMAGE, 3, "classification", **dials)
        assert [layer.name for layer in model.layers[1:3]] == ["rescale", "flatten"]


@pytest.mark.parametrize(
    ("task", "outputs", "named"),
    [("binary", 2, "outputs"), ("classification", 1, "outputs"), ("clasification", 3, "task")],
)
def test_a_wrong_head_is_a_sentence(task, outputs, named):
    with pytest.raises(ValueError, match=f"`{named}`"):
        models.shallow(TABLE, outputs, task)


def test_batch_norm_stands_between_each_kernel_and_its_activation():
    model = models.deep(TABLE, 3, "classification", depth=2, width=4, batch_norm=True)
    names = [layer.name for layer in model.layers[1:-1]]
    assert names == [
        "hidden_1", "hidden_1_norm", "hidden_1_relu", "hidden_2", "hidden_2_norm", "hidden_2_relu",
    ]  # fmt: skip
    assert not model.get_layer("hidden_1").use_bias


def test_the_head_keeps_full_precision_under_a_mixed_policy():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = models.shallow(TABLE, 3, "classification", width=4)
    assert model.get_layer("hidden_1").compute_dtype == "bfloat16"
    assert model.output.dtype == "float32"


def test_skip_connections_start_near_the_identity_of_depth():
    """With the second kernel at zero a residual layer passes its input through unchanged."""
    model = models.deep(TABLE, 3, "classification", depth=2, width=4, skip=True)
    second = model.get_layer("hidden_2")
    second.kernel.assign(np.zeros_like(second.kernel))
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    first = keras.Model(model.input, model.get_layer("hidden_1").output)
    last = keras.Model(model.input, model.get_layer("hidden_2_add").output)
    np.testing.assert_array_equal(first(x), last(x))

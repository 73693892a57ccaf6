"""What a training's penalties pass over is told."""

import keras
import numpy as np
import pytest

from kreg.regularizers.options import KINDS
from kreg.training import penalties


def one_output():
    head = keras.layers.Dense(1, name="head")
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="hidden"), head])


@pytest.mark.parametrize(
    ("kind", "settings", "why"),
    [
        ("nuclear", {}, "its only singular value is zero when all of its weights are"),
        ("group", {"groups": "outputs"}, "all of its weights are one group"),
        ("group", {"groups": "outputs", "max_norm": 1.0}, "all of its weights are one group"),
    ],
)
def test_what_a_penalty_passes_over_is_told_and_the_advice_takes_it(kind, settings, why):
    model = one_output()
    (told,) = penalties.attach(model, KINDS[kind](**settings), 10)
    assert told.startswith(f"reg={kind} passes over 'head/kernel': {why}. Name the layer")
    assert "{layers: head}" in told
    assert [layer.kernel.regularizer is None for layer in model.layers] == [False, True]
    advised = KINDS[kind](**settings, rules=[{"layers": "head"}])
    assert penalties.attach(one_output(), advised, 10) == []


@pytest.mark.parametrize(("kind", "settings"), [("maxnorm", {}), ("l1", {"max_norm": 0.5})])
def test_a_cap_is_kept_by_a_head_of_one_output_too(kind, settings):
    """A group penalty would shrink what everything depends on; a cap shrinks nothing inside it."""
    model = one_output()
    assert penalties.attach(model, KINDS[kind](**settings), 10) == []
    assert all(layer.kernel.regularizer is not None for layer in model.layers)


def test_a_layer_that_is_left_alone_on_purpose_is_no_news():
    named = KINDS["maxnorm"](rules=[{"layers": "head", "kind": "none"}])
    assert penalties.attach(one_output(), named, 10) == []
    assert penalties.attach(one_output(), KINDS["l1"](), 10) == []


@pytest.mark.parametrize("kind", ["mcp", "scad", "group_mcp", "group_scad"])
def test_a_concave_penalty_that_would_be_a_lasso_is_told_and_the_advice_is_none(kind):
    """`gamma` is a number of its own: with a strength ten times as large it is flat from 1 on."""
    keras.utils.set_random_seed(0)

    def model():
        layers = keras.layers
        return keras.Sequential([keras.Input((8,)), layers.Dense(64), layers.Dense(4)])

    usual = KINDS[kind]()
    assert penalties.attach(model(), usual, 10) == [], "the default acts on a usual start"
    (told,) = penalties.attach(model(), KINDS[kind](l1=10 * usual.l1), 10)
    advised = float(told.rpartition("gamma of ")[2].split()[0])
    assert "acts much like a lasso" in told and 3.7 <= advised < usual.gamma
    assert penalties.attach(model(), KINDS[kind](l1=10 * usual.l1, gamma=advised * 0.99), 10) == []


def test_a_concave_penalty_inside_a_cone_with_a_schedule_is_looked_at_where_it_ends():
    ramp = {"kind": "linear", "start": 0.0, "end": 2e-3, "duration": 5}
    (told,) = penalties.attach(one_output(), KINDS["mcp"](l1=ramp, gamma=5000.0, nonneg=True), 10)
    assert told.startswith("MCP: nothing above 10 is shrunk")
    assert penalties.attach(one_output(), KINDS["mcp"](l1=0.0), 10) == []


@pytest.mark.parametrize(("kind", "flat"), [("mcp", 0.1), ("scad", 0.1)])
def test_with_the_defaults_of_the_app_a_useful_weight_is_not_shrunk_and_a_small_one_is(kind, flat):
    """A closed form: the proximal map of a step. A lasso takes 2e-4 from each of them."""
    model = one_output()
    penalties.attach(model, KINDS[kind](), 10)
    penalty = model.get_layer("hidden").kernel.regularizer
    weights = np.array([3.0, 1.01 * flat, -1.01 * flat, flat / 10, 1e-4], "float32")
    found = np.asarray(penalty.prox(weights, 1.0))
    np.testing.assert_array_equal(found[:3], weights[:3])
    assert 0 < found[3] < weights[3] - 1e-4 and found[4] == 0

"""What a training's penalties pass over is told."""

import keras
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

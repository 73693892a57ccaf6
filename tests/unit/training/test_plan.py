"""What the model of a training starts from."""

import keras
import numpy as np
import pytest

from kreg.launch.compose import compose_job
from kreg.layers import noise_layers
from kreg.regularizers.options import KINDS
from kreg.training import plan, start

NOISY = {
    "model=deep model.width=8": ["dropout=light", "dropout=light dropout.rate=0",
                                 "dropout=concrete", "dropout=scheduled"],
    "model=cnn model.width=4": ["dropout=spatial", "dropout=dropblock", "dropout=heavy"],
    "model=deep model.width=8 model.skip=true": ["dropout=stochastic_depth"],
}  # fmt: skip


def started(words: str) -> plan.Plan:
    config = compose_job(["data.train_size=100", *words.split()])
    start.prepare(config.trainer, config.seed)
    return plan.make(config)


@pytest.mark.parametrize(
    "model",
    [
        m if m == "model=deep model.width=8" else pytest.param(m, marks=pytest.mark.slow)
        for m in NOISY
    ],
)
def test_what_two_settings_share_starts_equal(model):
    """One noise layer more or less moves no draw of the initializers'."""
    plain = {w.path: np.array(w) for w in started(model).model.weights}
    for noise in NOISY[model]:
        weights = {w.path: np.array(w) for w in started(f"{model} {noise}").model.weights}
        shared = [path for path in plain if path in weights]
        assert shared == list(plain), noise
        assert all(np.array_equal(plain[path], weights[path]) for path in shared), noise


def test_noise_layers_have_streams_of_their_own_that_the_seed_decides():

    def seeds(seed: int) -> list[int]:
        model = started(f"model=deep model.width=8 dropout=light seed={seed}").model
        return [int(np.array(layer.seed_generator.state)[0]) for layer in noise_layers(model)]

    one, again, other = seeds(0), seeds(0), seeds(1)
    assert len(set(one)) == len(one) > 1 and one == again and not set(one) & set(other)


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
    (told,) = plan.penalise(model, KINDS[kind](**settings), 10)
    assert told.startswith(f"reg={kind} passes over 'head/kernel': {why}. Name the layer")
    assert "{layers: head}" in told
    assert [layer.kernel.regularizer is None for layer in model.layers] == [False, True]
    advised = KINDS[kind](**settings, rules=[{"layers": "head"}])
    assert plan.penalise(one_output(), advised, 10) == []


@pytest.mark.parametrize(("kind", "settings"), [("maxnorm", {}), ("l1", {"max_norm": 0.5})])
def test_a_cap_is_kept_by_a_head_of_one_output_too(kind, settings):
    """A group penalty would shrink what everything depends on; a cap shrinks nothing inside it."""
    model = one_output()
    assert plan.penalise(model, KINDS[kind](**settings), 10) == []
    assert all(layer.kernel.regularizer is not None for layer in model.layers)


def test_a_layer_that_is_left_alone_on_purpose_is_no_news():
    named = KINDS["maxnorm"](rules=[{"layers": "head", "kind": "none"}])
    assert plan.penalise(one_output(), named, 10) == []
    assert plan.penalise(one_output(), KINDS["l1"](), 10) == []

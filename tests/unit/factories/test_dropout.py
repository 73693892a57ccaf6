"""The `dropout` group: every option builds the noise that it names, where it makes sense."""

import numpy as np
import pytest

from kreg import layers
from kreg.factories import dropout as build
from kreg.layers import Place, options
from kreg.schedules import Linear

DENSE, CONV = Place("dense", 0, 2, 2), Place("conv", 1, 2, 4)
RESIDUAL = Place("residual", 1, 4, 4)
RAMP = {"kind": "linear", "start": 0.0, "end": 0.4, "duration": 10, "unit": "epoch"}
EXPECTED = {  # kind -> the class at a dense, a convolutional and a residual place
    "none": (None, None, None),
    "dropout": (layers.Dropout, layers.Dropout, None),
    "spatial": (None, layers.SpatialDropout2D, None),
    "dropblock": (None, layers.DropBlock2D, None),
    "stochastic_depth": (None, None, layers.StochasticDepth),
    "concrete": (layers.ConcreteDropout, layers.ConcreteDropout, None),
}


def kind_of(layer):
    return None if layer is None else type(layer)


def test_every_kind_is_expected_somewhere():
    assert set(EXPECTED) == set(options.KINDS)


@pytest.mark.parametrize("kind", EXPECTED)
def test_each_kind_answers_at_the_places_where_it_makes_sense(kind):
    noise = build.noise(options.KINDS[kind](), steps_per_epoch=5)
    assert tuple(kind_of(noise(place)) for place in (DENSE, CONV, RESIDUAL)) == EXPECTED[kind]
    assert noise.placed == sum(answer is not None for answer in EXPECTED[kind])


def test_values_reach_the_layers():
    layer = build.noise(options.DropoutOptions(rate=RAMP), steps_per_epoch=7)(DENSE)
    assert layer.rate == Linear(0.0, 0.4, duration=10, unit="epoch", steps_per_epoch=7)
    block = build.noise(options.DropBlockOptions(rate=0.2, block_size=5))(Place("conv", 0, 1, 5))
    assert (type(block), block.rate, block.block_size) == (layers.DropBlock3D, 0.2, (5, 5, 5))
    concrete = build.noise(options.ConcreteOptions(rate=0.3, strength=0.5, temperature=0.2))(CONV)
    assert (concrete.rate, concrete.dropout_regularizer, concrete.temperature) == (0.3, 0.5, 0.2)


def test_stochastic_depth_grows_linearly_to_its_rate():
    noise = build.noise(options.StochasticDepthOptions(rate=0.4))
    rates = [noise(Place("residual", i, 4, 4)).rate for i in range(4)]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("spatial", "no convolution.*model=cnn"),
        ("dropblock", "no convolution.*model=cnn"),
        ("stochastic_depth", "model.skip=true"),
    ],
)
def test_noise_without_a_place_is_told_in_a_sentence(kind, advice):
    noise = build.noise(options.KINDS[kind]())
    noise(DENSE)
    with pytest.raises(ValueError, match=f"dropout={kind} .*'deep'.*{advice}"):
        noise.require_a_place("deep")


def test_noise_with_a_place_and_no_noise_at_all_are_accepted():
    noise = build.noise(options.DropoutOptions())
    noise(DENSE)
    noise.require_a_place("deep")
    build.noise(options.NoNoiseOptions()).require_a_place("deep")


def compose(*overrides):
    from kreg.launch.compose import compose_job

    return compose_job(list(overrides))


@pytest.mark.parametrize(
    ("option", "model", "kind"),
    [
        ("none", "deep", "none"),
        ("light", "deep", "dropout"),
        ("heavy", "wide", "dropout"),
        ("scheduled", "deep", "dropout"),
        ("spatial", "cnn", "spatial"),
        ("dropblock", "cnn", "dropblock"),
        ("stochastic_depth", "resnet", "stochastic_depth"),
        ("concrete", "deep", "concrete"),
    ],
)
def test_every_option_composes_and_builds(option, model, kind):
    cfg = compose(f"dropout={option}", f"model={model}").dropout
    assert cfg.kind == kind
    noise = build.noise(cfg, steps_per_epoch=3)
    answers = [noise(place) for place in (DENSE, CONV, RESIDUAL)]
    assert any(answers) == (kind != "none")


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (("dropout=dropblock", "model=deep"), "model=deep has no convolution"),
        (("dropout=spatial", "model=wide"), "model=wide has no convolution"),
        (("dropout=stochastic_depth", "model=deep"), "model=deep has none"),
        (("dropout=light", "dropout.rate=1.0"), r"`dropout.rate`. Expected .* in \[0, 1\)"),
        (("dropout=dropblock", "model=cnn", "dropout.block_size=0"), "dropout.block_size"),
        (("dropout=concrete", "dropout.rate=0"), r"`dropout.rate`. Expected .* in \(0, 1\)"),
    ],
)
def test_what_cannot_work_is_told_before_anything_starts(overrides, sentence):
    with pytest.raises(ValueError, match=sentence):
        compose(*overrides)


def test_skip_connections_make_stochastic_depth_possible():
    assert compose("dropout=stochastic_depth", "model=deep", "model.skip=true")

"""What a `reg` group cannot mean is told before TensorFlow starts."""

import pytest

from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job

KL = "reg.activity_form=kl"
WRONG = [
    (["reg=box", "reg.low=1"], r"reg.low=1 and reg.high=1 leave no weight any room"),
    (["reg=box", "reg.low=2", "reg.high=-2"], r"reg.low=2 and reg.high=-2 leave no weight"),
    (["reg=box", "reg.low=null", "reg.high=null"], "both null: reg=box needs a bound"),
    (["reg=box", "reg.low=nan"], r"`reg.low`. Expected a finite number"),
    (["reg.rules=[{layers: head, kind: box, low: 3}]"], r"reg.rules\[0\].low=3 and reg.rules\[0\]"),
    (["reg=box", "reg.strength=1"], "reg=box: it has no strength"),
    (["reg=unitnorm", "reg.strength=1"], "reg=unitnorm: it has no strength"),
    (["reg.activity=-1"], r"`reg.activity`. Expected a finite number in \[0, inf\)"),
    (["reg.activity=1", "reg.activity_form=l3"], "`reg.activity_form`.*l1"),
    (["reg.activity=1", KL], "reg.activity_form=kl is for activities between 0 and 1"),
    (["model=cnn", "reg.activity=1", KL], "say model.activation=sigmoid"),
    (["reg.activity=1", KL, "reg.activity_target=1"], r"`reg.activity_target`.*in \(0, 1\)"),
    (["model=linear", "reg.activity=1"], r"knows of model=shallow, deep, wide, cnn.*model=linear"),
    (["data=wine", "model=forest", "reg.activity=1"], "Received: model=forest"),
    (["reg.rules=[{layers: head, activity: 1}]"], r"`reg.rules\[0\]` has no key 'activity'"),
    (["experiment=size_path", "reg=box"], "reg=box: experiment=size_path has no use for it"),
    (["experiment=size_path", "reg.activity=1"], "experiment=size_path has no use for it"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=lambda v: str(v))
def test_a_mistake_is_told_in_a_sentence(words, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job(words)


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        (["reg=box", "reg.low=null"], "low", None),
        (["reg=box", "reg.low=-5", "reg.high=-2"], "high", -2.0),
        (["model.activation=sigmoid", "reg.activity=1", KL], "activity", 1.0),
        (["reg=none", "reg.activity=1e-3"], "activity", 1e-3),
        (["reg.activity=0", KL], "activity_form", "kl"),  # a grid may begin at 0
    ],
)
def test_what_makes_sense_is_taken(words, key, value):
    assert getattr(compose_job(words).reg, key) == value

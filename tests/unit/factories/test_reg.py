"""The `reg` group: every kind builds its penalty with the strengths that were asked for."""

import keras
import pytest

import kreg
from kreg.config.validate import ConfigError
from kreg.factories import reg as build
from kreg.regularizers import options


@pytest.mark.parametrize("kind", sorted(options.KINDS))
def test_defaults_build(kind):
    cfg = options.KINDS[kind]()
    penalty = build.rules(cfg)
    if kind == "none":
        assert penalty is None
        return
    for name in penalty.strength_names():
        assert getattr(penalty, name) == getattr(cfg, name) > 0


def test_groups_choose_the_axis():
    assert build.rules(options.GroupLassoOptions(groups="inputs")).axis == -2
    assert build.rules(options.GroupLassoOptions(groups="outputs")).axis == -1


def test_a_group_penalty_can_be_adaptive():
    assert build.rules(options.GroupLassoOptions()).adaptive == 0
    assert build.rules(options.GroupLassoOptions(adaptive=1.0)).adaptive == 1


def test_epoch_schedules_get_the_length_of_an_epoch():
    ramp = {"kind": "linear", "start": 0.0, "end": 1.0, "duration": 2, "unit": "epoch"}
    penalty = build.rules(options.L1Options(l1=ramp), steps_per_epoch=10)
    assert isinstance(penalty.l1, kreg.schedules.Linear)
    assert [penalty.l1.at_step(s) for s in (0, 9, 10, 25)] == [0.0, 0.0, 0.5, 1.0]


def test_a_penalty_inside_sets():
    both = build.rules(options.L1Options(l1=0.1, nonneg=True, max_norm=3.0))
    assert both == kreg.Constrained(kreg.L1(0.1), [kreg.NonNegative(), kreg.MaxNorm(3.0)])
    cap = build.rules(options.L2Options(l2=0.1, max_norm=3.0))
    assert cap == kreg.Constrained(kreg.L2(0.1), [kreg.MaxNorm(3.0)])


COMBINED = [
    (kind, key)
    for kind, schema in options.KINDS.items()
    for key in ("nonneg", "max_norm")
    if hasattr(schema(), key)
]


@pytest.mark.parametrize(("kind", "key"), COMBINED)
def test_every_combination_that_the_table_offers_has_a_proximal_map(kind, key):
    cfg = options.KINDS[kind](**{key: {"nonneg": True, "max_norm": 2.0}[key]})
    if key == "max_norm" and hasattr(cfg, "groups"):
        cfg.groups = "outputs"
    assert isinstance(build.rules(cfg), kreg.Constrained)


def network():
    layers = [keras.layers.Dense(4, name=name) for name in ("hidden_1", "hidden_2", "head")]
    return keras.Sequential([keras.Input((3,)), *layers])


def strengths(model):
    return {w.path.split("/")[-2]: w.regularizer for w in model.weights if w.regularizer}


def test_rules_by_layer():
    rules = [{"layers": "hidden_*", "l1": 0.5}, {"layers": ["head"], "kind": "group", "l1": 0.25}]
    model, cfg = network(), options.L1Options(l1=0.1, max_norm=2.0, rules=rules)
    kreg.regularize(model, build.rules(cfg, model=model))
    inside = kreg.Constrained(kreg.L1(0.5), [kreg.MaxNorm(2.0)])
    head = kreg.GroupLasso(0.25)
    assert strengths(model) == {"hidden_1": inside, "hidden_2": inside, "head": head}


def test_the_later_rule_counts_and_none_takes_a_layer_out():
    rules = [{"layers": "hidden_*", "l1": 0.5}, {"layers": "hidden_2", "kind": "none"}]
    model, cfg = network(), options.L1Options(l1=0.1, rules=rules)
    kreg.regularize(model, build.rules(cfg, model=model))
    assert strengths(model) == {"hidden_1": kreg.L1(0.5), "head": kreg.L1(0.1)}


def test_without_a_common_penalty_only_the_named_layers_have_one():
    rules = [{"layers": "head", "kind": "l2", "l2": 0.5}]
    model, cfg = network(), options.NoPenaltyOptions(rules=rules)
    kreg.regularize(model, build.rules(cfg, model=model))
    assert strengths(model) == {"head": kreg.L2(0.5)}


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            [{"layers": ["head", "hiden_1"]}],
            r"`reg.rules\[0\].layers`.*'hidden_1', 'hidden_2', 'head'.*Did you mean 'hidden_1'\?",
        ),
        ([{"layers": "head"}, {"layers": "*", "l1": 0.1}], r"reg.rules\[0\] has no effect"),
    ],
)
def test_rules_that_no_layer_hears_are_refused(rules, words):
    with pytest.raises(ConfigError, match=words):
        build.rules(options.L1Options(rules=rules), model=network())

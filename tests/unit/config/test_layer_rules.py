"""`reg.rules` and combinations on the command line: what is understood, what is told."""

import pytest

from kreg.config.layer_rules import layer_rules
from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job


def test_keys_of_the_group_are_those_of_a_rule_of_its_kind():
    word = 'reg.rules=[{layers: "hidden_*", l1: 1e-3}, {layers: [head], kind: group}]'
    config = compose_job(["reg=l1", "reg.l1=0.5", "reg.nonneg=true", word])
    first, second = layer_rules(config.reg)
    assert (first.layers, first.options.l1, first.options.nonneg) == (("hidden_*",), 1e-3, True)
    assert (second.layers, second.options.kind) == (("head",), "group")
    assert (second.options.l1, second.options.nonneg) == (5e-4, False)


def test_an_option_file_may_hold_them(tmp_path):
    (tmp_path / "reg").mkdir()
    text = "defaults:\n  - /schema/reg/l1@_here_\n  - _self_\nkind: l1\nrules:\n"
    (tmp_path / "reg" / "mine.yaml").write_text(text + "  - layers: head\n    l1: 1.0e-3\n")
    config = compose_job(["reg=mine"], str(tmp_path))
    assert [rule.options.l1 for rule in layer_rules(config.reg)] == [1e-3]


WRONG = [
    (["reg.rules=[3]"], r"`reg.rules\[0\]`. Expected a mapping with layers"),
    (["reg.rules=[{l1: 0.1}]"], r"`reg.rules\[0\].layers`. Expected a pattern of layer names"),
    (["reg.rules=[{layers: []}]"], r"`reg.rules\[0\].layers`"),
    (["reg.rules=[{layers: a, l1: -1}]"], r"`reg.rules\[0\].l1`. Expected a finite number"),
    (["reg.rules=[{layers: a, kind: grup}]"], r"`reg.rules\[0\].kind`.*mean 'group'\?"),
    (["reg.rules=[{layers: a, l11: 1}]"], r"`reg.rules\[0\]` has no key 'l11'.*mean 'l1'\?"),
    (["reg.rules=[{layers: a, rules: []}]"], r"has no key 'rules'"),
    (["reg=none", "reg.rules=[{layers: a, l1: 1}]"], r"`reg.rules\[0\].kind`.*reg=none has none"),
    (["reg=group", "reg.max_norm=2"], "reg.groups=inputs.*Say reg.groups=outputs"),
    (["reg.rules=[{layers: a, kind: group, max_norm: 2}]"], r"reg.rules\[0\].groups=inputs"),
    (["reg.max_norm=0"], r"`reg.max_norm`. Expected a finite number in \(0, inf\)"),
    (["reg=mcp", "reg.max_norm=2"], "has no key 'max_norm'.*Options that have it: .*reg=l1"),
    (
        ["data=wine", "model=realmlp", "reg.weights=features", "reg.max_norm=2"],
        "reg.max_norm is about kernels",
    ),
    (
        ["data=wine", "model=realmlp", "reg.weights=features", "reg.rules=[{layers: head}]"],
        "reg.weights=features and reg.rules",
    ),
    (["model=linear", "stop=gap", "reg.nonneg=true"], "reg.nonneg is more than one penalty"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=lambda v: str(v))
def test_a_mistake_is_told_in_a_sentence(words, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job(["reg=l1", *words] if not words[0].startswith("reg=") else words)


@pytest.mark.parametrize("word", ["reg.nonneg=true", "reg.max_norm=3", "reg.rules=[{layers: a}]"])
def test_a_linear_model_is_trained_with_patience_where_no_gap_is_known(word):
    assert compose_job(["model=linear", "reg=l1", word]).stop.kind == "patience"
    assert compose_job(["model=linear", "reg=l1"]).stop.kind == "gap"

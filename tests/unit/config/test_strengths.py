"""`reg.strength`: the number that each kind of penalty makes of it, and where it says nothing."""

from dataclasses import replace

import pytest

from kreg import regularizers
from kreg.config import strengths
from kreg.config.validate import ConfigError
from kreg.factories import reg
from kreg.launch.compose import compose_job
from kreg.regularizers.options import KINDS, Strengthened

STRONG = [kind for kind, options in KINDS.items() if issubclass(options, Strengthened)]


@pytest.fixture(scope="module")
def config():
    return compose_job(["reg.strength=0.5"])


def test_the_penalty_by_default_takes_one_too(config):
    assert config.reg.l1 == 0.5


def with_strength(config, kind: str, strength: float):
    return strengths.given(replace(config, reg=KINDS[kind](strength=strength))).reg


@pytest.mark.parametrize("kind", STRONG)
def test_the_strengths_of_every_kind_add_up_to_it_and_nothing_else_changes(config, kind):
    told, usual = with_strength(config, kind, 0.25), KINDS[kind]()
    shares = type(told).shares
    assert sum(getattr(told, name) for name in shares) == 0.25 and told.strength is None
    assert all(getattr(told, name) == getattr(usual, name)
               for name in vars(usual) if name not in shares)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "penalty"),
    [
        ("l1", regularizers.L1(0.1)),
        ("elasticnet", regularizers.ElasticNet.from_ratio(0.1, 0.5)),
        ("sparse_group", regularizers.SparseGroupLasso(l1=0.05, group=0.05)),
        ("l0", regularizers.L0(0.1, gamma=500.0)),
    ],
)
def test_it_is_the_penalty_of_that_strength(config, kind, penalty):
    made = reg.rules(with_strength(config, kind, 0.1))
    assert type(made) is type(penalty) and made.get_config() == penalty.get_config()


def test_what_is_recorded_is_the_kinds_own_number():
    one, other = (compose_job(["reg=l2", word]) for word in ("reg.strength=1e-3", "reg.l2=1e-3"))
    assert one.to_dict() == other.to_dict() and one.to_dict()["reg"]["l2"] == 1e-3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["reg=l1", "reg.l1=1", "reg.strength=1"], "reg.l1=1 and reg.strength=1 both say how"),
        (["reg=l1", "reg.strength=2e-4", "reg.l1=2e-4"], "both say how strong"),
        (["reg=none", "reg.strength=1"], "reg=none: it has no strength"),
        (["reg=nonneg", "reg.strength=1"], "reg=nonneg: it has no strength"),
        (["reg=maxnorm", "reg.strength=1"], "the smaller reg.max_value is, the stronger"),
        (["reg=custom", "reg.strength=1"], "under reg.params"),
        (["reg=l2", "reg.strength=-1"], r"reg.strength`. Expected a finite number in \[0, inf\)"),
        (["reg=l2", "reg.strength=strong"], "reg.strength"),
    ],
)
def test_what_says_nothing_is_a_sentence(words, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job(words)


def test_a_file_that_sets_the_kinds_own_number_contradicts(tmp_path):
    (tmp_path / "reg").mkdir()
    text = "defaults: [/schema/reg/l1@_here_, _self_]\nkind: l1\nl1: 0.125\n"
    (tmp_path / "reg" / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"reg.l1=0.125 and reg.strength=0.5 both say"):
        compose_job(["reg=mine", "reg.strength=0.5"], str(tmp_path))

"""What every criterion promises: state, invariance, sentences."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kreg.diagnostics import criteria

RULES = [
    "fast", "default", "careful", "patience:4", "gl:2", "pq:0.5", "up:1", "up:2", "progress",
    "trend:6", "paired:1.64", "past_best",
    "threshold:0.1", "divergence:3", "budget:7", "textbook:1",
    "textbook:2", "gl:2+paired:1.28", "gl:5|trend:8", "patience:3~0.6",
]  # fmt: skip
SCALE_FREE = [r for r in RULES if not r.startswith(("threshold", "divergence"))]
EVIDENCE = ["gl:2", "up:1", "up:2", "trend:6", "paired:1.64", "gl:2+paired:1.28", "patience:4"]


def history(seed, epochs=30):
    rng = np.random.default_rng(seed)
    t = np.arange(epochs)
    examples = 1 / (1 + t)[:, None] + 0.002 * t[:, None] ** 1.5 * rng.random(40) + 0.05
    examples = examples + 0.01 * rng.random((epochs, 40))
    train = 1 / (1 + t) + 0.01
    return train, examples.mean(axis=1), examples


def decisions(criterion, run, start=0, stop=None):
    train, validation, examples = run
    return [
        criterion.update(
            t + 1, {"clean_loss": train[t], "val_clean_loss": validation[t]}, examples[t]
        )
        for t in range(start, stop or len(train))
    ]


@pytest.mark.parametrize("rule", RULES)
def test_killed_and_resumed_at_every_epoch_it_decides_the_same(rule):
    run = history(0)
    whole = decisions(criteria.parse(rule), run)
    first = criteria.parse(rule)
    for cut in range(1, 30):
        decisions(first, run, cut - 1, cut)
        state = first.get_state()
        second = criteria.parse(rule)
        second.set_state(state)
        assert decisions(second, run, cut) == whole[cut:], cut


@pytest.mark.parametrize("rule", RULES)
def test_state_is_json_but_for_arrays(rule):
    criterion = criteria.parse(rule)
    decisions(criterion, history(0))
    json.dumps(criterion.get_state(), default=np.ndarray.tolist, allow_nan=False)


@pytest.mark.parametrize("rule", RULES)
def test_reset_forgets_everything(rule):
    run, criterion = history(1), criteria.parse(rule)
    first = decisions(criterion, run)
    criterion.reset()
    assert decisions(criterion, run) == first


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), power=st.integers(-8, 8))
def test_the_unit_of_the_loss_is_irrelevant(seed, power):
    run = history(seed)
    scaled = tuple(2.0**power * part for part in run)
    for rule in SCALE_FREE:
        before = [d.stop for d in decisions(criteria.parse(rule), run)]
        after = [d.stop for d in decisions(criteria.parse(rule), scaled)]
        assert before == after, rule


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.floats(0.001, 1.0), min_size=8, max_size=30))
def test_a_falling_curve_is_never_stopped(steps):
    falling = np.cumsum(steps[::-1])[::-1] + 0.1
    examples = falling[:, None] + np.linspace(0, 1, 20)
    for rule in EVIDENCE:
        said = decisions(criteria.parse(rule), (falling, falling, examples))
        assert not any(d.stop for d in said), rule


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_the_examples_is_irrelevant(seed):
    train, validation, examples = history(seed)
    order = np.random.default_rng(seed).permutation(40)
    for rule in ("paired:1.64", "default"):
        a = decisions(criteria.parse(rule), (train, validation, examples))
        b = decisions(criteria.parse(rule), (train, validation, examples[:, order]))
        assert [d.stop for d in a] == [d.stop for d in b]


@pytest.mark.parametrize("rule", RULES)
def test_a_stop_has_a_reason_and_a_sentence(rule):
    for decision in decisions(criteria.parse(rule), history(2)):
        assert bool(decision.reason) == bool(decision.sentence) == decision.stop
        assert not decision.stop or decision.sentence.endswith(".")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("gll:2", "Did you mean 'gl'"),
        ("gl:-1", "alpha"),
        ("gl:x", "a number after the name"),
        ("patience:1.5", "a whole number after the name"),
        ("patience:-1", "patience"),
        ("default:3", "without a number"),
        ("threshold", "value"),
        ("budget", "at least one"),
        ("", "rule"),
        ("up:0", "strips"),
        ("paired:0", "z"),
        ("patience:3~1", "weight"),
    ],
)
def test_wrong_rules_are_sentences(rule, message):
    with pytest.raises((ValueError, TypeError), match=message):
        criteria.parse(rule)


def test_missing_quantities_are_sentences():
    with pytest.raises(ValueError, match="per-example validation losses"):
        criteria.Paired().update(1, {"val_clean_loss": 1.0})
    with pytest.raises(ValueError, match="needs the training loss `clean_loss`"):
        criteria.PQ().update(1, {"val_clean_loss": 1.0})
    assert criteria.parse("default").needs_examples
    assert not criteria.parse("default", examples=False).needs_examples
    assert criteria.parse("pq|budget:3").monitors == ("val_clean_loss", "clean_loss")


@pytest.mark.parametrize("value", [-1, "-1%", "1", "x%", "automatic", True])
def test_wrong_min_delta(value):
    with pytest.raises(ValueError, match="min_delta"):
        criteria.Patience(min_delta=value)


def test_combinations_name_everyone_who_stopped():
    rule = criteria.all_of(criteria.GL(2), criteria.Patience(2))
    stopped = [d for d in decisions(rule, history(0)) if d.stop]
    assert stopped[0].reason == "gl+patience"
    with pytest.raises(ValueError, match="criteria"):
        criteria.any_of()


def test_a_smoothed_rule_records_the_raw_best():
    rule = criteria.parse("patience:5~0.9")
    for epoch, value in enumerate([3.0, 1.0, 2.0], 1):
        rule.update(epoch, {"val_clean_loss": value})
    assert (rule.best, rule.best_epoch) == (1.0, 2)


def test_rule_lists_are_split():
    assert criteria.split("default, gl:2 ,gl:2") == ["default", "gl:2"]
    with pytest.raises(ValueError, match="rules"):
        criteria.split(" , ")

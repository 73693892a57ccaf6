"""The yardstick scores rules that are known to be right, and rules that are known to be wrong."""

import math

import numpy as np
import pytest

from benchmarks.verdicts import __main__ as command
from benchmarks.verdicts import stopping_rules, stopping_score, suite, verdict_rules, verdict_score
from benchmarks.verdicts.protocol import Seen, answers, stopped, whole


@pytest.fixture(scope="module")
def runs():
    """Six runs as they were recorded, each past its best for some epochs."""
    found = [run for run in suite.load(suite.HELD_OUT) if verdict_score.truth(run)[0].any()]
    return found[::10]


@pytest.fixture
def made():
    """A run whose figures can be counted on one hand."""
    loss = np.array([1.0, 0.9, 0.8, 0.9, 1.0, 1.1])
    curves = {"val_loss": loss + 0.1, "test_loss": loss, "test_calibrated_loss": loss[::-1]}
    meta = {"name": "made", "kind": "regression", "loss": "mse", "classes": 1}
    meta |= {"train": 9, "validation": 4, "measured": 4}
    return suite.Run(meta, curves, np.tile(loss[:, None], 4), np.zeros((6, 0), bool))


def right(seen):
    past, _ = verdict_score.truth(seen.run)
    loss = seen.run.curves["test_loss"][: seen.epoch]
    return bool(past[seen.epoch - 1]) and int(loss.argmin()) + 1


def wrong(seen):
    return not right(seen)


def test_a_verdict_that_knows_the_truth_is_perfect(runs):
    found = verdict_score.score(right, runs)
    assert (found.precision, found.recall, found.visible) == (1, 1, 1)
    assert (found.false_alarms, found.onset, found.delay) == (0, 0, 0)


def test_a_verdict_that_says_the_opposite_is_never_right(runs):
    found = verdict_score.score(wrong, runs)
    assert (found.precision, found.recall, found.false_alarms) == (0, 0, 1)
    assert found.flips == verdict_score.score(right, runs).flips
    silent = verdict_score.score(lambda seen: False, runs)
    assert math.isnan(silent.precision) and math.isnan(silent.onset)
    assert (silent.recall, silent.false_alarms, silent.flips) == (0, 0, 0)


def test_every_figure_of_a_verdict(made):
    """Past its best at epochs 4, 5 and 6; the best epoch is 3."""
    said = {1: True, 5: 2, 6: 2}
    found = verdict_score.score(lambda seen: said.get(seen.epoch, False), [made])
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.false_alarms == pytest.approx(1 / 3)
    assert (found.flips, found.onset, found.delay) == (2, 1, 3)


def stops_at(epochs, number):
    return next(epoch.number for epoch in epochs if epoch.number == number)


def test_a_stop_at_the_best_and_one_at_the_worst_epoch(runs):
    for run in runs:
        loss = run.curves["test_loss"]
        best, worst = int(loss.argmin()) + 1, int(loss.argmax()) + 1
        good = stopping_score.score(lambda epochs, at=best: stops_at(epochs, at), [run])
        bad = stopping_score.score(lambda epochs, at=worst: list(epochs)[at - 1].number, [run])
        assert good.regret == 0 and good.early == 0
        assert good.epochs == pytest.approx((loss.argmin() + 1) / len(loss))
        assert bad.regret == pytest.approx(100 * (loss.max() / loss.min() - 1))
        assert bad.epochs == 1
        assert math.isnan(good.calibrated)


def test_every_figure_of_a_stop(made):
    def two(epochs):
        return (next(epochs), next(epochs))[1].number

    found = stopping_score.score(two, [made])
    assert found.regret == found.high == pytest.approx(12.5)
    assert found.calibrated == pytest.approx(25)
    assert found.epochs == pytest.approx(1 / 3)
    assert found.early == 1  # one step of the two to the best epoch, fewer than 60 %
    oracle = stopping_score.oracle("test_calibrated_loss", [made])
    assert (oracle.calibrated, oracle.epochs) == (0, 1)
    assert oracle.regret == pytest.approx(12.5)


def test_no_rule_sees_the_test_set_or_the_future(runs):
    seen = Seen(runs[0], 7)
    assert {"loss", "val_loss", "clean_loss", "val_clean_loss"} <= seen.curves.keys()
    assert not [name for name in seen.curves if name.startswith(("test", "noisy"))]
    assert {len(curve) for curve in seen.curves.values()} == {7}
    assert len(seen.examples) == len(seen.correct) == len(seen.record().epochs) == 7
    assert "test_loss" not in seen.record().curves
    with pytest.raises(ValueError, match="read-only"):
        seen.curves["val_loss"][0] = 0
    epochs = []
    stopped(lambda taken: epochs.extend(taken) or 1, runs[0])
    assert epochs[6].values.keys() == seen.curves.keys() and epochs[6].number == 7


def test_rules_of_the_house_do_not_look_ahead(runs):
    for rule in verdict_rules.RULES.values():
        answers(rule, runs[0], held=True)


def test_a_rule_that_looks_ahead_is_refused(made):
    @whole
    def ahead(seen):
        loss = seen.curves["val_loss"]
        return [bool(loss[-1] > value) for value in loss]

    with pytest.raises(ValueError, match="looks ahead: of the first 3 epochs of made alone"):
        answers(ahead, made, held=True)


@pytest.mark.parametrize("said", [0, 7, -1, None, 0.5, "yes"])
def test_an_answer_that_is_none_is_refused(made, said):
    with pytest.raises(TypeError, match=f"Received {said!r} from"):
        answers(lambda seen: said, made)
    with pytest.raises(TypeError, match=f"Received {said!r} from"):
        stopped(lambda epochs: (list(epochs), said)[1], made)


def test_an_epoch_that_was_not_trained_cannot_be_kept(made):
    with pytest.raises(TypeError, match="the last one taken, 1. Received 2"):
        stopped(lambda epochs: next(epochs).number + 1, made)


def test_keras_patience_is_what_keras_does(made):
    """The best at 3, none better at 4 and 5: patience 2 ends there."""
    rule = stopping_rules.rule("patience:2", stopping_rules.LOGGED)
    assert stopped(rule, made) == (5, 3)


def test_trainproof_waits_for_three_and_for_training_to_fall(made):
    """The median of the last three is above 1.2 times the best at the last epoch only."""
    made.curves["val_loss"] = np.array([1.0, 0.5, 0.55, 0.61, 0.62, 0.9])
    for train, alarms in ((np.linspace(1, 0, 6), [5, 6]), (np.ones(6), [])):
        made.curves["loss"] = train
        made.__dict__.pop("seen", None)
        said = answers(verdict_rules.trainproof, made)[0]
        assert list(np.flatnonzero(said) + 1) == alarms


def test_the_command_scores_a_rule_of_your_own(made, tmp_path, monkeypatch, capsys):
    (tmp_path / "my_module.py").write_text(
        "def rise(seen):\n"
        "    loss = seen.curves['val_loss']\n"
        "    return bool(loss[-1] > loss.min())\n"
        "def all_of_it(epochs):\n    return list(epochs)[-1].number\n"
    )
    suite.save([made], tmp_path / "mine.npz")
    monkeypatch.syspath_prepend(tmp_path)
    mine = ["--suite", str(tmp_path / "mine.npz"), "--alone"]
    command.main([*mine, "--verdict", "my_module:rise", "--stop", "my_module:all_of_it"])
    lines = {
        line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line
    }
    assert lines["my_module:rise"][:2] == ["1.000", "1.000"]
    assert lines["my_module:all_of_it"] == ["37.50", "37.50", "25.00", "1.00", "0%"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--verdict", "rule"], "a rule is written module:name. Received 'rule'."),
        (["--stop", "no_such_module:rule"], "there is no module 'no_such_module' to import."),
        (["--stop", "math:no_such"], "the module 'math' has no function 'no_such'."),
        (["--suite", "nowhere.npz"], "a suite is one of development, held-out, or a file"),
        (["--alone"], "--alone leaves no row"),
    ],
)
def test_a_mistake_is_one_sentence(words, sentence, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err

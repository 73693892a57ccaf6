"""The yardstick scores rules that are known to be right, and rules that are known to be wrong."""

import math
from collections import Counter

import numpy as np
import pytest

from benchmarks.verdicts import __main__ as command
from benchmarks.verdicts import (
    averaging_rules,
    paired_rules,
    stopping_rules,
    stopping_score,
    suite,
    tables,
    verdict_rules,
    verdict_score,
)
from benchmarks.verdicts.protocol import Mean, Seen, answers, stopped, whole


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


@pytest.fixture
def averaged(made):
    """The same run with the mean of the last three measured: best on validation at epoch 5."""
    made.curves["val_clean_loss"] = np.array([1.1, 1.0, 0.9, 1.0, 1.1, 1.2])
    made.curves["val_clean_loss_mean3"] = np.array([1.1, 1.05, 1.0, 0.88, 0.85, 0.9])
    made.curves["test_loss_mean3"] = np.array([1.0, 0.95, 0.9, 0.8, 0.72, 0.9])
    return made


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        (averaging_rules.averaging("patience:2", 3)(stopping_rules.CLEAN), (5, Mean(5, 3))),
        (averaging_rules.averaging("patience:1", 3)(stopping_rules.CLEAN), (4, Mean(4, 3))),
        (averaging_rules.of_means("patience:1", 3)(stopping_rules.CLEAN), (6, Mean(5, 3))),
        (averaging_rules.latest(3), (6, Mean(6, 3))),
    ],
)
def test_rules_that_keep_a_mean(averaged, rule, outcome):
    """Patience 2 ends at 5: the means up to 3, around it (at 4) and from it on (at 5) compete."""
    assert stopped(rule, averaged) == outcome


def test_a_mean_that_is_no_better_than_the_best_epoch_is_not_kept(averaged):
    averaged.curves["val_clean_loss_mean3"] = averaged.curves["val_clean_loss"] + 0.5
    rule = averaging_rules.averaging("patience:2", 3)(stopping_rules.CLEAN)
    assert stopped(rule, averaged) == (5, 3)


def test_the_regret_of_a_mean_is_against_the_best_single_epoch(averaged):
    found = stopping_score.score(lambda epochs: Mean(len(list(epochs)) - 1, 3), [averaged])
    assert found.regret == pytest.approx(-10)  # 0.72 against 0.8
    oracle = stopping_score.oracle("test_loss_mean3", [averaged])
    assert (oracle.regret, oracle.epochs) == (pytest.approx(-10), 1)


def test_a_mean_that_was_not_measured_is_refused(averaged):
    with pytest.raises(ValueError, match="means that made has measured: 3. Received Mean"):
        stopped(lambda epochs: Mean(len(list(epochs)), 4), averaged)
    with pytest.raises(TypeError, match="the last one taken, 6. Received Mean"):
        stopped(lambda epochs: Mean(len(list(epochs)) + 1, 3), averaged)


def test_a_rule_less_another_one(made):
    """Task a: 12.5 and 25 against 0; task b 12.5 against 25. Means 18.75 and -12.5 over tasks."""

    def outcomes(*epochs):
        tasks = "aab"
        runs = [
            suite.Run({**made.meta, "task": t}, made.curves, made.examples, None) for t in tasks
        ]
        return [(run, epoch, epoch) for run, epoch in zip(runs, epochs)]

    found = paired_rules.compare(outcomes(4, 5, 4), outcomes(3, 3, 5))
    assert found.regret == (pytest.approx(3.125), pytest.approx(15.625))
    assert (found.better, found.worse) == (1, 2)
    assert found.epochs == pytest.approx((1 + 2 - 1) / 18)


def test_rows_of_means_need_a_suite_that_has_them(made, averaged, capsys):
    tables.stops("with", {"mean": averaging_rules.latest(3)}, [averaged])
    needing = {name: averaging_rules.RULES[name] for name in tables.NEEDS if "LAWA" in name}
    assert len(needing) == len(averaging_rules.WINDOWS)
    averaged.curves.pop("val_clean_loss_mean3")
    tables.stops("without", needing | {"never": stopping_rules.never}, [averaged])
    with_means, without = capsys.readouterr().out.split("without")
    assert "oracle: best mean of 3" in with_means
    assert "never" in without and "LAWA" not in without


def test_rows_and_verdicts_need_the_losses_of_single_rows(made, capsys):
    bare = suite.Run(made.meta, made.curves, made.examples[:, :0], made.correct)
    bare.curves["val_clean_loss"] = made.curves["val_loss"]
    rules = {name: stopping_rules.RULES[name] for name in ("past best", "patience 3, clean")}
    tables.stops("bare", rules, [bare])
    tables.verdicts("bare", verdict_rules.RULES, [bare])
    out = capsys.readouterr().out
    assert "patience 3, clean" in out and "past best" not in out
    assert "bare: no table of verdicts" in out


def test_a_solved_run_is_left_out_by_name(made, capsys):
    """Of 0.8 that guessing makes 900 of no percentage is told; of 0.9 it is."""
    solved = suite.Run({**made.meta, "name": "solved"}, made.curves, made.examples, made.correct)
    solved.meta["baseline"] = {"train": {"loss": 900.0}}
    made.meta["baseline"] = {"train": {"loss": 0.9}}
    tables.stops("two", {"never": stopping_rules.never}, [made, solved])
    assert "two: 1 runs; solved, left out: solved" in capsys.readouterr().out
    made.meta.pop("baseline")
    assert not stopping_score.solved(made)  # a regression without one is not asked


@pytest.mark.parametrize(
    ("name", "tasks", "regret"),
    [("keras-development", 10, 1.82), ("keras-held-out", 8, 15.56)],  # of docs/measurements.md
)
def test_the_keras_fits_that_are_shipped(name, tasks, regret):
    runs = suite.load(tables.SUITES[name])
    assert tables.SUITES[name].stat().st_size < 2_000_000
    assert set(Counter(run.meta["task"] for run in runs).values()) == {12}
    assert len({run.meta["name"] for run in runs}) == len(runs) == 12 * tasks
    for run in runs:
        assert run.has("test_loss_mean5") and run.has("val_clean_loss_mean10")
        np.testing.assert_allclose(run.examples.mean(1), run.curves["val_clean_loss"], atol=0.01)
        assert run.has("test_calibrated_loss") == (run.meta["kind"] != "regression")
        assert (run.curves["val_loss"] >= run.curves["val_clean_loss"] * 0.999).all()
        # one epoch is the mean of itself, but for the statistics of a normalisation
        if run.meta["network"] == "dense":
            first = (run.curves["test_loss"][0], run.curves["test_loss_mean3"][0])
            assert first[0] == pytest.approx(first[1], rel=1e-3)
    told = [run for run in runs if not stopping_score.solved(run)]
    found = stopping_score.score(stopping_rules.RULES["patience 10, clean"], told)
    assert found.regret == pytest.approx(regret, abs=0.005)


def test_the_command_subtracts_a_row_and_chooses_runs(made, tmp_path, capsys):
    clean = {"clean_loss": np.arange(6.0, 0, -1), "val_clean_loss": made.curves["val_loss"]}
    clean |= {"loss": clean["clean_loss"], "clean_accuracy": np.full(6, np.nan)}
    runs = [
        suite.Run(
            {**made.meta, "task": "t", "l2": l2}, made.curves | clean, made.examples, made.correct
        )
        for l2 in (0.0, 0.001)
    ]
    suite.save(runs, tmp_path / "two.npz")
    words = ["--suite", str(tmp_path / "two.npz"), "--stops", "--where", "l2=0.001"]
    command.main([*words, "--against", "patience 10, clean"])
    out = capsys.readouterr().out
    assert "l2=0.001: 1 runs" in out and "verdict rule" not in out
    assert "minus patience 10, clean" in out
    with pytest.raises(SystemExit, match="no run with l2=7. Values: 0.0, 0.001"):
        command.main([*words[:-1], "l2=7"])


def test_keras_patience_as_a_verdict_is_dated_by_the_best_epoch(made):
    made.curves["val_loss"] = np.concatenate([[2.0, 1.0], np.full(12, 1.5), [0.5]])
    made.__dict__.pop("seen", None)
    seen = Seen(made, 15)
    assert verdict_rules.patience(seen) == [False] * 11 + [2, 2, 2, False]


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
        (
            ["--suite", "nowhere.npz"],
            "a suite is one of development, held-out, keras-development, keras-held-out, or",
        ),
        (["--alone"], "--alone leaves no row"),
        (["--where", "l2"], "runs are chosen by FACTOR=VALUE, such as l2=0.001. Received 'l2'."),
        (["--against", "mine"], "invalid choice: 'mine'"),
    ],
)
def test_a_mistake_is_one_sentence(words, sentence, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err

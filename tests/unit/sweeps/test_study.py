"""The study: it finds minima, survives kills and non-finite objectives, and stops the hopeless."""

import json
import math

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from kreg.sweeps.study import STARTUP, Choice, Interval, Study, chosen
from kreg.sweeps.sweeper import dimension

SPACE = {
    "x": Interval(-4.0, 4.0),
    "rate": Interval(1e-5, 1.0, log=True),
    "kind": Choice(("a", "b")),
}
SAMPLERS = ["random", "tpe"] if chosen("auto") == "tpe" else ["random"]


def cost(params) -> float:
    return (params["x"] - 1) ** 2 + abs(math.log10(params["rate"]) + 2) + (params["kind"] == "b")


def search(study, trials):
    while len(study.trials) < trials:
        trial = study.ask()
        study.tell(trial, cost(trial.params), curve=[cost(trial.params)] * 3)
    return study


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_killed_search_goes_on_as_if_never_killed(sampler, tmp_path):
    trials = STARTUP + 3
    whole = search(Study(SPACE, tmp_path / "whole.jsonl", seed=5, sampler=sampler), trials)
    search(Study(SPACE, tmp_path / "cut.jsonl", seed=5, sampler=sampler), STARTUP + 1)
    with open(tmp_path / "cut.jsonl", "a", encoding="utf-8") as journal:
        journal.write('{"number": 11, "params": {"x"')  # killed while writing
    again = search(Study(SPACE, tmp_path / "cut.jsonl", seed=5, sampler=sampler), trials)
    assert [t.params for t in again.trials] == [t.params for t in whole.trials]
    assert again.best.value == whole.best.value


@pytest.mark.skipif("tpe" not in SAMPLERS, reason="needs optuna")
def test_tpe_beats_chance(tmp_path):
    def mean_best(sampler):
        studies = [Study(SPACE, tmp_path / f"{sampler}_{k}", k, sampler) for k in range(4)]
        return sum(search(study, 40).best.value for study in studies) / 4

    assert mean_best("tpe") < mean_best("random")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_objectives_that_are_not_finite_end_nothing_and_win_nothing(sampler, tmp_path):
    study = Study(SPACE, tmp_path / "journal", sampler=sampler)
    for number in range(STARTUP + 2):
        value = [math.nan, math.inf, -math.inf, float(number)][number % 4]
        study.tell(study.ask(), value)
    assert study.best.value == 3.0
    assert Study(SPACE, tmp_path / "journal", sampler=sampler).best.value == 3.0


def test_a_pruned_trial_guides_the_search_and_is_never_the_best(tmp_path):
    study = Study(SPACE, tmp_path / "journal")
    study.tell(study.ask(), 2.0, curve=[3.0, 2.0])
    study.tell(study.ask(), 1.0, curve=[1.0], pruned=True)
    for known in (study, Study(SPACE, tmp_path / "journal")):
        assert [trial.value for trial in known.trials] == [2.0, 1.0]
        assert known.best.value == 2.0


def test_draws_stay_in_the_space(tmp_path):
    space = {"n": Interval(1, 4, integer=True), "x": Interval(0.1, 0.2), "l": Interval(1, 9, True)}
    study = Study(space, tmp_path / "journal", sampler="random")
    for trial in study.ask_round(50, 50):
        params = trial.params
        assert params["n"] in (1, 2, 3, 4)
        assert 0.1 <= params["x"] <= 0.2
        assert 1 <= params["l"] <= 9


def test_a_journal_of_another_space_is_refused(tmp_path):
    Study(SPACE, tmp_path / "journal")
    with pytest.raises(ValueError, match="`space`"):
        Study({"x": Interval(0, 1)}, tmp_path / "journal")


@pytest.mark.parametrize(("low", "high", "log"), [(1, 1, False), (2, 1, False), (0, 1, True)])
def test_empty_intervals_are_refused(low, high, log):
    with pytest.raises(ValueError, match="`interval`"):
        Interval(low, high, log)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x=a,b", Choice(("a", "b"))),
        ("x=interval(0.5,2)", Interval(0.5, 2)),
        ("x=tag(log,interval(1e-6,1e-2))", Interval(1e-6, 1e-2, log=True)),
        ("x=int(interval(1,8))", Interval(1, 8, integer=True)),
        ("x=range(1,4)", Choice(("1", "2", "3"))),
    ],
)
def test_hydras_grammar_is_the_space(text, expected):
    (override,) = OverridesParser.create().parse_overrides([text])
    assert dimension(override) == expected


def test_a_search_through_hydra_can_be_started_again(launch, tmp_path):
    arguments = ["hydra/sweeper=kreg", "hydra.sweeper.sampler=random", "x=range(1,9)", "y=0,1"]
    launch(*arguments, "hydra.sweeper.trials=3")
    first = (tmp_path / "out" / "trials.jsonl").read_text()
    second = launch(*arguments, "hydra.sweeper.trials=5", HEALED="1")
    journal = (tmp_path / "out" / "trials.jsonl").read_text()
    assert second.returncode == 0, second.stderr
    assert journal.startswith(first)
    trials = [json.loads(line) for line in journal.splitlines()[1:]]
    assert [t["number"] for t in trials] == [0, 1, 2, 3, 4]
    assert all(t["value"] in (math.inf, float(t["params"]["x"]) ** 2) for t in trials)

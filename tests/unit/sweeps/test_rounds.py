"""A search asks for several settings at once: none knows of the others, whatever interrupts it."""

import shutil

import pytest
from hydra.core.utils import JobReturn, JobStatus

from kreg.sweeps.stacked import Stacked
from kreg.sweeps.study import STARTUP, Interval, Study, chosen
from kreg.sweeps.sweeper import Search

SPACE = {"reg.l1": Interval(1e-6, 1.0, log=True)}
SIZE, MOST = 4, STARTUP + 5


class Launcher:
    """What a setting is worth follows from it alone."""

    def __init__(self):
        self.launched = {}

    def launch(self, job_overrides, initial_job_idx):
        found = []
        for number, words in enumerate(job_overrides, initial_job_idx):
            self.launched[number] = words
            value = abs(float(words[0].split("=")[1]) - 0.01)
            found.append(JobReturn(status=JobStatus.COMPLETED, _return_value=value))
        return found


def search(jobs=SIZE):
    found = Search(trials=MOST, jobs=jobs)
    found.launcher, found.sign, found.replicates = Launcher(), 1.0, [[]]
    return found


def study(path):
    return Study(SPACE, path, seed=3)


@pytest.mark.skipif(chosen("auto") != "tpe", reason="needs optuna")
def test_a_search_that_is_cut_within_a_round_asks_for_the_same(tmp_path):
    whole, known = search(), study(tmp_path / "whole.jsonl")
    while len(known.trials) < MOST:
        whole.train_round(known, [], tmp_path)
    lines = (tmp_path / "whole.jsonl").read_text().splitlines(keepends=True)
    assert len(lines) == 1 + MOST
    for told in range(STARTUP, MOST):  # it was killed when so many were noted
        path = tmp_path / f"{told}.jsonl"
        path.write_text("".join(lines[: 1 + told]))
        again, cut = search(), study(path)
        while len(cut.trials) < MOST:
            again.train_round(cut, [], tmp_path)
        assert path.read_text() == "".join(lines)
        first = told // SIZE * SIZE  # the round is launched whole
        assert again.launcher.launched == {
            number: words for number, words in whole.launcher.launched.items() if number >= first
        }


def test_the_settings_of_a_round_differ_and_know_only_the_rounds_before(tmp_path):
    known = study(tmp_path / "trials.jsonl")
    asked = known.ask_round(SIZE, MOST)
    assert [trial.number for trial in asked] == [0, 1, 2, 3]
    assert len({trial.params["reg.l1"] for trial in asked}) == SIZE
    for trial in asked[:2]:
        known.tell(trial, 1.0)
    shutil.copy(tmp_path / "trials.jsonl", tmp_path / "cut.jsonl")
    again = study(tmp_path / "cut.jsonl").ask_round(SIZE, MOST)
    assert [trial.params for trial in again] == [trial.params for trial in asked]
    assert [trial.good for trial in again] == [True, True, False, False]
    assert len(known.ask_round(SIZE, 3)) == 3  # of the last round as many as are left


def test_how_many_are_asked_for_follows_from_the_launcher():
    found = search(jobs="auto")
    assert found.at_once == 1  # whoever runs jobs one after the other
    found.launcher = Stacked()
    assert found.at_once == 8
    with pytest.raises(ValueError, match=r"hydra\.sweeper\.jobs`\. Expected auto, or a whole"):
        Search(jobs="many")

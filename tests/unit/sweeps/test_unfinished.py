"""A job that the machine refused a file is no bad setting: the search goes on with it."""

import json
import math

import pytest
from hydra.core.utils import JobReturn, JobStatus

from kreg.foreign.content import DamagedError
from kreg.launch import job
from kreg.sweeps import journal
from kreg.sweeps.study import Interval, Study
from kreg.sweeps.sweeper import Search

SPACE = {"reg.l1": Interval(0.0, 1.0)}


class Launcher:
    """Returns what it is told; remembers what it was asked."""

    def __init__(self, *values):
        self.values, self.asked = list(values), []

    def launch(self, job_overrides, initial_job_idx):
        self.asked += job_overrides
        results = [self.values.pop(0) for _ in job_overrides]
        return [JobReturn(status=JobStatus.COMPLETED, _return_value=value) for value in results]


def search(tmp_path, *values, jobs=1):
    found = Search(trials=4, jobs=jobs, sampler="random")
    found.launcher, found.sign, found.replicates = Launcher(*values), 1.0, [[]]
    return found


def test_it_is_asked_for_again_and_nothing_is_noted(tmp_path):
    study = Study(SPACE, tmp_path / "trials.jsonl", sampler="random")
    full = search(tmp_path, 0.5, job.UNFINISHED)
    full.train_round(study, [], tmp_path)
    with pytest.raises(OSError, match="Job 1 of the search is not finished"):
        full.train_round(study, [], tmp_path)
    again = Study(SPACE, tmp_path / "trials.jsonl", sampler="random")
    assert [trial.value for trial in again.trials] == [0.5]
    healed = search(tmp_path, 0.25)
    healed.train_round(again, [], tmp_path)
    assert healed.launcher.asked == full.launcher.asked[1:] and again.trials[-1].value == 0.25


def test_a_round_is_noted_when_all_of_its_jobs_are_finished(tmp_path):
    study = Study(SPACE, tmp_path / "trials.jsonl", sampler="random")
    full = search(tmp_path, 0.5, job.UNFINISHED, 0.1, jobs=3)
    with pytest.raises(OSError, match="Job 1"):
        full.train_round(study, [], tmp_path)
    assert study.trials == []
    healed = search(tmp_path, 0.5, 0.3, 0.1, jobs=3)
    healed.train_round(study, [], tmp_path)
    assert healed.launcher.asked == full.launcher.asked
    assert [trial.value for trial in study.trials] == [0.5, 0.3, 0.1]


def test_a_failed_job_is_a_bad_setting(tmp_path):
    study = Study(SPACE, tmp_path / "trials.jsonl", sampler="random")
    search(tmp_path, job.WORST).train_round(study, [], tmp_path)
    assert study.trials[0].value == math.inf and study.best is None


@pytest.mark.parametrize(
    "line",
    ["[1]", "{", '{"number": 0}', '{"number": 0, "params": {"reg.l1": 7}, "value": 1, "curve": [],'
     ' "pruned": false}', '{"number": 0, "params": {}, "value": 1, "curve": [], "pruned": false}'],
)  # fmt: skip
def test_a_damaged_journal_is_a_sentence(tmp_path, line):
    path = tmp_path / "trials.jsonl"
    Study(SPACE, path, sampler="random")
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ValueError, match=r"cannot be used.*resume=never"):
        Study(SPACE, path, sampler="random")


def test_what_a_study_writes_is_what_its_journal_reads(tmp_path):
    study = Study(SPACE, tmp_path / "trials.jsonl", sampler="random")
    study.tell(study.ask(), math.inf, [1.0, math.nan], pruned=True)
    (line,) = journal.trials(journal.whole(tmp_path / "trials.jsonl"))
    assert json.dumps(line) == json.dumps(vars(study.trials[0]))
    with pytest.raises(DamagedError):
        journal.trials("\n{}\n")

"""A search over settings, each trained with all seeds and folds."""

import json
import math

from hydra.core.utils import JobReturn, JobStatus

from kreg.sweeps.study import Study
from kreg.sweeps.sweeper import Search, averaged

WORDS = ["seed=0,1", "data.fold=0,1,2", "data.folds=3", "reg.l1=tag(log, interval(1e-4, 1e-1))"]


class Launcher:
    """Writes what a job would: a history, and an objective that follows from its number."""

    def __init__(self, folder):
        self.folder, self.launched = folder, {}

    def launch(self, told, initial_job_idx):
        found = []
        for number, overrides in enumerate(told, initial_job_idx):
            self.launched[number] = overrides
            place = self.folder / f"{number}_abc"
            place.mkdir()
            (place / "history.csv").write_text(
                f"epoch,val_clean_loss\n0,{number}\n1,{number + 1}\n"
            )
            (place / "result.json").write_text(json.dumps({"status": "done", "metrics": {}}))
            result = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
            result.return_value = float(number)
            found.append(result)
        return found


def test_seeds_and_folds_are_nothing_to_choose():
    fixed, space, replicates = Search().dimensions(WORDS)
    assert fixed == ["data.folds=3"] and list(space) == ["reg.l1"]
    assert len(replicates) == 6 and replicates[0] == ["seed=0", "data.fold=0"]
    assert Search(trials=4).jobs_in_all(WORDS) == 24


def test_without_them_each_trial_is_one_job():
    assert Search().dimensions(["seed=3", "reg.l1=1,2"])[2] == [[]]


def test_a_trial_is_worth_the_mean_of_its_jobs(tmp_path):
    search = Search(trials=2, jobs=2, sampler="random")
    search.sign, search.launcher = 1.0, Launcher(tmp_path)
    fixed, space, search.replicates = search.dimensions(WORDS)
    study = Study(space, tmp_path / "trials.jsonl", 0, "random")
    search.train_round(study, fixed, tmp_path)
    assert [trial.value for trial in study.trials] == [2.5, 8.5]
    assert study.trials[1].curve == [8.5, 9.5]
    strengths = {words[1] for number, words in search.launcher.launched.items() if number < 6}
    assert len(strengths) == 1 and len(search.launcher.launched) == 12


def test_one_failed_replicate_makes_a_setting_worthless():
    good, bad = ({"value": v, "curve": [v], "pruned": False} for v in (1.0, math.inf))
    assert averaged([good, bad])["value"] == math.inf
    assert averaged([good, {**good, "pruned": True}])["pruned"]
    assert averaged([good]) == good

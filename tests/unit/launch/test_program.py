"""A command's words are checked once, and its steps are shared by the jobs of one process alone."""

import pytest

from kreg.config import combinations
from kreg.launch import commandline, program
from kreg.launch.checked import Checked
from kreg.training import app


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """Every training that is asked for; nothing is trained."""
    calls = []

    def run(config, directory, hopeless=None, steps=None, sweep="", stacks=None):
        calls.append((config, steps))
        return 1.0

    monkeypatch.setattr(app, "run", run)
    monkeypatch.chdir(tmp_path)
    return calls


@pytest.fixture
def checks(monkeypatch):
    """The configurations that were checked."""
    found, check_all = [], combinations.check_all

    def check(config):
        found.append(config)
        check_all(config)

    monkeypatch.setattr(combinations, "check_all", check)
    return found


def test_a_run_is_checked_once_and_shares_nothing(trained, checks):
    assert program.main(["model=linear", "reg=none", "task=once"]) == 0
    ((config, steps),) = trained
    assert checks == [config] and checks[0] is config
    assert (config.model.kind, steps) == ("linear", None)


def test_the_jobs_of_a_sweep_are_checked_once_and_share_their_steps(trained, checks):
    program.main(["-m", "reg=none,l2", "seed=1,2", "model=linear", "check=true"])
    assert [(c.reg.kind, c.seed) for c, _ in trained] == [
        ("none", 1), ("none", 2), ("l2", 1), ("l2", 2),
    ]  # fmt: skip
    assert len(checks) == 4
    steps = [shared for _, shared in trained]
    assert steps[0] is not None and all(shared is steps[0] for shared in steps)


def test_another_process_checks_for_itself(monkeypatch):
    checked = Checked(commandline.parse([]))
    checked.configs[("seed=1",)] = "a configuration"
    assert checked.find(["seed=1"]) == "a configuration"
    assert checked.find(["seed=2"]) is None
    monkeypatch.setattr("os.getpid", lambda: checked.process + 1)
    assert checked.find(["seed=1"]) is None

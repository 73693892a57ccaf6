"""The jobs of a grid of penalties and strengths, and grids that are too large to be made."""

import pytest

from kreg.config.validate import ConfigError
from kreg.launch import commandline, directories, gate, sizes
from kreg.launch.checked import as_hydra_tells
from kreg.sweeps.grid_sweeper import Grid

WINE = ["data=wine", "model=linear"]
KINDS = ["-m", "reg=none,l1,elasticnet", "reg.strength=1e-4,1e-3"]


def words(job) -> list[str]:
    return [as_hydra_tells(override) for override in job]


def test_a_penalty_without_a_strength_is_trained_once():
    checked = gate.check_all(commandline.parse([*WINE, *KINDS]))
    found = [(c.reg.kind, getattr(c.reg, "l1", None)) for c in checked.configs.values()]
    assert found == [("none", None), ("l1", 1e-4), ("l1", 1e-3),
                     ("elasticnet", 5e-5), ("elasticnet", 5e-4)]  # fmt: skip
    assert checked.sweeper == "basic"


def test_once_in_every_combination_of_the_rest():
    line = commandline.parse([*KINDS, "seed=0,1", "trainer.epochs=1,2"])
    jobs = [words(job) for job in commandline.jobs(line)]
    none = [job for job in jobs if "reg=none" in job]
    assert len(jobs) == (1 + 2 * 2) * 4 and len(none) == 4
    assert not any(word.startswith("reg.strength") for job in none for word in job)


def test_the_sweeper_launches_what_the_gate_has_checked():
    given = [*KINDS[1:], "seed=0,1"]
    sweeper = Grid()
    sweeper.hydra_context = type("Context", (), {"config_loader": None})
    checked = commandline.jobs(commandline.parse(["-m", *given]))
    assert sweeper.jobs(given) == [words(job) for job in checked]
    assert sweeper.jobs(["x=1,2", "x=3"]) == [["x=3"]]


@pytest.mark.parametrize("kinds", ["none", "none,nonneg"])
def test_a_strength_that_no_kind_takes_is_refused(kinds):
    with pytest.raises(ConfigError, match="it has no strength"):
        gate.check_all(commandline.parse([*WINE, "-m", f"reg={kinds}", "reg.strength=1,2"]))


def test_a_cap_is_refused_beside_strengths():
    with pytest.raises(ConfigError, match="vary reg.max_value in a command of its own"):
        gate.check_all(commandline.parse([*WINE, "-m", "reg=l1,maxnorm", "reg.strength=1,2"]))


ENORMOUS = ["-m", "seed=range(0,1000)", "reg=none,l1", "reg.strength=range(0,1e6)"]


def test_an_enormous_grid_is_counted_and_not_made():
    with pytest.raises(ConfigError, match="This would be 2,000,000,000 jobs") as refused:
        gate.check_all(commandline.parse([*WINE, *ENORMOUS]))
    told = str(refused.value)
    assert "(seed 1,000 x reg 2 x reg.strength 1,000,000)" in told
    assert "would take about" in told and "hparams_search=random" in told


def test_a_search_may_draw_from_an_enormous_space(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sizes, "MOST", 3)
    monkeypatch.setattr(sizes, "MOST_SAMPLED", 1)
    space = ["-m", "hparams_search=random", "reg=none,l1", "reg.strength=0.1,0.2"]
    line = commandline.parse([*WINE, *space])
    checked = gate.check_all(line)
    assert [config.reg.kind for config in checked.configs.values()] == ["none", "l1"]
    sweep = directories.for_sweep(line, checked)
    assert len(sweep.jobs) == 1 and "reg.strength=0.1,0.2" in sweep.jobs[0]


def test_the_jobs_of_a_sample_are_jobs_of_the_grid():
    line = commandline.parse(["-m", "seed=0,1,2", "reg.l1=1,2,3,4"])
    whole = [words(job) for job in commandline.jobs(line)]
    assert [words(job) for job in commandline.some(line, 100)] == whole and len(whole) == 12
    some = [words(job) for job in commandline.some(line, 5)]
    assert len(some) == 4 and all(job in whole for job in some)

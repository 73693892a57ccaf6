"""What a launch is told of its jobs before the first one trains."""

import pytest

from kreg.launch import commandline, gate, stacking
from kreg.sweeps.stacked import WaitingJob

WORDS = ["-m", "data=wine", "model=linear", "trainer.epochs=2", "reg=l1", "reg.l1=1e-3,1e-2"]


def never():
    pytest.fail("it is composed already")


@pytest.fixture
def checked():
    return gate.check_all(commandline.parse(WORDS))


def waiting(checked):
    return [WaitingJob(n, list(words), never) for n, words in enumerate(checked.configs, 4)]


def test_the_jobs_of_a_grid_are_the_ones_that_were_checked(checked, tmp_path):
    found, told = stacking.decide(checked, tmp_path, waiting(checked), {})
    assert found.numbers == [4, 5] and found.configs == list(checked.configs.values())
    assert found.folders == [tmp_path / place for place in checked.folders]
    assert [checked.find([], number) for number in (4, 5)] == found.configs
    assert checked.find([], 6) is None and checked.find([]) is None
    assert [stack["jobs"] for stack in told["stacks"]] == [[4, 5]] and not told["not_stacked"]


def test_a_setting_that_is_asked_for_twice_is_two_members(checked, tmp_path):
    first = waiting(checked)[0]
    found, told = stacking.decide(checked, tmp_path, [first, first._replace(number=9)], {})
    assert [stack["jobs"] for stack in told["stacks"]] == [[4, 9]]
    assert found.configs[0] == found.configs[1]
    assert checked.find(first.words, 4) is not checked.find(first.words, 9)


def test_what_is_no_configuration_is_left_to_the_job(checked, tmp_path):
    def refused():
        raise ValueError("no such option")

    other = WaitingJob(3, ["reg=unheard"], refused)
    told = stacking.decide(checked, tmp_path, [other, *waiting(checked)], {})[1]
    assert [stack["jobs"] for stack in told["stacks"]] == [[4, 5]]
    assert told["not_stacked"] == [{"jobs": [3], "why": stacking.REFUSED}]
    told = stacking.decide(checked, tmp_path, [other], {})[1]
    assert told == {"stacks": [], "not_stacked": [{"jobs": [3], "why": stacking.REFUSED}]}

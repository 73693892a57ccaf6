"""`seeds=8` and `data.folds=5` become jobs, by one rule, with and without `-m`."""

import pytest

from kreg.config.validate import ConfigError
from kreg.launch import commandline, gate

WINE = ["data=wine", "model=linear"]


def told(*words: str) -> list[list[tuple[int, int | None]]]:
    """Seed and fold of every job of a command line."""
    checked = gate.check_all(commandline.parse([*WINE, *words]))
    assert checked.line.multirun == (len(checked.configs) > 1 or "-m" in words)
    return [(config.seed, config.data.fold) for config in checked.configs.values()]


@pytest.mark.parametrize("flag", [[], ["-m"]], ids=["alone", "-m"])
def test_replicates_are_written_out(flag):
    assert told("seeds=3", *flag) == [(0, None), (1, None), (2, None)]
    assert told("data.folds=3", *flag) == [(0, 0), (0, 1), (0, 2)]
    assert told("data.folds=2", "seeds=2", "seed=5", *flag) == [(5, 0), (5, 1), (6, 0), (6, 1)]


def test_one_fold_alone_is_one_training():
    assert told("data.folds=3", "data.fold=1") == [(0, 1)]
    assert told("data.folds=4", "data.fold=1,3", "-m") == [(0, 1), (0, 3)]


def test_every_setting_has_all_of_them():
    assert len(told("-m", "reg=none,l1", "data.folds=2", "seeds=2")) == 8


def test_jobs_know_nothing_of_their_number():
    checked = gate.check_all(commandline.parse([*WINE, "seeds=2"]))
    assert [config.seeds for config in checked.configs.values()] == [1, 1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-m", "seed=0,1", "seeds=3"], "'seed=0,1' names several values"),
        (["-m", "data.folds=3,5"], "'data.folds=3,5' names several values"),
        (["-m", "reg=none,l1", "choose=1se"], "choose=1se needs a standard error"),
        (["choose=1se"], "choose=1se needs a standard error"),
        (["data.folds=3", "objective=val_clean_loss"], "fold_clean_loss under data.folds=3"),
        (["data.folds=3", "objective=test_clean_accuracy"], "fold_clean_accuracy under"),
        (["objective=fold_clean_loss"], "a number that is there without data.folds"),
        (["seeds=0"], "seeds"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(words, sentence):
    with pytest.raises(ConfigError, match=sentence):
        told(*words)

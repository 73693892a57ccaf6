"""A run that 0.1 began goes on with the defaults of 0.1; every other command has its own."""

import copy

import pytest

from kreg.config import earlier_defaults
from kreg.launch.compose import compose_job
from kreg.runs.identity import differences


def recorded_by_0_1(*words):
    """What 0.1 has recorded of a command."""
    config = compose_job([*words, "stop=patience"])  # it knew no `stop=gap`
    tree = copy.deepcopy(config.to_dict())
    for (group, name), before in earlier_defaults.DEFAULTS_OF_0_1.items():
        options = type(getattr(config, group))()
        if hasattr(options, name) and tree[group][name] == getattr(options, name):
            tree[group][name] = before
    del tree["trainer"]["steps"]
    return tree


FOLDER = ["data=image_folder", "data.path=/", "model=shallow"]


@pytest.mark.parametrize(
    "words", [[], ["trainer.epochs=30"], ["model=linear", "data=wine"], FOLDER]
)
def test_the_same_command_goes_on(words):
    config, recorded = compose_job(words), recorded_by_0_1(*words)
    assert not differences(earlier_defaults.current(recorded, config), config.to_dict())
    begun = earlier_defaults.as_begun(config, recorded)
    assert begun.trainer.epochs == recorded["trainer"]["epochs"]
    assert earlier_defaults.record(begun, recorded) == recorded


def test_the_old_default_may_be_typed_now():
    config, recorded = compose_job(["trainer.epochs=60"]), recorded_by_0_1()
    assert not differences(earlier_defaults.current(recorded, config), config.to_dict())


def test_another_number_is_another_command():
    config, recorded = compose_job([]), recorded_by_0_1("trainer.epochs=30")
    found = differences(earlier_defaults.current(recorded, config), config.to_dict())
    assert found == {"trainer.epochs": (30, "auto")}


def test_a_record_of_this_version_is_taken_as_it_is():
    config = compose_job([])
    assert earlier_defaults.as_begun(config, config.to_dict()) is config
    assert earlier_defaults.as_begun(config, None) is config
    assert earlier_defaults.current(config.to_dict(), config) == config.to_dict()


def test_a_run_from_before_fine_tuning_trained_all_layers():
    config = compose_job(["model=shallow"])
    recorded = config.to_dict()
    del recorded["finetune"]
    assert not differences(earlier_defaults.current(recorded, config), config.to_dict())
    other = compose_job(["model=backbone", "model.name=VGG16", "finetune=full"])
    assert other.to_dict()["finetune"] == {"kind": "full"}


@pytest.fixture
def table(tmp_path):
    (tmp_path / "t.csv").write_text("day,y\n2024-01-01,1\n2024-01-02,2\n")
    return ["data=csv", f"data.path={tmp_path / 't.csv'}", "data.target=y", "model=shallow"]


def test_a_run_from_before_the_parts_of_dates_reads_days_alone(table):
    config = compose_job(table)
    recorded = config.to_dict()
    assert recorded["data"].pop("dates") == "parts"
    begun = earlier_defaults.as_begun(config, recorded)
    assert begun.data.dates == "days"
    assert earlier_defaults.record(begun, recorded) == recorded
    for words in ([], ["data.dates=days"]):
        same = compose_job([*table, *words])
        assert not differences(earlier_defaults.current(recorded, same), same.to_dict())
    assert earlier_defaults.as_begun(config, config.to_dict()).data.dates == "parts"

"""The `data` group: what is said about a table on the command line reaches its reader."""

import pandas as pd
import pytest

from kreg.config.validate import ConfigError
from kreg.factories import data as build
from kreg.launch.compose import compose_job
from kreg.runs.identity import differences


@pytest.fixture
def table(tmp_path):
    frame = pd.DataFrame({"kind": range(60), "zip": ["01234", "98765"] * 30, "y": [0, 1, 2] * 20})
    frame.to_csv(tmp_path / "own.csv", index=False, sep=";")

    def composed(*overrides):
        settings = ["data=csv", f"data.path={tmp_path / 'own.csv'}", "data.target=y"]
        return compose_job([*settings, *overrides])

    return composed


@pytest.mark.parametrize(
    "override", ["data.types={kind: drop, zip: category}", "data.types={zip: category}"]
)
def test_types_of_columns_reach_the_reader(table, override):
    """Columns are free keys, also one called `kind`, which a schedule has, too."""
    config = table(override)
    data = build.load(config.data, seed=0)
    assert {"zip=1234", "zip=98765"} <= set(data.feature_names)
    assert ("kind" in data.feature_names) == ("kind" not in config.data.types)


def test_lists_and_paths_reach_the_reader(table, tmp_path):
    own = pd.DataFrame({"kind": [7], "zip": [1], "y": [1]})
    own.to_csv(tmp_path / "test.csv", index=False)
    config = table(
        f"data.test_path={tmp_path / 'test.csv'}",
        "data.missing=['', '7', '8', '9', '20', '30', '40']",
    )
    data = build.load(config.data, seed=0)
    assert data.sizes["test"] == 1 and "kind missing" in data.feature_names


def test_an_unknown_type_is_a_sentence(table):
    with pytest.raises(ConfigError, match="Did you mean 'category'"):
        table("data.types={zip: categoy}")


def test_a_run_that_was_recorded_with_a_comma_is_the_same_command():
    """`auto` takes the comma wherever the comma found the target; other signs are others."""
    recorded = {"data": {"kind": "csv", "separator": ","}}
    assert not differences(recorded, {"data": {"kind": "csv", "separator": "auto"}})
    assert differences(recorded, {"data": {"kind": "csv", "separator": ";"}})

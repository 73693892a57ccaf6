"""Several files of a table are looked for before anything is loaded."""

import pandas as pd
import pytest

from kreg.launch.compose import compose_job

WORDS = ["data=csv", "data.target=y"]


@pytest.fixture
def folder(tmp_path):
    for part in range(2):
        pd.DataFrame({"a": [1, 2], "y": [0, 1]}).to_csv(tmp_path / f"{part}.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("path", ["{0}", "{0}/*.csv", "{0}/0.csv"])
def test_a_folder_a_pattern_and_a_file_are_accepted(folder, path):
    compose_job([*WORDS, f"data.path='{path.format(folder)}'"])


@pytest.mark.parametrize(
    "words, told",
    [
        (["data.path='{0}/*.parquet'"], "a pattern of files"),
        (["data.path='{0}/none'"], "a path that exists"),
        (["data.path='{0}'", "data.target=z"], "data.target"),
        (["data.path='{0}'", "data.test_path='{0}/x*'"], "data.test_path"),
        (["data.path='{0}'", "data.split_by_file=true", "data.group=a"], "data.split_by_file"),
        (["data.path='{0}'", "data.cache=ram"], "data.cache"),
    ],
)
def test_what_is_missing_is_a_sentence(folder, words, told):
    with pytest.raises(ValueError, match="Invalid value received") as raised:
        compose_job([*WORDS, *(word.format(folder) for word in words)])
    assert told in str(raised.value)

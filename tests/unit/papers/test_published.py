"""Published results come out as published."""

import json
import os
from pathlib import Path

import pytest

from kreg.papers import diabetes_path, zou_hastie_prostate
from kreg.papers.data_folder import data_folder

DATA = os.environ.get("KREG_DATA")


def test_what_is_missing_of_the_data_is_named(tmp_path, monkeypatch):
    (tmp_path / "mice").mkdir()
    with pytest.raises(ValueError, match=r"needs isolet, mnist\. Set KREG_DATA .* holds them"):
        data_folder(tmp_path, "mice", "isolet", "mnist")
    monkeypatch.setenv("KREG_DATA", str(tmp_path))
    assert data_folder(None, "mice") == tmp_path
    monkeypatch.delenv("KREG_DATA")
    with pytest.raises(ValueError, match="needs mice"):
        data_folder(None, "mice")


def test_prostate_needs_its_data(tmp_path):
    with pytest.raises(ValueError, match="needs prostate/data.npz. Set KREG_DATA"):
        zou_hastie_prostate.run(tmp_path, data_dir=tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="KREG_DATA is not set")
def test_the_table_of_zou_and_hastie_to_the_third_digit(tmp_path, capsys):
    result = zou_hastie_prostate.run(tmp_path, data_dir=DATA)
    assert [r["method"] for r in result["rows"]] == list(zou_hastie_prostate.METHODS)
    assert result["reproduced"]
    assert "0.381 (0.105)" in capsys.readouterr().out
    assert json.loads((tmp_path / "table.json").read_text()) == result["rows"]


@pytest.mark.skipif(not DATA, reason="KREG_DATA is not set")
def test_ordinary_least_squares_and_ridge_of_the_table():
    data = zou_hastie_prostate.load(Path(DATA) / zou_hastie_prostate.FILE)
    for name in ("OLS", "ridge"):
        assert zou_hastie_prostate.row(name, data)["reproduced"]


def test_the_head_of_the_diabetes_path(tmp_path, capsys):
    result = diabetes_path.run(tmp_path, count=6, ratio=0.3, steps=500)
    assert [event[1:] for event in result["events"]] == [
        ("bmi", "enters"), ("s5", "enters"), ("bp", "enters"), ("s3", "enters"),
    ]  # fmt: skip
    assert result["same_support"] == result["strengths"] == 6
    assert (tmp_path / "path.png").exists() and "s5   enters" in capsys.readouterr().out

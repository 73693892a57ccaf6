"""What the report of a run says about its test rows: the numbers of `kreg evaluate`, in words."""

import json

import numpy as np
import pandas as pd
import pytest

import kreg
from kreg.cli import main
from kreg.diagnostics.report_schema import Report
from kreg.foreign.schema import conform


def reported(run):
    found = json.loads((run / "report.json").read_text())
    conform(found, Report, "report")
    return found


def cell_of(name: str, cell):
    """A cell of the table of people as a report has it; truths are numbers to a model."""
    if pd.isna(cell):
        return None
    return f"{cell:02}" if name == "zip" else cell if name == "job" else pytest.approx(float(cell))


@pytest.mark.parametrize("name", ["people", "homes"])
def test_the_report_has_the_scores_that_evaluate_has(name, request, ground):
    run = request.getfixturevalue(f"{name}_run")
    found = reported(run)["evaluation"]
    theirs = kreg.load_run(run).evaluate(ground / f"{name}_test.csv")
    assert (found["split"], found["rows"], found["total"]) == ("test", 120, 120)
    assert [one["name"] for one in found["scores"]] == [one.name for one in theirs.scores]
    for ours, one in zip(found["scores"], theirs.scores, strict=True):
        assert [ours[k] for k in ("value", "low", "high")] == pytest.approx(
            [one.value, one.low, one.high], rel=1e-3, abs=1e-4
        )
    if name == "people":
        assert found["confusion"] == theirs.confusion.tolist()
        assert [one["name"] for one in found["classes"]] == ["no", "yes"]


def test_the_threshold_of_the_run_is_on_its_curve(people_run):
    found = reported(people_run)["evaluation"]
    point = json.loads((people_run / "calibration.json").read_text())["operating_point"]
    assert found["roc"]["threshold"] == pytest.approx(point["threshold"], rel=1e-5)
    (no, yes) = found["classes"]
    assert found["roc"]["at"][1] == pytest.approx(yes["recall"], rel=1e-5)
    assert found["reliability"]["count"] == 120


def test_the_hardest_rows_are_those_of_the_users_file(people_run, homes_run, ground):
    people, homes = (pd.read_csv(ground / f"{n}_test.csv") for n in ("people", "homes"))
    found = reported(people_run)["evaluation"]
    assert found["hardest_of"] == "test" and len(found["hardest"]) == 10
    said = kreg.load_run(people_run).predict(people)
    for one in found["hardest"]:
        row = people.iloc[one["row"] - 1]
        assert one["truth"] == row["left"]
        assert one["chance"] == pytest.approx(
            said[f"probability_{row['left']}"][one["row"] - 1], rel=1e-3
        )
        for name, cell in one["cells"].items():
            assert cell == cell_of(name, row[name])
    found = reported(homes_run)["evaluation"]
    errors = abs(kreg.load_run(homes_run).predict(homes)["prediction"] - homes["price"])
    assert [one["row"] - 1 for one in found["hardest"]] == errors.argsort()[::-1][:10].tolist()
    assert found["hardest"][0]["loss"] == pytest.approx(errors.max(), rel=1e-3)
    assert found["hardest"][0]["truth"] == pytest.approx(homes["price"][errors.argmax()], rel=1e-5)


def test_columns_have_the_users_names_and_the_one_that_matters_leads(people_run, homes_run):
    found = reported(people_run)["evaluation"]["importance"]
    assert {one["name"] for one in found["columns"]} == {"age", "job", "zip", "owner"}
    assert found["split"] == "validation" and found["measures"][0]["unit"] == "nats"
    found = reported(homes_run)["evaluation"]["importance"]
    first = found["columns"][0]
    assert first["name"] == "size" and first["change"][0] > 0.1
    assert first["change"][1] > 1_000, "the rise of the rmse is in the units of the price"


def test_pictures_lie_in_the_page_with_the_names_of_their_files(pictures_run):
    found = reported(pictures_run)["evaluation"]
    assert found["importance"] is None and found["hardest_of"] == "data"
    page = kreg.report(pictures_run).html()
    for one in found["hardest"]:
        assert one["picture"].startswith("data:image/png;base64,") and one["picture"] in page
        assert one["file"].startswith(f"{one['truth']}/") and one["file"] in page
        assert "cells" not in one


def test_the_first_line_says_task_sizes_and_score(homes_run, people_run):
    shown = kreg.report(homes_run)
    (rmse,) = (s for s in reported(homes_run)["evaluation"]["scores"] if s["name"] == "rmse")
    line = shown.view.head.about
    assert line.startswith("linear on homes: regression; ")
    assert "and 120 test rows" in line and "in units of price" in line
    assert (
        f"Test rmse {rmse['value']:,.0f} (95 %: {rmse['low']:,.0f} to {rmse['high']:,.0f})" in line
    )
    for text in (shown.html(), shown.markdown(), " ".join(str(shown).split())):
        assert "in units of price" in text
    shown = kreg.report(people_run)
    assert "<code>yes</code> from a probability of" in shown.html().split("badge")[1]
    assert "whatever the threshold above is" in shown.html()
    assert "whatever the threshold above is" not in kreg.report(homes_run).html()


def test_every_section_is_on_the_page(people_run, homes_run):
    page = kreg.report(people_run).html()
    for text in (
        "Confusion matrix", "ROC curve: area", "Calibration of yes", "is ↓  told to be →",
        "What each column is worth to the model", "The hardest test rows", "truth had",
    ):  # fmt: skip
        assert text in page, text
    page = kreg.report(homes_run).html()
    for text in ("Predictions against truth", "Residuals: prediction less truth", "nine tenths"):
        assert text in page, text
    assert page.count("<svg") > 5 and '"nan"' not in page and ">nan<" not in page


def test_a_report_without_evaluation_has_a_page(people_run):
    document = reported(people_run) | {"evaluation": None, "about": None}
    page = kreg.pages.Report(document).html()
    assert "On the test rows" not in page and "Confusion" not in page


def test_where_there_are_no_test_rows_the_page_says_whose_scores_they_are(people_run):
    document = reported(people_run)
    document["evaluation"] |= {"split": "validation"}
    shown = kreg.pages.Report(document)
    assert "the scores are too good" in shown.html() and "Validation accuracy" in str(shown)


def test_the_numbers_of_a_page_are_those_of_the_document(people_run):
    found = reported(people_run)["evaluation"]
    page = kreg.report(people_run).html()
    for counts in found["confusion"]:
        for rows in counts:
            assert f"{rows} rows of " in page
    assert np.sum(found["confusion"]) == found["rows"]


def test_the_card_goes_with_the_run_and_is_written_again(people_run, homes_run, tmp_path):
    card = (people_run / "card.md").read_text()
    found = reported(people_run)["evaluation"]
    for one in (*found["scores"], *found["classes"]):
        assert f"| {one['name']} |".replace("_", "\\_") in card
    for told in (
        "| target | left |", "| test rows | 120 |", "2 columns of numbers: gaps are filled",
        "2 columns of words", "`yes` from a probability of", '"operating_point": 0.8',
    ):  # fmt: skip
        assert told in card, told
    assert main(["report", str(people_run), "--out", str(tmp_path)]) == 0
    assert (tmp_path / "card.md").read_text() == card
    assert "predictions are put back." in (homes_run / "card.md").read_text()


def test_a_run_of_an_earlier_version_has_no_card_and_is_told_so(people_run, tmp_path, capsys):
    old = {k: v for k, v in reported(people_run).items() if k not in ("evaluation", "about")}
    (tmp_path / "report.json").write_text(json.dumps(old))
    (tmp_path / "data.json").write_text((people_run / "data.json").read_text())
    assert main(["report", str(tmp_path)]) == 0
    assert "card.md is not written" in capsys.readouterr().out
    assert not (tmp_path / "card.md").exists() and (tmp_path / "report.html").exists()

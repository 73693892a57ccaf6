"""Reports of earlier versions say what they said, on every page that this kreg writes."""

import json

import pytest

import kreg
from tests.compat.archives import members, unpack

# words of the verdict that have another name since
RENAMED = {"NOT ENOUGH DATA": "TOO EARLY"}


@pytest.mark.parametrize(("version", "name"), members("reports", "/report.json"))
def test_a_report_renders(version, name, tmp_path):
    folder = unpack(version, "reports", tmp_path).folder / name
    written = json.loads((folder / "report.json").read_text())
    report = kreg.report(folder / "report.json")
    state = written["verdict"]["state"]
    assert report.state in (state, RENAMED.get(state))
    assert report.onset_epoch == written["verdict"]["onset"]
    for text in (report.html(), report.markdown(), str(report)):
        assert report.state in text.upper()
    assert all(advice["text"][:20] in report.markdown() for advice in written["advice"])


def test_every_word_is_known(unpacked):
    """What the fixtures must hold for the test above to mean something."""
    paths = list(unpacked("reports").folder.glob("*/report.json"))
    found = {kreg.report(path).state for path in paths}
    assert {"LEARNING", "CONVERGED", "OVERFITTING", "NO VALIDATION", "NON-FINITE"} < found
    assert any(kreg.report(path).document["advice"] for path in paths)


def test_all_parts_of_a_full_report_are_there(unpacked):
    path = unpacked("reports").folder / "full" / "report.json"
    written, report = json.loads(path.read_text()), kreg.report(path)
    html, markdown = report.html(), report.markdown()
    assert written["layers"] and written["replay"]
    names = [layer["name"] for layer in written["layers"]]
    assert all(name in html and name.replace("_", r"\_") in markdown for name in names)
    assert all(rule["rule"] in html for rule in written["replay"])
    before, after = written["compressed"]["parameters"]
    assert f"{before} | {after}" in markdown and str(after) in html


@pytest.mark.parametrize("name", ["overfitting", "converged", "no_validation", "non_finite"])
def test_a_history_is_judged_as_before(unpacked, name):
    folder = unpacked("reports").folder / f"history_{name}"
    written, now = kreg.report(folder / "report.json"), kreg.report(folder / "history.csv")
    assert (now.state, now.onset_epoch) == (written.state, written.onset_epoch)


def test_the_command_writes_the_pages(unpacked, tmp_path):
    fixture, out = unpacked("reports"), tmp_path / "pages"
    state = kreg.report(fixture.folder / "full" / "report.json").state
    done = fixture.run("-m", "kreg", "report", "full/report.json", "--out", str(out))
    assert done.returncode == 0, done.stderr
    for name in ("report.json", "report.html", "report.md"):
        assert state in (out / name).read_text(encoding="utf-8").upper()

"""The document, and older versions of it."""

import json

import pytest
from scripted import FALLING, VALLEY, full

from kreg.diagnostics import Record, document
from kreg.diagnostics.report_document import MAX_POINTS, VERSION, thinned
from kreg.diagnostics.upgrade import upgraded


def test_the_document_is_strict_json():
    record = full()
    record.append(31, {"clean_loss": float("inf"), "val_clean_loss": float("nan")})
    text = json.dumps(document(record), allow_nan=False)
    assert upgraded(json.loads(text))["verdict"]["state"] == "NON-FINITE"


def test_golden_document():
    """Names that other programs read."""
    found = document(full(), created="2026-01-01T00:00:00+00:00")
    assert (found["schema"], found["version"]) == ("kreg/report", VERSION)
    assert found["verdict"]["state"] == "OVERFITTING"
    assert found["verdict"]["onset"] == 10
    assert {"epochs", "clean_loss", "val_clean_loss", "z"} <= found["curves"].keys()
    assert [a["id"] for a in found["advice"]][0] == "restore"
    assert found["ledger"]["last"]["clean_gap"] == pytest.approx(VALLEY[-1] - FALLING[-1])
    assert {"rule", "stop_epoch", "regret"} <= found["replay"][0].keys()


def test_long_curves_are_thinned_and_keep_what_is_marked():
    record = Record()
    for epoch in range(1, 5001):
        record.append(epoch, {"loss": 1 / epoch, "val_loss": 1 + abs(epoch - 1234) / 1000})
    found = document(record, rules="patience:5")
    assert len(found["curves"]["epochs"]) <= MAX_POINTS
    assert {1, 1234, 5000} <= set(found["curves"]["epochs"])
    assert thinned(3, set(), 2) == [0, 2]


def test_old_words_are_shown_by_their_new_names():
    old = {
        "state": "NOT ENOUGH DATA", "headline": "NOT ENOUGH DATA", "tone": "unknown",
        "meaning": "Too few validations to see a trend.", "action": "Train on.",
        "timeline": [{"state": "NOT ENOUGH DATA", "first": 1, "last": 7}],
    }  # fmt: skip
    found = upgraded({"schema": "kreg/report", "version": 1, "verdict": old})
    assert (found["verdict"]["state"], found["verdict"]["headline"]) == ("TOO EARLY", "TOO EARLY")
    assert found["verdict"]["timeline"][0]["state"] == "TOO EARLY"
    assert found["version"] == VERSION


def test_missing_fields_are_nothing():
    bare = {"schema": "kreg/report", "version": 1, "verdict": {"state": "LEARNING"}}
    assert document(Record()).keys() <= upgraded(bare).keys()


def test_strangers_and_newer_versions_are_sentences():
    with pytest.raises(ValueError, match="no report of kreg"):
        upgraded({"schema": "other"})
    with pytest.raises(ValueError, match="Update kreg"):
        upgraded({"schema": "kreg/report", "version": VERSION + 1})
    with pytest.raises(ValueError, match="JSON object"):
        upgraded([1])

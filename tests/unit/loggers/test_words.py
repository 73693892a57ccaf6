"""Configuration and report in the words that trackers take."""

import math

from kreg.loggers import words


def test_a_nested_configuration_becomes_flat():
    config = {"model": {"width": 64, "params": {}}, "seed": 0, "allow": ["a"], "task": None}
    assert words.flat(config) == {
        "model.width": 64, "model.params": "{}", "seed": 0, "allow": '["a"]', "task": None,
    }  # fmt: skip


def test_what_is_not_finite_is_no_point_of_a_curve():
    assert words.finite({"a": 1, "b": math.nan, "c": math.inf, "d": None, "e": "x"}) == {"a": 1.0}


def test_tags_and_note_of_a_report(document):
    verdict = document["verdict"]
    tags = words.tags(document)
    assert tags["verdict"] == verdict["state"] and tags["best_epoch"] == str(verdict["best_epoch"])
    assert ("onset_epoch" in tags) == (verdict["onset"] is not None)
    note = words.note(document)
    assert verdict["headline"] in note
    assert document["advice"] and all(advice["text"] in note for advice in document["advice"])
    assert words.is_alarming(document) == (verdict["tone"] == "bad")


def test_the_numbers_of_a_finished_run():
    result = {"metrics": {"val_clean_loss": 0.5, "gap": None}, "params": 7, "status": "done"}
    assert words.outcome(result) == {"val_clean_loss": 0.5, "params": 7.0}

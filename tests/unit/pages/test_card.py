"""The model card: read from a report, and nothing in it becomes markup."""

import pytest

from kreg.diagnostics.upgrade import upgraded
from kreg.pages import Report, card, write_all

ABOUT = {
    "line": "linear on <b>homes</b>: regression; 10 training, 2 validation and 0 test rows",
    "model": "linear", "parameters": 1_234, "data": "homes", "task": "regression",
    "sizes": {"train": 10, "validation": 2, "test": 0}, "target": ["price"], "classes": [],
    "inputs": [3], "preprocessing": ["3 columns of numbers."], "fingerprint": "0123abcd",
    "epochs": 7, "best_epoch": None, "averaged_epochs": [], "stopped": None,
    "versions": {"kreg": "0.2", "keras": "3"},
    "warnings": ["One column is constant."],
}  # fmt: skip


def document(**more):
    return upgraded({"schema": "kreg/report", "version": 1, "name": "homes", **more})


def test_a_card_without_scores_says_what_is_known():
    found = card.text(document(about=ABOUT, provenance={"command": "train.py data=csv"}))
    for told in (
        "# Model card: homes", "| parameters | 1,234 |", "| target | price |", "0123abcd",
        "- 3 columns of numbers.", "- One column is constant.", "train.py data=csv",
        "kreg 0.2, keras 3", "7 epochs; the weights are those of the last epoch",
    ):  # fmt: skip
        assert told in found, told
    assert "<b>" not in found and "## Scores" not in found and "## What it looks at" not in found


def test_the_card_says_whose_weights_the_model_has():
    mean = {"best_epoch": 5, "averaged_epochs": [4, 5, 6]}
    each = (({"best_epoch": 5}, "those of epoch 5"), (mean, "the mean of epochs 4, 5, 6"))
    for more, told in each:
        assert f"the weights are {told} |" in card.text(document(about=ABOUT | more))


def test_a_report_that_does_not_know_the_training_has_no_card(tmp_path):
    with pytest.raises(ValueError, match="has no card"):
        card.text(document())
    files, problems = write_all(document(), tmp_path, ("report.json", "card.md"))
    assert [file.name for file in files] == ["report.json"] and problems == []


def test_the_card_is_written_with_the_report(tmp_path):
    written = Report(document(about=ABOUT)).save(tmp_path).files
    assert (tmp_path / "card.md") in written
    assert (tmp_path / "card.md").read_text() == card.text(document(about=ABOUT))

"""The lines on the terminal are made from the numbers of `result.json`, never kept in it."""

from pathlib import Path

from kreg.runs import summary

RESULT = {"metrics": {"clean_loss": 0.25, "test_clean_accuracy": 0.5}, "sparsity": 0.0, "params": 9}
COMPRESSED = {
    "before": {"parameters": 2000, "latency_ms": 1.0},
    "after": {"parameters": 500, "latency_ms": 0.5},
    "ratio": 0.25,
    "metrics": {"test_clean_accuracy": 0.75},
}


def test_the_smaller_network_is_one_line():
    lines = dict(summary.lines(RESULT | {"compressed": COMPRESSED}, Path("run")))
    assert lines["compressed"] == (
        "2,000 -> 500 parameters (25.0%), 1.00 -> 0.50 ms a batch, test accuracy 0.7500 "
        "after the refit"
    )


def test_a_line_without_a_number_stays_away():
    lines = dict(summary.lines(RESULT, Path("run")))
    assert lines["clean loss"] == "0.2500" and lines["test accuracy"] == "0.5000"
    assert not {"compressed", "gap", "features", "verdict"} & lines.keys()


def test_the_speed_of_picture_files_is_one_line():
    lines = dict(summary.lines(RESULT | {"pictures": {"told": "12 a second"}}, Path("run")))
    assert lines["pictures"] == "12 a second"
    assert "pictures" not in dict(summary.lines(RESULT | {"pictures": None}, Path("run")))


def test_a_regression_shows_its_rmse():
    found = COMPRESSED | {"metrics": {"test_clean_rmse": 2.0}}
    assert "test rmse 2.0000" in summary.compressed(found)

"""A verdict is a function of seed and configuration: no clock has a say in it."""

import json
import time

import pytest

from kreg.launch.compose import compose_job
from kreg.measuring import overhead
from kreg.training import app

GENES = [
    "data=synthetic", "data.rows=120", "data.features=400", "model=linear", "reg=l1", "reg.l1=1e-3",
    "stop=patience", "trainer.epochs=10", "logger=none", "trainer.verbose=quiet",
    "optimizer.learning_rate=0.05", "diagnostics.budget=1e-6", "diagnostics.probe_training=false",
]  # fmt: skip
CLOCKS = {
    name: getattr(time, name) for name in ("monotonic", "perf_counter", "process_time", "time")
}


def turn(monkeypatch, speed: float) -> None:
    """Let the clocks of this process run at another speed."""

    def turned(name: str):
        real, began = CLOCKS[name], CLOCKS[name]()
        return lambda: began + speed * (real() - began)

    for name in CLOCKS:
        monkeypatch.setattr(time, name, turned(name))


def report(folder, words) -> dict:
    """`report.json` of a run, but for the times of its provenance."""
    app.run(compose_job(words), folder / "run")
    document = json.loads((folder / "run" / "report.json").read_text())
    assert document.pop("created")
    for name in ("began", "ended"):
        assert document["provenance"].pop(name)
    return document


@pytest.mark.parametrize(
    ("cheap", "fast"),
    [pytest.param(overhead.CHEAP, 100.0, marks=pytest.mark.slow), (0, 0.01)],
)
def test_the_verdict_is_the_same_whatever_the_clock_says(cheap, fast, tmp_path, monkeypatch):
    monkeypatch.setattr(overhead, "CHEAP", cheap)
    found = []
    for speed in (1.0, fast):
        turn(monkeypatch, speed)
        words = [*GENES, "data.rows=400", "data.validation=0.4"]
        found.append(json.dumps(report(tmp_path / f"{speed}", words)).encode())
    assert found[0] == found[1]
    assert (b"64 of 180 training rows" in found[0]) == (cheap == 0)


def test_of_few_rows_all_are_measured_in_every_epoch(tmp_path):
    """Of 49 training rows every eighth epoch was measured once, because that took long."""
    words = [*GENES, "data.rows=70"]
    default = report(tmp_path / "default", words)
    whole = report(tmp_path / "whole", [*words, "diagnostics.adapt=false"])
    assert default["verdict"] == whole["verdict"] and default["curves"] == whole["curves"]
    lines = (tmp_path / "default" / "run" / "history.csv").read_text().splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    assert len(rows) == 10 and all(
        value not in ("", "nan") for row in rows for value in row.values()
    )

"""A training on a table that stays on the disk, from the command to new rows, and after a kill."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kreg.callbacks import saver
from kreg.launch.compose import compose_job
from kreg.runs import StateFile
from kreg.training import app, within_epoch
from tests.faults.outcome import outcome
from tests.unit.data.disk.conftest import FILES, ROWS, rows_of, write
from tests.unit.data.disk.test_tfrecord import example
from tests.unit.data.disk.test_tfrecord import write as write_records

ROOT = Path(__file__).parents[2]
WORDS = [
    "data=parquet", "data.target=y", "data.cache=disk", "model=linear", "reg=none",
    "optimizer.learning_rate=0.05", "trainer.epochs=2", "trainer.batch_size=16",
    "trainer.verbose=quiet", "compress=off",
]  # fmt: skip


@pytest.fixture
def pattern(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "table").mkdir()
    for seed in range(FILES):
        write(rows_of(seed), tmp_path / "table" / f"part-{seed}.parquet")
    return str(tmp_path / "table" / "part-*.parquet")


def test_it_trains_and_says_how_fast_and_in_how_much_memory(pattern, tmp_path):
    config = compose_job([*WORDS, f"data.path='{pattern}'"])
    app.run(config, tmp_path / "run")
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["pictures"]["of"] == "rows" and result["pictures"]["peak_memory"] > 2**20
    assert "peak memory" in result["pictures"]["told"]
    assert result["metrics"]["test_clean_accuracy"] > 0.6  # half of the rows are of each class
    data = json.loads((tmp_path / "run" / "data.json").read_text())
    assert sum(data["sizes"].values()) == FILES * ROWS

    from kreg.prediction import load_run

    run = load_run(tmp_path / "run")
    rows = rows_of(0).drop(columns="y")
    assert np.mean(run.predict(rows)["prediction"].to_numpy() == rows_of(0)["y"].to_numpy()) > 0.6


def as_records(tmp_path):
    """The same rows as TFRecord; their pattern."""
    for seed in range(FILES):
        rows = rows_of(seed).drop(columns="day")
        cells = [row.dropna().to_dict() for _, row in rows.iterrows()]
        found = [example(**{name: [cell] for name, cell in one.items()}) for one in cells]
        write_records(tmp_path / "table" / f"part-{seed}.tfrecord", found)
    return str(tmp_path / "table" / "part-*.tfrecord")


class Killed(BaseException):
    """Raised where a process would be killed."""


def end_at(monkeypatch, places):
    """Have a state written after each batch, and end at the next of these (epoch, batch)."""
    write, left = StateFile.write, list(places)

    def noting(self, state):
        path = write(self, state)
        if left and (state["epoch"], state.get("batch", 0)) == left[0]:
            raise Killed(left.pop(0))
        return path

    monkeypatch.setattr(StateFile, "write", noting)
    monkeypatch.setattr(saver, "INSIDE", np.inf)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [[], ["trainer.epochs=auto", "trainer.steps=200"]])
def test_killed_within_an_epoch_it_goes_on_behind_that_batch(pattern, tmp_path, monkeypatch, rows):
    words = [
        *WORDS, "model=shallow", "model.width=8", "dropout=light", "reg=l1", "trainer.save_every=0",
        "logger.tensorboard.histograms=1", "data.train_size=800", f"data.path='{pattern}'", *rows,
    ]  # fmt: skip
    config = compose_job(words)
    app.run(config, tmp_path / "whole" / "run")
    done, fit = [], within_epoch.fit

    def noting(plan, stream, batches, how):
        done.append(batches)
        fit(plan, stream, batches, how)

    monkeypatch.setattr(within_epoch, "fit", noting)
    run = tmp_path / "killed" / "run"
    end_at(monkeypatch, [(0, 20), (0, 21), (1, 30)])
    for _ in range(3):
        with pytest.raises(Killed):
            app.run(config, run)
    app.run(config, run)
    assert done == [20, 21, 30]  # it began at these, and not with their epoch
    found, wanted = outcome(run), outcome(tmp_path / "whole" / "run")
    assert not [name for name in wanted if found[name] != wanted[name]]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parquet", "tfrecord"])
def test_killed_it_goes_on_bit_for_bit(kind, pattern, tmp_path):
    pattern = pattern if kind == "parquet" else as_records(tmp_path)
    program = ROOT / "tests" / "faults" / "moments.py"
    words = [f"data={kind}", "data.target=y", "data.cache=disk", f"data.path='{pattern}'",
             "augment=none", "compress=off", "data.train_size=300"]  # fmt: skip
    ended = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "faults"), "few", *words],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr[-3000:]
    assert ended.stdout.count("equal") == 2


@pytest.mark.slow
@pytest.mark.parametrize("where", ["{0}", "'{0}/part-*.parquet'"])
def test_a_folder_or_a_pattern_on_the_command_line(pattern, tmp_path, where):
    words = ["data=parquet", "data.target=y", "model=linear", "trainer.epochs=1", "check=true"]
    path = where.format(Path(pattern).parent)
    command = [sys.executable, str(ROOT / "train.py"), *words, f"data.path={path}"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "table" in ended.stdout

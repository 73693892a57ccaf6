"""MLflow, W&B and Trackio really run; their stores are read back. `make test-trackers` has them."""

import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kreg.diagnostics.sources import load
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
SMALL = ["data=wine", "model=shallow", "model.width=8", "trainer.epochs=4", "trainer.save_every=0",
         "trainer.verbose=quiet", "diagnostics.probe_training=false"]  # fmt: skip
pytestmark = pytest.mark.slow


def command(*words):
    return [sys.executable, str(ROOT / "train.py"), *SMALL, *words]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}


def train(folder, *words):
    done = subprocess.run(
        command(*words),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def interrupted(folder, *words):
    """A training that is told to stop once it has told its logger of two epochs."""
    process = subprocess.Popen(command(*words, "trainer.epochs=4000"), cwd=folder,
                               env=environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    for _ in range(4000):
        memories = [json.loads(path.read_text()) for path in folder.glob("run/loggers.json")]
        if process.poll() is not None or any(
            facts["epoch"] >= 2 for memory in memories for facts in memory.values()
        ):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 143
    memory = json.loads((folder / "run/loggers.json").read_text())
    return next(iter(memory.values()))


KEPT = {"report.html", "report.json", "card.md", "history.csv", "result.json", "best.keras"}


def history(folder, column):
    import csv

    with open(folder / "history.csv", newline="") as file:
        return [float(row[column]) for row in csv.DictReader(file)]


def report(folder):
    return json.loads((folder / "report.json").read_text())


# --- MLflow -----------------------------------------------------------------------------------


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    """`client(folder)`: MLflow's own client of the store below a folder."""
    pytest.importorskip("mlflow")
    from kreg.loggers.mlflow import client

    return lambda folder: client(f"sqlite:///{folder}/logs/mlflow.db")


MLFLOW = pytest.mark.filterwarnings("ignore")  # its own: SQLAlchemy and pydantic have moved on


def runs_of(client, task="wine"):
    experiment = client.get_experiment_by_name(task)
    return client.search_runs([experiment.experiment_id])


@MLFLOW
def test_mlflow_holds_config_curves_verdict_and_artifacts(mlflow, tmp_path):
    train(tmp_path, "logger=[tensorboard,mlflow]", "hydra.run.dir=run")
    client = mlflow(tmp_path)
    (run,) = runs_of(client)
    assert run.info.run_name == "run" and run.info.status == "FINISHED"
    assert run.data.params["model.width"] == "8" and run.data.params["reg.kind"] == "l1"
    curve = client.get_metric_history(run.info.run_id, "val_clean_loss")
    assert [point.step for point in curve] == [1, 2, 3, 4]
    assert [point.value for point in curve] == history(tmp_path / "run", "val_clean_loss")
    document = report(tmp_path / "run")
    assert run.data.tags["kreg.verdict"] == document["verdict"]["state"]
    assert document["verdict"]["headline"] in run.data.tags["mlflow.note.content"]
    result = json.loads((tmp_path / "run/result.json").read_text())
    final = run.data.metrics["result/test_clean_accuracy"]
    assert final == result["metrics"]["test_clean_accuracy"]
    kept = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert kept == KEPT
    (sent,) = tmp_path.glob(f"logs/**/{run.info.run_id}/artifacts/result.json")
    assert sent.read_text() == (tmp_path / "run/result.json").read_text()
    assert (tmp_path / "run/tensorboard").is_dir()
    again = load(tmp_path / "logs/mlflow.db")[1]  # as `kreg report logs/mlflow.db` reads it
    assert again.name == "run" and again.epochs == [1, 2, 3, 4]
    assert again.curves["val_clean_loss"] == history(tmp_path / "run", "val_clean_loss")


@MLFLOW
def test_mlflow_goes_on_with_the_same_run(mlflow, tmp_path):
    words = ("logger=mlflow", "hydra.run.dir=run", "stop=none", "optimizer.schedule=constant")
    known = interrupted(tmp_path, *words)
    (run,) = runs_of(mlflow(tmp_path))
    assert run.info.run_id == known["id"] and run.info.status == "KILLED"
    epochs = known["epoch"] + 3
    train(tmp_path, *words, f"trainer.epochs={epochs}")
    (run,) = runs_of(mlflow(tmp_path))
    assert run.info.run_id == known["id"] and run.info.status == "FINISHED"
    curve = mlflow(tmp_path).get_metric_history(known["id"], "val_clean_loss")
    assert [point.step for point in curve] == list(range(1, epochs + 1))
    assert [point.value for point in curve] == history(tmp_path / "run", "val_clean_loss")
    assert run.data.tags["now.trainer.epochs"] == str(epochs)


@MLFLOW
def test_mlflow_has_a_sweep_as_one_nested_run(mlflow, tmp_path):
    train(tmp_path, "-m", "reg=l1,l2", "logger=mlflow", "hydra.sweep.dir=logs/wine/sweeps/mine",
          "logger.mlflow.experiment=both")  # fmt: skip
    runs = runs_of(mlflow(tmp_path), "both")
    (parent,) = [run for run in runs if "kreg.sweep_itself" in run.data.tags]
    jobs = [run for run in runs if run is not parent]
    assert parent.info.run_name == "mine"
    assert {run.data.tags["mlflow.parentRunId"] for run in jobs} == {parent.info.run_id}
    assert {run.data.params["reg.kind"] for run in jobs} == {"l1", "l2"}


@MLFLOW
def test_a_store_that_cannot_be_written_costs_a_sentence(mlflow, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "file").write_text("no folder")
    told = train(tmp_path, "logger=[mlflow,csv]", "logger.mlflow.uri=sqlite:///logs/file/x.db",
                 "hydra.run.dir=run")  # fmt: skip
    assert told.count("The training goes on without MLflow.") == 1
    result = json.loads((tmp_path / "run/result.json").read_text())
    assert result["status"] == "done" and "without MLflow" in " ".join(result["warnings"])
    assert (tmp_path / "run/csv/result.csv").exists()


@MLFLOW
def test_a_store_here_that_keeps_artifacts_elsewhere_gets_none(mlflow, tmp_path):
    (tmp_path / "logs").mkdir()
    mlflow(tmp_path).create_experiment("wine", artifact_location="http://127.0.0.1:9/elsewhere")
    told = train(tmp_path, "logger=mlflow", "hydra.run.dir=run")
    assert "page and model are not sent" in told and "http://127.0.0.1:9/elsewhere" in told
    (run,) = runs_of(mlflow(tmp_path))
    assert run.info.status == "FINISHED" and "kreg.verdict" in run.data.tags


# --- Weights & Biases -------------------------------------------------------------------------

BLOCK, HEADER = 32768, 7  # of its store: LevelDB's log format behind seven bytes


def blocks(data):
    """The records of a `.wandb` file."""
    position, record = HEADER, b""
    while position + HEADER <= len(data):
        left = BLOCK - position % BLOCK
        if left < HEADER:
            position += left
            continue
        size, kind = struct.unpack("<HB", data[position + 4 : position + HEADER])
        record += data[position + HEADER : position + HEADER + size]
        position += HEADER + size
        if kind in (1, 4):  # whole, or the last part of one
            yield record
            record = b""


def wandb_records(folder):
    from wandb.proto import wandb_internal_pb2

    for path in sorted(folder.glob("logs/wandb/offline-run-*/*.wandb")):
        for data in blocks(path.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            yield record


def items(entries):
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in entries}


def of_artifact(record):
    """The files of an artifact that a record logs."""
    return record.artifact.manifest.contents if record.HasField("artifact") else []


@MLFLOW
def test_wandb_holds_config_curves_verdict_and_artifacts(tmp_path):
    pytest.importorskip("wandb")
    train(tmp_path, "logger=wandb", "hydra.run.dir=run")
    records = list(wandb_records(tmp_path))
    kinds = [record.WhichOneof("record_type") for record in records]
    runs = [record.run for record in records if record.WhichOneof("record_type") == "run"]
    assert {run.project for run in runs} == {"wine"} and runs[0].display_name == "run"
    config = {k: v for run in runs for k, v in items(run.config.update).items()}
    assert config["model.width"] == 8 and config["reg.kind"] == "l1"
    rows = [items(record.history.item) for record in records if record.HasField("history")]
    rows = [row for row in rows if "val_clean_loss" in row]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    told = [row["val_clean_loss"] for row in rows]
    assert told == pytest.approx(history(tmp_path / "run", "val_clean_loss"), rel=1e-12)
    document = report(tmp_path / "run")
    assert list(runs[-1].tags) == [document["verdict"]["state"]]
    assert document["verdict"]["headline"] in runs[-1].notes
    summary = {}
    for record in records:
        summary |= items(record.summary.update) if record.HasField("summary") else {}
    assert summary["verdict"] == document["verdict"]["state"]
    result = json.loads((tmp_path / "run/result.json").read_text())
    assert summary["result/gap"] == pytest.approx(result["metrics"]["gap"])
    named = {record.request.log_artifact.artifact.name for record in records
             if record.HasField("request")}  # fmt: skip
    named |= {record.artifact.name for record in records if record.HasField("artifact")}
    assert {"report-run", "model-run"} <= named, kinds
    paths = {entry.path for record in records for entry in of_artifact(record)}
    assert paths >= KEPT
    again = load(tmp_path / "logs/wandb")[1]  # as `kreg report logs/wandb` reads it
    assert again.name == "run" and again.epochs == [1, 2, 3, 4]
    assert again.curves["val_clean_loss"] == pytest.approx(told, rel=1e-12)


@MLFLOW
def test_wandb_goes_on_with_the_same_run(tmp_path):
    pytest.importorskip("wandb")
    words = ("logger=wandb", "hydra.run.dir=run", "stop=none", "optimizer.schedule=constant")
    known = interrupted(tmp_path, *words)
    epochs = known["epoch"] + 2
    train(tmp_path, *words, f"trainer.epochs={epochs}")
    records = list(wandb_records(tmp_path))
    ids = {record.run.run_id for record in records if record.HasField("run")}
    assert ids == {known["id"]}
    rows = [items(record.history.item) for record in records if record.HasField("history")]
    assert [row["epoch"] for row in rows if "val_clean_loss" in row] == list(range(1, epochs + 1))


# --- Trackio ----------------------------------------------------------------------------------


@MLFLOW
def test_trackio_holds_config_curves_verdict_and_artifacts(tmp_path):
    pytest.importorskip("trackio")
    train(tmp_path, "logger=trackio", "hydra.run.dir=run")
    again = load(tmp_path / "logs/trackio")[1]  # as `kreg report logs/trackio` reads it
    assert again.name == "run" and again.epochs == [1, 2, 3, 4]
    assert again.curves["val_clean_loss"] == history(tmp_path / "run", "val_clean_loss")
    with sqlite3.connect(tmp_path / "logs/trackio/wine.db") as store:
        (config,) = store.execute("select config from configs").fetchall()
        points = store.execute("select step, metrics from metrics order by id").fetchall()
        ((title, text, level),) = store.execute("select title, text, level from alerts").fetchall()
    assert json.loads(config[0])["model.width"] == 8
    curve = [(step, json.loads(row)) for step, row in points]
    told = [row["val_clean_loss"] for step, row in curve if "val_clean_loss" in row]
    assert told == history(tmp_path / "run", "val_clean_loss")
    verdict = report(tmp_path / "run")["verdict"]
    assert title == verdict["state"] and verdict["headline"] in text
    assert level == ("warn" if verdict["tone"] == "bad" else "info")
    kept = trackio_artifacts(tmp_path)
    assert kept.keys() == {("report-run", "report"), ("model-run", "model")}
    files = {name: digest for manifest in kept.values() for name, digest in manifest.items()}
    assert files.keys() == KEPT
    for name, digest in files.items():
        (blob,) = tmp_path.glob(f"logs/trackio/**/{digest}")
        assert blob.read_bytes() == (tmp_path / "run" / name).read_bytes(), name


def trackio_artifacts(folder):
    """`{(name, type): {file: digest}}` of what the one run has left in Trackio's store."""
    question = """select a.name, a.type, v.manifest from artifacts a
    join artifact_versions v on v.artifact_id = a.id
    join run_artifact_links l on l.artifact_version_id = v.id where l.run_name = 'run'"""
    with sqlite3.connect(folder / "logs/trackio/wine.db") as store:
        rows = store.execute(question).fetchall()
    return {
        (name, kind): {entry["path"]: entry["digest"] for entry in json.loads(manifest)}
        for name, kind, manifest in rows
    }


@MLFLOW
def test_trackio_goes_on_with_the_same_run(tmp_path):
    pytest.importorskip("trackio")
    words = ("logger=trackio", "hydra.run.dir=run", "stop=none", "optimizer.schedule=constant")
    known = interrupted(tmp_path, *words)
    epochs = known["epoch"] + 2
    train(tmp_path, *words, f"trainer.epochs={epochs}")
    with sqlite3.connect(tmp_path / "logs/trackio/wine.db") as store:
        rows = store.execute("select run_id, run_name, step, metrics from metrics order by id")
        points = [(*row[:3], json.loads(row[3])) for row in rows]
    assert len({row[0] for row in points}) == 1 and {row[1] for row in points} == {known["id"]}
    curve = [(step, row["val_clean_loss"]) for *_, step, row in points if "val_clean_loss" in row]
    assert curve == list(enumerate(history(tmp_path / "run", "val_clean_loss"), 1))

"""What MLflow, Trackio and W&B have written; `stores/make_stores.py` had them write it."""

import importlib.util
import json
import lzma
import math
import random
import shutil
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest
import wandb_messages

import kreg
from kreg.diagnostics.sources import load
from kreg.diagnostics.sources.points import by_evaluation

STORES = Path(__file__).parent / "stores"
EXPECTED = json.loads((STORES / "expected.json").read_text())
BY_HAND = kreg.report({"loss": EXPECTED["falls"], "val_loss": EXPECTED["valley"]})
JUDGED = ("OVERFITTING", BY_HAND.onset_epoch)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("logs") / "mlflow.db"
    path.write_bytes(lzma.decompress((STORES / "mlflow.db.xz").read_bytes()))
    return path


@pytest.fixture
def wandb_folder(tmp_path, monkeypatch):
    if importlib.util.find_spec("wandb") is None:
        wandb_messages.install(monkeypatch)
    shutil.copytree(STORES / "wandb", tmp_path / "wandb")
    return tmp_path / "wandb"


# --- MLflow -----------------------------------------------------------------------------------


def test_the_run_that_was_told_to_last_is_judged_and_the_others_are_curves(store):
    document, record = load(store)
    logged = EXPECTED["mlflow keras"]
    assert record.name == "keras" and record.epochs == list(range(1, 13))
    assert record.curves == {name: logged[name] for name in record.curves}
    assert set(record.curves) == {"loss", "val_loss", "accuracy", "val_accuracy"}
    others = document["inputs"]["other_runs"]
    assert [run["name"] for run in others] == ["diverged", "batches", "fluent"]
    assert others[2]["values"] == EXPECTED["valley"]
    (told,) = [line for line in record.warnings if "4 trainings" in line]
    assert f"name it behind the file: {store}/RUN." in told


def test_a_run_is_named_behind_the_file(store):
    report = kreg.report(f"{store}/fluent")
    curves = report.document["curves"]
    assert (curves["loss"], curves["val_loss"]) == (EXPECTED["falls"], EXPECTED["valley"])
    assert (report.state, report.onset_epoch) == JUDGED
    assert "other_runs" not in report.document["inputs"]
    with pytest.raises(ValueError, match="no run 'deleted' with curves. Its last ones are: keras"):
        load(store / "deleted")


def test_steps_that_are_batches_become_evaluations(store):
    record = load(store / "batches")[1]
    assert record.epochs == [1, 2, 3, 4, 5, 6]  # those that were logged beside them
    assert record.curves["val_loss"] == [2 / step for step in range(20, 121, 20)]
    expected = [(1 / (step - 10) + 1 / step) / 2 for step in range(20, 121, 20)]
    assert record.curves["loss"] == expected


def test_a_loss_that_is_no_number_is_one(store):
    record = load(store / "diverged")[1]
    assert [math.isnan(value) for value in record.curves["loss"]] == [False] * 4 + [True] * 2


def test_a_folder_with_a_store_is_a_source_where_it_has_no_events(store):
    assert load(store.parent)[1].name == "keras"


def other_sqlite(path, *statements):
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


VIEW = """create view metrics as with recursive more(key) as
(select 1 union all select key + 1 from more) select key, key as step, 1.0 as value, 0 as is_nan,
'a' as run_uuid from more"""
RUNS = "create table runs (run_uuid, name, experiment_id, lifecycle_stage)"
LATEST = "create table latest_metrics (run_uuid, timestamp)"
METRICS = "create table metrics (run_uuid, key, value, step, is_nan, timestamp)"
ONE = ("insert into runs values ('a', 'x', 0, 'active')",
       "insert into latest_metrics values ('a', 1)")  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (("create table metrics (a)",), "is no store of MLflow's: its table runs has no"),
        ((RUNS, LATEST, VIEW, *ONE), "its table metrics has no"),
        ((RUNS, LATEST, METRICS), "has no run with curves yet. Its runs with numbers are: none"),
        ((RUNS, LATEST, METRICS, *ONE, "insert into metrics values ('a', 'loss', 'x', 0, 0, 0)"),
         "value is 'x', expected a number"),
        ((RUNS, LATEST, METRICS, *ONE, "insert into metrics values ('a', x'00', 1, 0, 0, 0)"),
         "key is"),
    ],
)  # fmt: skip
def test_a_file_of_somebodys_is_read_or_refused_in_a_sentence(tmp_path, statements, message):
    path = other_sqlite(tmp_path / "mlflow.db", *statements)
    with pytest.raises(ValueError, match=message):
        load(path)


def test_a_damaged_store_is_a_sentence_and_none_is_ever_written(store, tmp_path):
    data = store.read_bytes()
    for cut in (100, 5000, len(data) // 2):
        path = tmp_path / f"{cut}.db"
        path.write_bytes(data[:cut])
        with pytest.raises(ValueError, match="SQLite|no store"):
            load(path)
        assert path.read_bytes() == data[:cut]
    load(store)
    assert store.read_bytes() == data


# --- Trackio ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    path = tmp_path_factory.mktemp("trackio") / "p.db"
    path.write_bytes(lzma.decompress((STORES / "trackio.db.xz").read_bytes()))
    return path


def test_the_last_run_of_a_trackio_project_is_judged_over_its_resume(project):
    document, record = load(project)
    assert record.name == "resumed" and record.epochs == list(range(1, 9))
    assert record.curves["val_clean_loss"] == [2 / epoch for epoch in range(1, 9)]
    assert record.curves["clean_loss"] == [1 / (e + (1 if e < 5 else 5)) for e in range(1, 9)]
    others = document["inputs"]["other_runs"]
    assert [run["name"] for run in others] == ["diverged", "valley"]
    (told,) = [line for line in record.warnings if "3 trainings" in line]
    assert f"name it behind the file: {project}/RUN." in told


def test_a_run_of_trackios_is_named_and_judged_as_by_hand(project):
    report = kreg.report(f"{project}/valley")
    curves = report.document["curves"]
    assert (curves["loss"], curves["val_loss"]) == (EXPECTED["falls"], EXPECTED["valley"])
    assert (report.state, report.onset_epoch) == JUDGED
    assert "note" not in curves  # text is no curve, whatever it says
    with pytest.raises(ValueError, match="no run 'lost' with curves. Its last ones are: no curve,"):
        load(project / "lost")


def test_what_json_cannot_say_comes_back_as_the_number(project):
    record = load(project / "diverged")[1]
    assert all(map(math.isnan, record.curves["loss"])) and record.epochs == [1, 2, 3]
    assert record.curves["val_loss"] == [math.inf] * 3


def test_a_folder_of_projects_is_a_source_where_it_has_one(project, tmp_path):
    shutil.copy(project, tmp_path / "wine.db")
    other_sqlite(tmp_path / "other.db", "create table metrics (a)")
    (tmp_path / "text.db").write_text("no store")
    assert load(tmp_path)[1].name == "resumed"
    shutil.copy(project, tmp_path / "digits.db")
    with pytest.raises(ValueError, match="projects: digits.db, wine.db. Name one of these files."):
        load(tmp_path)
    with pytest.raises(ValueError, match="Of SQLite files its and Trackio's are read"):
        load(tmp_path / "other.db")


TRACKIO = "create table metrics (id, run_id, run_name, step, metrics)"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1, 'a', 'x', 0, '{'", "step 0 of .* is not JSON"),
        ("1, 'a', 'x', 0, '[1]'", "step 0 of"),
        ("1, 'a', 'x', 'one', '{}'", "step is 'one'"),
        ("1, 'a', 'x', 0, '{\"a/b\": 1, \"loss\": true}'", "no run with curves yet"),
    ],
)
def test_a_damaged_project_is_a_sentence(tmp_path, row, message):
    path = other_sqlite(tmp_path / "p.db", TRACKIO, f"insert into metrics values ({row})")
    with pytest.raises(ValueError, match=message):
        load(path)


# --- Weights & Biases -------------------------------------------------------------------------


def test_the_folder_of_all_runs_has_the_last_one_judged(wandb_folder):
    document, record = load(wandb_folder)
    logged = EXPECTED["wandb keras"]
    assert record.name == "keras" and record.epochs == list(range(1, 13))
    for name in ("loss", "val_loss", "accuracy", "val_accuracy"):
        np.testing.assert_allclose(record.curves[name], logged[name], rtol=1e-12)
    assert set(record.curves) == {*logged, "learning_rate"}
    assert [run["name"] for run in document["inputs"]["other_runs"]] == ["resumed", "plain"]
    assert load(wandb_folder.parent)[1].curves == record.curves


def test_the_processes_of_one_run_are_one_training(wandb_folder):
    folders = sorted(wandb_folder.glob("*resumed1"))
    (wandb_folder / "latest-run").symlink_to(folders[-1].name)  # as W&B lays it
    for source in (*folders, next(folders[0].iterdir()), wandb_folder / "latest-run"):
        record = load(source)[1]
        assert record.epochs == list(range(1, 11))
        assert record.curves["clean_loss"] == [1 / 2, 1 / 3, 1 / 4, 1 / 5] + [
            1 / (epoch + 5) for epoch in range(5, 11)
        ]
        assert record.curves["val_clean_loss"] == [2 / epoch for epoch in range(1, 11)]


def test_a_verdict_on_a_run_of_wandb(wandb_folder):
    report = kreg.report(next(wandb_folder.glob("*plain001")))
    assert (report.state, report.onset_epoch) == JUDGED
    assert report.document["curves"]["val_loss"] == EXPECTED["valley"]


def test_a_damaged_log_is_read_as_far_as_it_goes(wandb_folder):
    (path,) = wandb_folder.glob("*plain001/*.wandb")
    data = path.read_bytes()
    path.write_bytes(data[:-500])
    record = load(path)[1]
    assert 20 <= record.epochs[-1] < 24 and any("still being written" in w for w in record.warnings)
    path.write_bytes(data[:4000] + b"\0" + data[4001:])
    assert any("a record is damaged" in warning for warning in load(path)[1].warnings)
    path.write_bytes(b"no log at all")
    with pytest.raises(ValueError, match="is no log of a W&B run"):
        load(path)
    path.write_bytes(data[:7])
    with pytest.raises(ValueError, match="has no curve yet"):
        load(path)


def test_without_the_package_it_is_named(wandb_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb.proto", None)
    with pytest.raises(ValueError, match=r"pip install 'kreg\[wandb\]'"):
        load(wandb_folder)


def test_the_messages_of_these_tests_are_those_of_wandb():
    real = pytest.importorskip("wandb.proto.wandb_internal_pb2").DESCRIPTOR.message_types_by_name
    for name, fields in wandb_messages.FIELDS.items():
        for key, number, kind, _, of in fields:
            field = real[name].fields_by_name[key]
            assert (field.number, field.type) == (number, kind)
            assert not of or field.message_type.name == of


def damaged(data, draw):
    """Some bytes of a file changed, a length made large, or a stretch left out."""
    found = bytearray(data)
    for _ in range(draw.choice([1, 5, 50])):
        place = draw.choice([draw.randrange(4096), draw.randrange(len(found))])
        how = draw.choice(["byte", "byte", "length", "gap"])
        if how == "byte":
            found[place] = draw.randrange(256)
        elif how == "length":
            found[place : place + 4] = b"\xff\xff\xff\x7f"
        else:
            del found[place : place + draw.randrange(1, 100)]
    return bytes(found)


@pytest.mark.parametrize("kind", ["mlflow", "wandb"])
def test_any_bytes_are_a_record_or_a_sentence(kind, store, wandb_folder):
    path = next(wandb_folder.glob("*keras001/*")) if kind == "wandb" else wandb_folder / "x.db"
    data, draw = (path if kind == "wandb" else store).read_bytes(), random.Random(0)
    ends = set()
    for _ in range(60):
        path.write_bytes(damaged(data, draw))
        try:
            load(path)
            ends.add("read")
        except ValueError as error:
            assert not isinstance(error, UnicodeDecodeError) and str(path) in str(error)
            ends.add("sentence")
    assert ends == {"read", "sentence"}


# --- both -------------------------------------------------------------------------------------


def test_evaluations_that_nothing_dates_are_counted():
    points = {"loss": {1: 4.0, 2: 2.0, 5: 1.0, 9: 7.0}, "val_loss": {2: 3.0, 7: 2.5}}
    epochs, values, warning = by_evaluation(points)
    assert epochs == [1, 2] and values == {"loss": [3.0, 1.0], "val_loss": [3.0, 2.5]}
    assert "epoch 1 is evaluation 1" in warning


def test_epochs_from_0_are_those_from_1_and_later_ones_stay():
    curves = {"loss": {0: 2.0, 1: 1.0}, "val_loss": {0: 2.0, 1: 1.0}}
    assert by_evaluation(curves)[0] == [1, 2]
    assert by_evaluation({"val_loss": {4: 2.0, 5: 1.0}})[0] == [4, 5]
    assert by_evaluation({**curves, "epoch": {0: 3.0, 1: 4.0}})[0] == [3, 4]
    assert by_evaluation({"loss": {0: 1.0, 1: 2.0, 2: 3.0}})[0] == [1, 2, 3]


def test_of_two_curves_of_one_name_the_longer_one_counts():
    points = {"train_loss": {120: 9.0}, "loss": {0: 2.0, 1: 1.0}, "val_loss": {0: 2.0, 1: 1.0}}
    assert by_evaluation(points)[1]["loss"] == [2.0, 1.0]

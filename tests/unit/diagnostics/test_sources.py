"""Everything that can be pointed at, whole, damaged or still being written."""

import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
from scripted import FALLING, VALLEY, csv_text, run

import kreg
from kreg.diagnostics import Record, document
from kreg.diagnostics.sources import load
from kreg.pages import report

HEADER = "epoch,loss,val_loss\n"


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(csv_text())
    return path


def test_a_csv_log_counts_from_one_and_is_labelled(csv):
    found = report(csv)
    assert (found.state, found.onset_epoch) == ("OVERFITTING", 10)
    assert "biased" in str(found)
    assert found.document["curves"]["epochs"][0] == 1


def test_a_csv_log_with_clean_columns_is_honest(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(csv_text(clean_loss=FALLING, val_clean_loss=VALLEY))
    assert load(path)[0]["verdict"]["honest"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("name,state\na,b\n", "no column of numbers"),
        ("epoch\n0\n", "no column of numbers"),
    ],
)
def test_useless_csv_files_are_sentences(tmp_path, text, message):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        report(path)


def test_a_csv_that_is_still_being_written(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(csv_text() + "30,0.0")
    found = report(path)
    assert found.document["curves"]["epochs"][-1] == 30
    assert "still being written" in str(found)
    path.write_text(csv_text().rstrip("\n"))  # the last number may be cut short
    assert report(path).document["curves"]["epochs"][-1] == 29


def test_missing_columns_nan_and_text(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss\n0,1.0\n1,0.5\n")
    found = report(path)
    assert found.state == "NO VALIDATION"
    assert "Missing: val_loss" in str(found)
    path.write_text(HEADER + "0,nan,nan\n1,0.5,\n2,oops,NaN\n")
    assert report(path).state == "NON-FINITE"


def test_epochs_logged_twice_after_a_resume(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(HEADER + "0,3,3\n1,2,2\n1,1,1\n2,0.5,0.5\n")
    found = report(path).document
    assert found["curves"]["loss"] == [3, 1, 0.5]
    assert any("logged twice" in line for line in found["verdict"]["caveats"])


def test_other_separators_and_a_damaged_epoch_column(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(csv_text().replace(",", ";"))
    assert report(path).onset_epoch == 10
    path.write_text(HEADER + "x,3,3\ny,2,2\n")
    assert report(path).document["curves"]["epochs"] == [1, 2]


def test_a_keras_history_and_its_dict():
    columns = {"loss": list(FALLING), "val_loss": list(VALLEY)}
    history = SimpleNamespace(history=columns, epoch=list(range(30)))
    assert kreg.report(history).onset_epoch == kreg.report(columns).onset_epoch == 10
    resumed = SimpleNamespace(history=columns, epoch=list(range(5, 35)))
    assert kreg.report(resumed).onset_epoch == 15


def test_a_history_with_validation_in_every_second_epoch():
    record = load({"loss": [6, 5, 4, 3, 2, 1], "val_loss": [3, 2, 1]})[1]
    assert record.curves["val_loss"] == [None, 3, None, 2, None, 1]
    assert load({})[0]["verdict"]["state"] == "NO VALIDATION"


def test_a_metric_of_any_name_is_shown():
    found = load({"loss": [1, 2], "val_loss": [1, 2], "val_strange": [5, 6]})[0]
    assert (found["metrics"][0]["name"], found["metrics"][0]["last"]) == ("strange", 6)


def test_a_run_directory_prefers_its_record(tmp_path, csv):
    run(FALLING, VALLEY, name="run").save(tmp_path / "record.npz")
    found, record = load(tmp_path)
    assert found["verdict"]["honest"]
    assert record.examples[0].shape == (200,)
    assert found["name"] == tmp_path.name


def test_a_run_directory_shows_its_report_and_replays_its_record(tmp_path):
    record = run(FALLING, VALLEY, name="run")
    record.save(tmp_path / "record.npz")
    stored = document(record)
    stored["verdict"]["headline"] = "as it was judged"
    (tmp_path / "report.json").write_text(json.dumps(stored))
    found, loaded = load(tmp_path)
    assert found["verdict"]["headline"] == "as it was judged"
    assert loaded.examples[0].shape == (200,)
    (tmp_path / "record.npz").write_bytes(b"damaged")
    assert "record.npz" in load(tmp_path)[0]["verdict"]["caveats"][-1]


def test_a_report_that_is_half_written_falls_back_to_the_history(tmp_path, csv):
    (tmp_path / "report.json").write_text('{"schema": "kreg/rep')
    found = report(tmp_path)
    assert found.onset_epoch == 10
    assert any("report.json" in line for line in found.document["verdict"]["caveats"])


def test_an_empty_directory_and_a_missing_one(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ValueError, match="no record of a training yet.*notes.txt"):
        report(tmp_path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        report(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="Received: int"):
        report(3)


def test_an_unfinished_event_file_is_read_to_its_last_record(tmp_path):
    from kreg.tensorboard import Events

    record = Record()
    with Events(tmp_path) as events:
        for epoch in range(1, 4):
            record.append(epoch, {"clean_loss": 1.0, "val_clean_loss": 1.0})
            events.epoch(record)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    assert load(tmp_path)[1].epochs[-1] in (2, 3)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no record"):
        load(tmp_path / "empty")


def test_replay_reports_regret_and_saved_epochs(csv):
    from kreg.diagnostics import replay

    rows = {row["rule"]: row for row in replay(load(csv)[1], "patience:5,textbook:1,careful")}
    assert (rows["patience:5"]["stop_epoch"], rows["patience:5"]["saved"]) == (15, 15)
    assert rows["patience:5"]["regret"] == 0
    assert rows["careful"]["stop_epoch"] is None
    assert np.isclose(rows["careful"]["loss"], 0.5)


def keras_run(folder, losses, first=1, began=1_700_000_000):
    """The files of Keras's TensorBoard callback for a training, with its step counts from 0."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    for side, extra in (("train", 0.0), ("validation", 0.25)):
        (folder / side).mkdir(parents=True, exist_ok=True)
        path = folder / side / f"events.out.tfevents.{began}.host.1.0.v2"
        with path.open("wb") as file:
            writer = RecordWriter(file)
            for step, loss in enumerate(losses, first - 1):
                value = Summary.Value(tag="epoch_loss", simple_value=loss + extra)
                event = Event(wall_time=began + step, step=step, summary=Summary(value=[value]))
                writer.write(event.SerializeToString())


FIRST, SECOND = [2.0 / n for n in range(1, 13)], [1.0 / n for n in range(1, 7)]


def test_two_tensorboard_runs_in_one_folder_are_two_curves(tmp_path):
    """tensorboard#5448, #9512: the last training is judged, the other one is a curve of its own."""
    keras_run(tmp_path / "20240101-1200", FIRST)
    keras_run(tmp_path / "20240102-0900", SECOND, began=1_700_090_000)
    found = report(tmp_path)
    curves = found.document["curves"]
    np.testing.assert_allclose(curves["val_loss"], np.add(SECOND, 0.25), rtol=1e-6)
    assert curves["epochs"] == [1, 2, 3, 4, 5, 6] and found.document["name"] == "20240102-0900"
    (other,) = found.document["inputs"]["other_runs"]
    assert (other["name"], other["curve"]) == ("20240101-1200", "val_loss")
    np.testing.assert_allclose(other["values"], np.add(FIRST, 0.25), rtol=1e-6)
    (told,) = [line for line in found.document["verdict"]["caveats"] if "2 trainings" in line]
    assert "20240101-1200" in told
    assert ">20240101-1200</text>" in found.html()
    assert found.save(tmp_path / "out").files
    (side,) = (tmp_path / "20240101-1200" / "train").iterdir()
    assert report(side).document["curves"].keys() >= {"loss"}
    alone = report(tmp_path / "20240101-1200").document
    assert len(alone["curves"]["epochs"]) == 12 and "other_runs" not in alone["inputs"]


def test_a_report_beside_logs_that_went_on_is_not_shown_again(tmp_path):
    keras_run(tmp_path, SECOND)
    report(tmp_path, tmp_path)
    keras_run(tmp_path, FIRST, began=1_700_090_000)
    for later in (9, -9):  # the times of files, which copying changes, play no part
        times = ((tmp_path / "report.json").stat().st_mtime + later,) * 2
        for path in tmp_path.glob("*/*tfevents*"):
            os.utime(path, times)
        assert len(report(tmp_path).document["curves"]["epochs"]) == len(FIRST)


def test_a_report_beside_logs_that_were_copied_is_shown_as_it_was_written(tmp_path):
    keras_run(tmp_path, SECOND)
    report(tmp_path, tmp_path)
    written = json.loads((tmp_path / "report.json").read_text())
    (tmp_path / "report.json").write_text(json.dumps({**written, "name": "as it was written"}))
    for path in tmp_path.glob("*/*tfevents*"):
        os.utime(path, ((tmp_path / "report.json").stat().st_mtime + 9,) * 2)
    assert report(tmp_path).document["name"] == "as it was written"


def test_a_training_that_goes_on_is_one_curve_and_one_that_begins_again_another(tmp_path):
    keras_run(tmp_path / "resumed", FIRST[:8])
    keras_run(tmp_path / "resumed", FIRST[6:], first=7, began=1_700_000_900)
    np.testing.assert_allclose(report(tmp_path).document["curves"]["loss"], FIRST, rtol=1e-6)
    keras_run(tmp_path / "resumed", SECOND, began=1_700_090_000)
    again = report(tmp_path).document
    np.testing.assert_allclose(again["curves"]["loss"], SECOND, rtol=1e-6)
    assert again["name"] == "resumed #2"
    assert [run["name"] for run in again["inputs"]["other_runs"]] == ["resumed #1"]


def test_an_experiment_of_several_trainings_is_not_judged_by_one_of_them(tmp_path):
    member = tmp_path / "models" / "forest"
    member.mkdir(parents=True)
    (tmp_path / "result.json").write_text('{"procedure": "table_ensemble"}')
    (member / "result.json").write_text("{}")
    (member / "history.csv").write_text(csv_text())
    with pytest.raises(
        ValueError, match=r"table_ensemble\.html\. Name one of its trainings: .*fore"
    ):
        load(tmp_path)
    assert load(member)[0]["verdict"]["state"] == "OVERFITTING"

"""CSV, JSON and events of Lightning and Hugging Face, as their own writers lay them out."""

import json

import pytest

from kreg.diagnostics.sources import load
from kreg.pages import report

EPOCHS = range(1, 13)


def val_loss(epoch):
    return 1 / epoch if epoch < 6 else 0.2 + 0.1 * (epoch - 5)


def trainer_state(folder, *more, eval_steps=10):
    """Two logs of the loss an epoch of ten steps, as `Trainer` writes them."""
    entries = []
    for step in range(5, 121, 5):
        epoch = step / 10
        entries.append({"epoch": epoch, "step": step, "loss": 2 / epoch, "learning_rate": 1e-3})
        if step % eval_steps == 0:
            entries.append({"epoch": epoch, "step": step, "eval_loss": val_loss(epoch),
                            "eval_accuracy": 0.5, "eval_runtime": 3.2,
                            "eval_samples_per_second": 100.0})  # fmt: skip
    entries.append({"epoch": 12.0, "step": 120, "train_loss": 0.3, "train_runtime": 9.0})
    text = json.dumps({"best_metric": None, "epoch": 12.0, "log_history": [*entries, *more]})
    path = folder / "trainer_state.json"
    path.write_text(text)
    return path


def test_a_trainer_state_is_one_row_an_epoch(tmp_path):
    document, record = load(trainer_state(tmp_path))
    assert record.epochs == list(EPOCHS)
    assert record.curves["val_loss"] == [val_loss(epoch) for epoch in EPOCHS]
    assert record.curves["loss"][:2] == [(2 / 0.5 + 2 / 1) / 2, (2 / 1.5 + 2 / 2) / 2]
    assert set(record.curves) == {"loss", "val_loss", "val_accuracy", "learning_rate"}
    assert document["verdict"]["state"] == "OVERFITTING" and not document["verdict"]["honest"]
    assert load(tmp_path)[0]["verdict"] == document["verdict"]


def test_losses_weigh_the_steps_that_they_are_the_mean_of(tmp_path):
    entries = [{"epoch": 0.9, "step": 9, "loss": 1.0}, {"epoch": 1.0, "step": 10, "loss": 11.0},
               {"epoch": 1.0, "step": 10, "eval_loss": 3.0}]  # fmt: skip
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": entries}))
    assert load(tmp_path)[1].curves["loss"] == [2.0]


def test_evaluations_between_epochs_are_counted_and_it_is_said(tmp_path):
    record = load(trainer_state(tmp_path, eval_steps=5))[1]
    assert record.epochs == list(range(1, 25))
    assert any("evaluations did not come once an epoch" in text for text in record.warnings)


def test_a_state_without_evaluations_or_without_anything(tmp_path):
    path = trainer_state(tmp_path, eval_steps=1000)
    assert len(load(path)[1].epochs) == 24
    path.write_text('{"log_history": []}')
    with pytest.raises(ValueError, match="no loss and no evaluation yet"):
        load(path)
    path.write_text('{"log_history": {"a": 1}}')
    with pytest.raises(ValueError, match="log_history"):
        load(path)


def test_the_last_checkpoint_of_a_trainer_stands_for_its_folder(tmp_path):
    entries = [{"epoch": float(e), "step": 10 * e, "loss": 1 / e, "eval_loss": 2.0} for e in EPOCHS]
    for step in (20, 100, 90):
        (tmp_path / "out" / f"checkpoint-{step}").mkdir(parents=True)
        state = {"log_history": entries[: step // 10]}
        (tmp_path / "out" / f"checkpoint-{step}" / "trainer_state.json").write_text(
            json.dumps(state)
        )
    (tmp_path / "out" / "checkpoint-best").mkdir()
    (tmp_path / "out" / "checkpoint-best" / "trainer_state.json").write_text("no state")
    record = load(tmp_path / "out")[1]
    assert record.epochs == list(range(1, 11)) and record.name == "out"


def test_folders_of_trainings_are_named_where_none_of_them_stands_for_all(tmp_path):
    for version in ("version_0", "version_1"):
        (tmp_path / "logs" / version).mkdir(parents=True)
        lightning(tmp_path / "logs" / version, "epoch,step,val_loss", ["0,9,1.0"])
    for folder in (tmp_path / "logs", tmp_path):
        with pytest.raises(ValueError, match="Name one of its trainings: .*version_0, .*version_1"):
            load(folder)


@pytest.mark.parametrize("name", ["metrics.csv", "history.csv", "trainer_state.json"])
def test_a_report_beside_a_log_that_has_gone_on_is_made_anew(tmp_path, name):
    def logged(epochs):
        rows = [(e, 1 / e, val_loss(e)) for e in range(1, epochs + 1)]
        entries = [{"epoch": e, "step": e, "loss": a, "eval_loss": b} for e, a, b in rows]
        csv = "epoch,step,loss,val_loss\n" + "".join(f"{e - 1},{e},{a},{b}\n" for e, a, b in rows)
        text = json.dumps({"log_history": entries}) if name.endswith("json") else csv
        (tmp_path / name).write_text(text)

    logged(9)
    first = report(tmp_path, tmp_path).document
    assert load(tmp_path)[0] == first  # the same facts: as it was written
    logged(12)
    assert load(tmp_path)[0]["verdict"]["epoch"] == first["verdict"]["epoch"] + 3


def test_a_report_of_clean_losses_outlives_a_log_without_them(tmp_path):
    clean = {"clean_loss": [1 / e for e in EPOCHS], "val_clean_loss": [val_loss(e) for e in EPOCHS]}
    written = report(clean, tmp_path).document
    lightning(tmp_path, "epoch,step,val_loss", [f"{e},{e},{1 / e}" for e in EPOCHS])
    assert load(tmp_path)[0] == written and written["verdict"]["honest"]


def lightning(folder, header, rows):
    path = folder / "metrics.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_rows_of_training_and_validation_are_one_epoch(tmp_path):
    rows = []
    for epoch in EPOCHS:
        at = f"{epoch - 1},{10 * epoch - 1}"
        rows += [f"{at},{9 / epoch},,,", f"{at},,,{val_loss(epoch)},0.5", f"{at},,{2 / epoch},,"]
    header = "epoch,step,train_loss_step,train_loss_epoch,val_loss,val_acc"
    document, record = load(lightning(tmp_path, header, rows))
    assert record.epochs == list(EPOCHS)
    assert record.curves["loss"] == [2 / epoch for epoch in EPOCHS]
    assert record.curves["val_loss"] == [val_loss(epoch) for epoch in EPOCHS]
    assert set(record.curves) == {"loss", "val_loss", "val_accuracy"}
    assert document["verdict"]["state"] == "OVERFITTING"


def test_what_was_logged_at_steps_alone_is_averaged(tmp_path):
    rows = ["0,4,3.0,", "0,9,1.0,", "0,9,,1.5", "1,14,0.5,", "1,19,,1.0"]
    record = load(lightning(tmp_path, "epoch,step,train_loss,val_loss", rows))[1]
    assert record.curves == {"loss": [2.0, 0.5], "val_loss": [1.5, 1.0]}


def test_a_log_with_one_row_an_epoch_is_read_as_before(tmp_path):
    record = load(lightning(tmp_path, "epoch,loss,val_loss", ["0,3,4", "1,2,3"]))[1]
    assert record.curves == {"loss": [3.0, 2.0], "val_loss": [4.0, 3.0]}


def events_at_steps(folder, began, *rows):
    """An event file of somebody else's program: `(step, {tag: value})` as it has logged them."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"events.out.tfevents.{began}.host.1.0", "wb") as file:
        writer = RecordWriter(file)
        for step, values in rows:
            one = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
            event = Event(step=step, wall_time=began + step, summary=Summary(value=one))
            writer.write(event.SerializeToString())


def lightning_events(folder, began, best=4):
    """Ten epochs of ten steps as Lightning's `TensorBoardLogger` has them."""
    rows = [(0, {"hp_metric": -1.0})]
    for epoch in range(10):
        rows += [(10 * epoch + at, {"train_loss_step": 50.0, "epoch": epoch}) for at in (4, 9)]
        loss = 1.0 + 0.25 * abs(epoch + 1 - best)
        rows.append((10 * epoch + 9, {"val_loss": loss, "val_acc": 0.5, "epoch": epoch}))
        rows.append((10 * epoch + 9, {"train_loss_epoch": 1 / (epoch + 1), "epoch": epoch}))
    events_at_steps(folder, began, *rows)


def test_events_of_lightning_are_one_row_an_epoch(tmp_path):
    lightning_events(tmp_path / "version_0", 100)
    record = load(tmp_path / "version_0")[1]
    assert record.epochs == list(range(1, 11)) and record.name == "version_0"
    assert set(record.curves) == {"loss", "val_loss", "val_accuracy"}
    assert record.curves["val_loss"] == [1.0 + 0.25 * abs(epoch - 4) for epoch in range(1, 11)]
    assert record.curves["loss"] == pytest.approx([1 / epoch for epoch in range(1, 11)])
    lightning_events(tmp_path / "version_1", 2000, best=8)
    document, record = load(tmp_path)
    assert document["verdict"]["best_epoch"] == 8 and record.name == "version_1"
    (other,) = record.inputs["other_runs"]
    assert other["name"] == "version_0" and min(other["values"]) == other["values"][3] == 1.0


def test_events_of_a_trainer_and_of_a_plain_writer(tmp_path):
    rows = []
    for epoch in range(1, 5):
        told = {"train/epoch": epoch}
        rows.append((10 * epoch, told | {"train/loss": 2 / epoch}))
        rows.append((10 * epoch, told | {"eval/loss": 3 / epoch, "eval/runtime": 7.0}))
    events_at_steps(tmp_path / "hugging_face", 100, *rows)
    record = load(tmp_path / "hugging_face")[1]
    assert record.epochs == [1, 2, 3, 4] and set(record.curves) == {"loss", "val_loss"}
    assert record.curves["val_loss"] == pytest.approx([3 / epoch for epoch in range(1, 5)])
    plain = [
        (i, {"Loss/train": 2.0 - i, "Loss/val": 3.0 - i, "Accuracy/val": 0.5, "gradients": 8.0})
        for i in range(3)
    ]
    events_at_steps(tmp_path / "plain", 100, *plain)
    curves = load(tmp_path / "plain")[1].curves
    assert curves["loss"] == [2.0, 1.0, 0.0] and curves["val_loss"] == [3.0, 2.0, 1.0]
    assert curves["val_accuracy"] == [0.5, 0.5, 0.5]


def test_events_without_a_loss_are_refused_with_their_tags(tmp_path):
    events_at_steps(tmp_path, 100, (0, {"reward": 1.0, "length": 7.0}))
    with pytest.raises(ValueError, match="has no losses.*Its tags: length, reward"):
        load(tmp_path)

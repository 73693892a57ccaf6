"""Lightning's CSV and Hugging Face's trainer state, as their own writers lay them out."""

import json

import pytest

from kreg.diagnostics.sources import load

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

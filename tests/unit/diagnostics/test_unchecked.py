"""Which checks did not run, and why."""

from scripted import FALLING, VALLEY, full, run

from kreg.diagnostics import Record, document


def reasons(found: dict) -> dict[str, str]:
    return {one["check"]: one["reason"] for one in found["unchecked"]}


def test_of_a_log_everything_that_needs_the_model_is_named():
    record = Record()
    for epoch in range(1, 6):
        record.append(epoch, {"loss": 1 / epoch, "val_loss": 1.0})
    found = reasons(document(record))
    assert "kreg.Diagnostics" in found["The clean losses"]
    assert found["The trend over eight validations"] == "5 of 8 validations"
    assert found["Calibration"] == "only the logged curves are known, not the model"
    assert "single rows" in found["How sure: a test over single validation rows"]
    assert "Training on, on a copy" in found and "Better than guessing" in found


def test_without_validation_the_reason_is_that():
    record = Record()
    record.append(1, {"loss": 1.0})
    assert reasons(document(record))["The clean losses"] == "there is no validation loss"


def test_what_ran_is_not_named():
    found = reasons(document(full()))
    ran = {"The clean losses", "Calibration", "What the logged losses are made of",
           "Layer by layer: dead units, zeros, penalties"}  # fmt: skip
    assert not ran & found.keys()


def test_a_copy_is_trained_on_only_where_no_loss_rises():
    record = run(FALLING, VALLEY)
    record.provenance = {"kreg": "0.1.0"}
    assert "would not change" in reasons(document(record))["Training on, on a copy"]

"""Words that depend on more than two slopes: losses that jump, that may be worse, best at last."""

import numpy as np
import pytest
from scripted import EPOCHS, FALLING, FLAT, VALLEY, run

from kreg.diagnostics import diagnose
from kreg.diagnostics.advice import advise
from kreg.diagnostics.findings import Findings
from kreg.diagnostics.judge import walk
from kreg.diagnostics.series import judged
from kreg.diagnostics.verdict import headline

# of digits under SGD at a rate of 0.12, as recorded
JUMPS = np.array([1.9, 1.1, 0.54, 0.26, 0.62, 0.23, 1.58, 0.28, 0.18, 0.16, 0.24, 0.09, 0.71, 0.31,
                  0.54, 0.49, 0.13, 0.27, 0.16, 0.2, 0.15, 0.13])  # fmt: skip


def ids(record):
    return [line.id for line in advise(Findings(record))]


def test_losses_that_jump_are_unstable_whichever_way_they_end():
    for end in (16, 19, 22):
        record = run(0.8 * JUMPS[:end], JUMPS[:end])
        assert diagnose(record).state == "UNSTABLE", end
        assert ids(record)[0] == "calm_down"


@pytest.mark.parametrize("train", [FALLING[:22], 1e-4 * JUMPS])
def test_a_small_validation_set_or_a_loss_near_zero_that_jumps_is_not(train):
    validation = JUMPS if train[0] > 0.1 else FLAT[:22]
    assert diagnose(run(train, validation)).state != "UNSTABLE"


def test_a_loss_that_looks_much_worse_is_not_converged():
    level = 0.5 + 0.2 * (EPOCHS > 12)
    record = run(FLAT / 2, level, rows=8, noise=3.0)
    found = diagnose(record)
    assert found.state == "UNDECIDED" and found.lost > 10
    assert "restore" in ids(record)
    record.events = [{"epoch": 30, "kind": "restore", "text": "put back"}]
    assert "restore" not in ids(record)


def test_the_best_validation_of_all_is_no_memorising():
    record = run(FALLING, 0.5 - 1e-5 * EPOCHS)
    assert diagnose(record).state == "LEARNING"
    assert diagnose(run(FALLING, 0.5 + 1e-5 * EPOCHS)).state == "MEMORISING"


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ((5, 9), "OVERFITTING since epoch 7 (5 to 9 cannot be told apart)"),
        ((7, 7), "OVERFITTING since epoch 7"),
        (None, "OVERFITTING since epoch 7"),
        ((1, 11), "OVERFITTING, since when cannot be told"),
    ],
)
def test_a_date_that_cannot_be_told_is_not_told(interval, said):
    assert headline("OVERFITTING", 7, interval, 11) == said
    other = said.replace("OVERFITTING", "GUESSING, past its best")
    assert headline("GUESSING", 7, interval, 11) == other


def test_what_the_run_monitors_already_is_no_advice():
    record = run(FALLING, FALLING + 0.1)
    record.curves["loss"] = [value + 1 for value in record.curves["clean_loss"]]
    record.curves["val_loss"] = list(np.linspace(2, 3, 30))
    assert "watch_the_clean_loss" in ids(record)
    record.inputs["monitored"] = ["val_clean_loss"]
    assert "watch_the_clean_loss" not in ids(record)


def test_a_start_that_only_reaches_guessing_names_no_cause():
    record = run(FALLING, np.full(30, 5.0))
    record.baseline = {"train": {"loss": 2.3}, "validation": {"loss": 2.3, "accuracy": 0.1}}
    start = {"train": [0.1, 2.2], "penalty": [0, 0], "z": -5.0, "rate": 1e-2, "steps": 60}
    record.restart = {**start, "validation": [5.0, 5.0], "train": [0.1, 0.1]}
    record.restart["free"] = {**start, "validation": [5.0, 2.28]}
    assert diagnose(record).state == "GUESSING" and ids(record)[0] == "nothing_learned"
    record.restart["free"]["validation"] = [5.0, 0.5]
    assert ids(record)[0] == "without_regularization"


def test_guessing_that_has_got_worse_has_a_date_too():
    """Learned by heart: shuffled labels, say. The word names the cause, the date stays."""
    rise = np.concatenate([np.full(8, 2.3), np.linspace(2.3, 4.0, 22)])
    record = run(FALLING, rise)
    record.baseline = {side: {"loss": 2.3} for side in ("train", "validation")}
    found = diagnose(record)
    assert found.state == "GUESSING" and found.past_best and found.removed is None
    assert found.headline.startswith(f"GUESSING, past its best since epoch {found.onset}")
    assert 4 <= found.onset <= 9
    checks = walk(judged(record), baseline=record.baseline)
    assert [check.past_best for check in checks[-15:]] == [True] * 15
    flat = run(FALLING, np.full(30, 2.3))
    flat.baseline = record.baseline
    assert diagnose(flat).headline == "GUESSING" and not diagnose(flat).past_best


def test_groups_that_differ_are_named():
    record = run(FALLING, VALLEY)
    record.inputs["rows_found"] = ["Input 0 differs: they are not from one distribution."]
    assert "data.group" not in advise(Findings(record))[0].text
    record.settings = {"data": {"group": "patient"}}
    assert "data.group puts whole groups on one side" in advise(Findings(record))[0].text


def test_a_training_that_ended_while_it_learned_is_under_trained():
    record = run(FALLING, FALLING + 0.1)
    assert diagnose(record).state == "LEARNING"
    how = {"penalty": [0.0, 0.0], "z": -3.0, "rate": 1e-3, "steps": 60}
    record.restart = {**how, "train": [0.4, 0.395], "validation": [0.5, 0.495]}
    assert diagnose(record).state == "LEARNING", "what is left to gain is not worth an epoch"
    record.restart = {**how, "train": [0.4, 0.2], "validation": [0.5, 0.3]}
    found = diagnose(record)
    assert (found.state, found.tone, found.since) == ("UNDER-TRAINED", "watch", found.epoch)
    assert found.timeline[-2]["state"] == "LEARNING", "it was right until the training ended"
    assert ids(record)[0] == "train_longer"


@pytest.mark.parametrize(
    ("train", "penalty", "state"),
    [(1e-1, 0.0, "UNDER-TRAINED"), (1e-4, 0.0, "CONVERGED"), (1e-4, 0.1, "UNDER-TRAINED")],
)
def test_what_is_learned_by_heart_is_not_under_trained(train, penalty, state):
    """wine without a penalty: 0.00009 nats in training, and validation still falls."""
    flat = np.full(30, train)
    record = run(flat, FLAT, baseline={"train": {"loss": 1.1}})
    losses = {"train": [train, train / 9], "validation": [0.5, 0.2]}
    how = {"penalty": [penalty, penalty / 2], "z": -3.0, "rate": 1e-3, "steps": 60}
    record.restart = losses | how
    assert diagnose(record).state == state


@pytest.mark.parametrize(
    ("z", "validation", "told"),
    [(-0.9, 0.3, True), (-0.9, 0.497, False), (0.9, 0.7, False), (-3.0, 0.497, False)],
)
def test_converged_says_what_few_validation_rows_leave_open(z, validation, told):
    """15 rows of prostate: the copy's losses fell, and nobody could tell it from chance."""
    record = run(np.full(30, 0.4), FLAT, baseline={"train": {"loss": 1.1}})
    record.sizes = {"validation": 15}
    how = {"penalty": [0.0, 0.0], "rate": 1e-3, "steps": 60}
    record.restart = {**how, "train": [0.4, 0.2], "validation": [0.5, validation], "z": z}
    found = diagnose(record)
    assert found.state == "CONVERGED"
    sentence = "validation loss by 40% and its training loss by 50%. 15 validation rows cannot tell"
    assert any(sentence in one for one in found.caveats) == told

"""Each rule of advice fires on its condition, and says its numbers; most runs get none."""

import numpy as np
import pytest
from scripted import EPOCHS, FALLING, FLAT, RISING, VALLEY, run

from kreg.diagnostics.advice import LIMIT, RULES, advise
from kreg.diagnostics.findings import Findings

BARE = [{"name": "big", "params": 900, "regularization": ""},
        {"name": "small", "params": 100, "regularization": "L2(0.1)"}]  # fmt: skip
COVERED = [{"name": "big", "params": 1000, "regularization": "L2(0.1)"}]


def ids(record):
    return [advice.id for advice in advise(Findings(record))]


def text(record, name):
    return next(a.text for a in advise(Findings(record)) if a.id == name)


def overfitting(**fields):
    record = run(FALLING, VALLEY, **fields)
    record.curves["val_clean_accuracy"] = list(0.9 - 0.01 * np.abs(EPOCHS - 10))
    return record


def test_a_healthy_run_gets_no_advice():
    assert ids(run(FALLING, FALLING + 0.1)) == []


def test_go_back_with_what_it_gains():
    line = text(overfitting(), "restore")
    assert "epoch 10: validation loss 0.5 instead of 0.9, 44.4 % less" in line
    assert "accuracy 0.9 instead of 0.7" in line
    restored = overfitting(events=[{"epoch": 30, "kind": "restore", "text": "best restored"}])
    assert "restore" not in ids(restored)


def test_bare_layers_are_named():
    assert "90% of the parameters (900 of 1,000" in text(overfitting(layers=BARE), "bare_layers")
    assert "bare_layers" not in ids(overfitting(layers=COVERED))


def test_images_without_augmentation():
    record = overfitting(inputs={"image": True}, sizes={"train": 500})
    assert "500 training images" in text(record, "augment")
    record.inputs["augmented"] = True
    assert "augment" not in ids(record)


def test_more_data_when_everything_is_regularized():
    record = overfitting(layers=COVERED, sizes={"train": 100})
    assert "10.0 parameters for each of 100 examples" in text(record, "more_data")


def test_overconfidence_is_not_called_overfitting():
    record = run(FALLING, VALLEY, correct=np.full(30, 0.8))
    record.calibration = {"validation": {"confidence": np.full(50, 0.99), "correct": np.ones(50)}}
    assert "claims 99.0%" in text(record, "overconfident")


def test_a_penalty_that_hides_the_minimum():
    record = run(FALLING, VALLEY)
    record.curves["penalty"] = list(2 - 0.05 * EPOCHS)
    record.curves["val_loss"] = list(VALLEY + 2 - 0.05 * EPOCHS)
    assert "minimum at epoch 30; the clean loss has it at epoch 10" in text(
        record, "watch_the_clean_loss"
    )


@pytest.mark.parametrize(
    ("mean", "told"),
    [
        ([], "An early epoch (8) was restored, far"),
        ([7, 8, 9], "The mean of the early epochs 7, 8, 9 was restored, with the zeros of epoch 8"),
    ],
)
def test_early_zeros_are_those_of_what_was_restored(mean, told):
    record = run(FALLING, VALLEY)
    record.curves["sparsity"] = list(EPOCHS / 100)
    record.events = [{"epoch": 8, "kind": "restore", "text": "", "mean": mean}]
    line = text(record, "early_zeros")
    assert line.startswith(told) and "8.0% of the weights are zero there, 30.0% at" in line


def test_underfitting_by_too_much_noise():
    flat = np.full(30, 2.0)
    record = run(flat, flat + 0.01, baseline={"train": {"loss": 2.3}})
    record.curves["loss"] = [3.0] * 30
    assert "less_noise" in ids(record)


@pytest.mark.parametrize(("height", "guess"), [(2.4, 2.3), (2.0, 2.3)])
def test_where_nothing_is_trained_it_is_the_first_line(height, guess):
    flat, known = np.full(30, height), {"loss": guess, "neighbours": 0.4}
    frozen = [{"name": "hidden", "params": 10, "trainable": False}]
    record = run(flat, flat, baseline={"train": known, "validation": known}, layers=frozen)
    assert ids(record)[0] == "nothing_trains" and "more_capacity" not in ids(record)
    record.layers += [{"name": "head", "params": 5, "trainable": True}]
    assert "nothing_trains" not in ids(record)


def test_instability_leaks_and_small_validation_sets():
    assert ids(run(RISING / 4, RISING)) == ["calm_down"]
    assert ids(run(FLAT + 1, FALLING)) == ["leak"]
    doubtful = run(FALLING, 0.5 + 0.001 * np.maximum(EPOCHS - 10, 0), rows=20, noise=1.0)
    assert "larger_validation" in ids(doubtful)


def test_second_descent():
    validation = np.concatenate([VALLEY[:22], VALLEY[21] - 0.025 * np.arange(1, 9)])
    record = run(FALLING, validation)
    assert "second_descent" in ids(record)
    assert "second_descent" not in ids(run(FALLING, VALLEY))


def test_hard_tail_and_learning_rate():
    record = overfitting(train_losses=np.r_[np.full(20, 5.0), np.full(380, 0.01)])
    assert "hard_tail" in ids(record)
    record = overfitting()
    record.curves["learning_rate"] = [0.1] * 30
    assert "decay_first" in ids(record)


def test_batch_statistics():
    layers = [{"name": "norm", "type": "BatchNormalization", "params": 8}]
    record = run(FLAT, FLAT + 0.1, layers=layers)
    record.curves["loss"] = [0.4] * 30
    assert "batch_statistics" in ids(record)
    record.layers = [{"name": "dense", "type": "Dense", "params": 8}]
    assert "batch_statistics" not in ids(record)


def test_never_more_than_three_and_the_strongest_first():
    fields = {"layers": BARE, "inputs": {"image": True}, "sizes": {"train": 10}}
    record = overfitting(train_losses=np.r_[np.full(20, 5.0), np.full(380, 0.01)], **fields)
    found = advise(Findings(record))
    assert len(found) == LIMIT == 3
    assert [a.weight for a in found] == sorted((a.weight for a in found), reverse=True)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rules_are_silent_on_an_empty_record(rule):
    from kreg.diagnostics import Record

    assert rule(Findings(Record())) is None

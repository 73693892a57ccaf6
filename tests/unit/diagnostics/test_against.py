"""One run beside another: what is better, by how much, how sure."""

import math

import numpy as np
import pytest
from scripted import FALLING, VALLEY, full, run

from kreg.diagnostics import Record, document
from kreg.diagnostics.against import against
from kreg.diagnostics.sources import load


def held(one: Record, other: Record) -> dict:
    return against((document(one), one), (document(other), other))


def number(found: dict, name: str) -> dict:
    return next(one for one in found["numbers"] if one["name"] == name)


def twins(shift: float, named: bool = True) -> tuple[Record, Record]:
    """Two runs over the same rows, the first one's losses larger by `shift` row by row."""
    records = run(FALLING, VALLEY + shift, noise=0.02), run(FALLING, VALLEY, noise=0.02, seed=0)
    for record in records:
        record.inputs["validation_rows"] = "00aa11bb" if named else ""
    return records


def test_the_paired_test_is_that_of_the_rows_at_both_best_epochs():
    one, other = twins(-0.02)
    found = held(one, other)
    loss = number(found, "val_clean_loss")
    pairs = one.examples[9].astype(float) - other.examples[9].astype(float)
    assert found["test"] == "paired" and found["rows"] == 200
    assert loss["difference"] == pytest.approx(pairs.mean(), abs=1e-6)
    assert loss["error"] == pytest.approx(pairs.std(ddof=1) / math.sqrt(200))
    assert loss["better"] == "here" and loss["sure"] > 0.99
    assert found["sentence"].startswith("This run is better: val_clean_loss 0.48 instead of 0.5")


def test_rows_that_are_not_known_to_be_the_same_have_the_larger_error():
    paired, unpaired = (number(held(*twins(-0.02, named)), "val_clean_loss")
                        for named in (True, False))  # fmt: skip
    assert unpaired["error"] > 5 * paired["error"]
    found = held(*twins(-0.02, named=False))
    assert found["test"] == "unpaired" and found["rows"] is None
    assert "cannot tell it from chance" in found["sentence"]
    assert "not known that both were validated on the same rows" in " ".join(found["notes"])


def test_rows_that_are_known_to_be_others_are_called_so():
    one, other = twins(-0.02)
    other.inputs["validation_rows"] = "22cc33dd"
    found = held(one, other)
    assert found["test"] == "unpaired"
    assert found["notes"][0].startswith("The two were validated on different rows, so the error")


def test_both_ways_round_say_the_same():
    one, other = twins(0.05)
    there = number(held(other, one), "val_clean_loss")
    here = number(held(one, other), "val_clean_loss")
    assert (here["better"], there["better"]) == ("there", "here")
    assert here["sure"] == there["sure"]
    assert here["difference"] == -there["difference"]


def test_a_run_beside_itself_is_no_difference():
    one = twins(0.0)[0]
    found = held(one, one)
    assert number(found, "val_clean_loss")["sure"] == 0.5
    assert found["sentence"].startswith("No difference")


def test_what_is_not_of_one_kind_is_not_compared():
    logged = Record()
    for epoch in range(1, 9):
        logged.append(epoch, {"loss": 1 / epoch, "val_loss": 1.0})
    found = held(run(FALLING, VALLEY), logged)
    assert "not of one kind" in found["sentence"] and found["test"] == "none"
    other = run(FALLING, VALLEY)
    other.loss = "poisson"
    assert "The loss is mse here and poisson there" in held(full(), other)["sentence"]


def test_losses_of_targets_in_other_units_are_not_compared_and_errors_in_their_own_are():
    one, other = twins(-0.02)
    for record, scale in ((one, 2249), (other, 2254)):
        record.inputs["units"] = {"loss": f"squared, of the target divided by {scale}"}
    found = held(one, other)
    loss = number(found, "val_clean_loss")
    assert "divided by 2249 here, and squared, of the target divided by 2254" in found["sentence"]
    assert (loss["better"], loss["difference"], found["test"]) == (None, None, "none")
    assert [n["name"] for n in found["numbers"]] == [n["name"] for n in held(one, one)["numbers"]]
    assert "no loss can be compared" not in held(one, one)["sentence"]


def test_logs_without_single_losses_are_compared_without_a_probability():
    def logs(best: float) -> Record:
        record = Record()
        for epoch in range(1, 9):
            record.append(epoch, {"loss": 1 / epoch, "val_loss": best, "val_accuracy": 1 - best})
        return record

    found = held(logs(0.4), logs(0.5))
    assert number(found, "val_loss")["sure"] is None
    assert number(found, "val_accuracy")["better"] == "here"
    assert "how sure that is cannot be computed" in found["sentence"]


def test_a_run_without_a_finite_loss_is_a_sentence():
    broken = run([np.nan] * 9, [np.nan] * 9)
    assert "nothing to compare" in held(broken, run(FALLING, VALLEY))["sentence"]


def test_what_a_log_of_32_bits_has_rounded_is_no_difference():
    told = [{"loss": list(FALLING), "val_loss": list(losses), "val_accuracy": [0.67] * len(losses)}
            for losses in (VALLEY, np.float32(VALLEY).astype(float))]  # fmt: skip
    told[1]["val_accuracy"] = [float(np.float32(0.67))] * len(VALLEY)
    found = against(load(told[0]), load(told[1]))
    assert found["sentence"].startswith("No difference: val_loss")
    accuracy = number(found, "val_accuracy")
    assert accuracy["difference"] == 0 and accuracy["better"] is None

"""What a duality gap does to the word: nothing that is proved is doubted, nor the other way."""

import numpy as np
import pytest
from scripted import EPOCHS, FALLING, FLAT, VALLEY, run

from kreg.diagnostics import diagnose
from kreg.diagnostics.advice import advise
from kreg.diagnostics.findings import Findings

WAITS = {"stop": {"kind": "gap", "share": 1e-3}, "trainer": {"epochs": "auto"}}
RATE = [0.1] * len(EPOCHS)


def proved(train, validation, share, settings=WAITS):
    record = run(train, validation)
    record.curves["duality_gap_share"] = [share] * len(EPOCHS)
    record.curves["duality_gap"] = [2 * share] * len(EPOCHS)
    record.curves["learning_rate"] = list(RATE)
    record.settings, record.inputs = settings, {"steps": 40}
    return record


@pytest.mark.parametrize("train", [FALLING, FLAT])
def test_a_closed_gap_is_convergence_however_the_curves_look(train):
    found = diagnose(proved(train, FALLING + 0.1 if train is FALLING else FLAT + 0.1, 1e-4))
    assert found.state == "CONVERGED" and found.tone == "good"
    assert "at most 0.0002 above its minimum, 0.01% of what guessing costs" in found.meaning


def test_an_open_gap_is_never_convergence():
    record = proved(FLAT, FLAT + 0.1, 0.02)
    found = diagnose(record)
    assert found.state == "UNDER-TRAINED" and "counts as reached at 0.10%" in found.meaning
    (advice,) = [a for a in advise(Findings(record)) if a.id == "train_longer"]
    assert advice.code == f"stop=gap trainer.steps={10 * 40 * len(EPOCHS)}"
    assert "2.00% of what guessing costs" in advice.text


def test_an_open_gap_of_a_run_that_waits_for_none_is_left_to_the_probe():
    typed = {"stop": {"kind": "patience"}, "trainer": {"epochs": 60}}
    assert diagnose(proved(FLAT, FLAT + 0.1, 0.02, typed)).state == "UNDER-TRAINED"
    rests = proved(FALLING, FLAT, 0.02, typed)
    assert diagnose(rests).state == "MEMORISING"
    values = {name: [0.5, 0.1] for name in ("train", "validation")}
    rests.restart = {**values, "penalty": [0, 0], "z": -5.0, "rate": 1e-2, "steps": 60}
    assert diagnose(rests).state == "UNDER-TRAINED"
    (advice,) = [a for a in advise(Findings(rests)) if a.id == "train_longer"]
    assert advice.code == f"trainer.epochs={10 * len(EPOCHS)}"


def test_overfitting_at_the_optimum_stays_overfitting():
    assert diagnose(proved(FALLING, VALLEY, 1e-5)).state == "OVERFITTING"


def test_an_optimum_that_is_too_high_is_underfitting():
    record = proved(np.full(len(EPOCHS), 2.0), np.full(len(EPOCHS), 2.1), 1e-5)
    record.baseline = {"train": {"loss": 2.3}, "validation": {"loss": 2.4}}
    assert diagnose(record).state == "UNDERFITTING"

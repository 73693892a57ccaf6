"""A lasso whose zeros still grow at a flat validation loss is not at its end, and says so."""

import numpy as np
import pytest

from kreg.diagnostics import Record, diagnose


def resting(zeros, **more):
    """Losses that rest for 20 epochs, above nothing that guessing would cost."""
    record = Record(sizes={"train": 500, "validation": 500, "measured": 500}, **more)
    record.baseline = {side: {"loss": 2.0} for side in ("train", "validation")}
    generator = np.random.default_rng(0)
    rows = generator.normal(0.3, 0.1, 500)
    for epoch, share in enumerate(zeros, 1):
        loss = 0.3 + 1.5 * 0.3**epoch
        values = {"clean_loss": loss, "val_clean_loss": loss + 0.01, "sparsity": share}
        record.append(epoch, values, examples=rows + loss - 0.29)
    return record


def test_growing_zeros_are_said_of_a_resting_verdict():
    verdict = diagnose(resting(np.linspace(0, 0.6, 20)))
    assert verdict.state == "CONVERGED" and verdict.tone == "good"  # the word is about the losses
    (told,) = [line for line in verdict.caveats if "zeros still grow" in line]
    assert "from 37.9 % to 60.0 % over the last 8 epochs" in told
    assert "Train on for that" in told


@pytest.mark.parametrize(
    "zeros", [np.full(20, 0.6), np.zeros(20), [*np.linspace(0, 0.6, 10), *[0.6] * 10]]
)
def test_zeros_that_rest_say_nothing(zeros):
    verdict = diagnose(resting(zeros))
    assert verdict.state == "CONVERGED" and verdict.tone == "good"
    assert not [line for line in verdict.caveats if "zeros" in line]


def test_a_proved_optimum_has_its_zeros():
    record = resting(np.linspace(0, 0.6, 20), settings={"stop": {"kind": "gap", "share": 1e-3}})
    for name in ("duality_gap", "duality_gap_share"):
        record.curves[name] = [1e-5] * 20
    assert not [line for line in diagnose(record).caveats if "zeros" in line]

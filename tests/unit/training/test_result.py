"""What `result.json` says about the end of a training."""

from types import SimpleNamespace

import numpy as np
import pytest

from kreg.measuring.measurement import Measurement
from kreg.training import result

WATCHED = "never: the rule that only watches would have stopped after epoch 5"


@pytest.mark.parametrize(
    ("dry_run", "would", "reason", "sentence"),
    [
        (False, 4, "gl", "2 % worse."),
        (True, 4, "completed", WATCHED),
        (True, None, "interrupted", ""),
    ],
)
def test_a_rule_that_only_watches_has_not_ended_the_training(dry_run, would, reason, sentence):
    known = ("gl", "2 % worse.") if would is not None else ("interrupted", "")
    stop = SimpleNamespace(
        dry_run=dry_run, would_stop_epoch=would, stop_reason=known[0], sentence=known[1],
        snapshots=SimpleNamespace(count=1),
    )  # fmt: skip
    callbacks = SimpleNamespace(stopping=stop, trial=None)
    assert result.ending(callbacks) == {"stop_reason": reason, "stop_sentence": sentence}


def side(loss, seed, spread=1.0):
    losses = np.random.default_rng(seed).normal(loss, spread, 400)
    return Measurement(loss=float(losses.mean()), examples=losses)


@pytest.mark.parametrize(
    ("test", "spread", "told"), [(2.0, 1.0, True), (1.1, 0.1, False), (2.0, 8.0, False)]
)
def test_a_test_loss_far_above_that_of_validation_is_said(test, spread, told):
    splits = {"validation": side(1.0, 0, spread), "test": side(test, 1, spread)}
    assert bool(result.far_test(splits)) is told
    assert result.far_test({"validation": splits["validation"]}) == ""
    assert result.far_test({**splits, "test": Measurement(loss=9.0)}) == "", "no errors are known"

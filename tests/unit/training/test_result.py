"""What `result.json` says about the end of a training."""

from types import SimpleNamespace

import numpy as np
import pytest

from kreg.launch.compose import compose_job
from kreg.measuring.measurement import Measurement
from kreg.training import plan, result, stacks, start

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


def test_parameters_are_those_of_the_same_network_without_a_schedule():
    words = ["data=wine", "model=shallow", "model.width=8", "dropout=light", "trainer.epochs=1"]
    moving = "dropout.rate={kind: piecewise, unit: epoch, boundaries: [1], values: [0.1, 0.2]}"
    told = []
    for more in ([], [moving]):
        config = compose_job([*words, *more, "trainer.verbose=quiet"])
        start.prepare(config.trainer, config.seed)
        made = plan.make(config)
        told.append((made.facts()["parameters"], stacks.sizes_of(made)["parameters"]))
    assert told[0] == told[1]
    assert made.model.count_params() == told[0][0] + 1, "Keras counts the clock"

"""What `result.json` says about the end of a training."""

from types import SimpleNamespace

import pytest

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
        dry_run=dry_run, would_stop_epoch=would, stop_reason=known[0], sentence=known[1]
    )
    callbacks = SimpleNamespace(stopping=stop, trial=None)
    assert result.ending(callbacks) == {"stop_reason": reason, "stop_sentence": sentence}

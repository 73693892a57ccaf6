"""Trainings whose right name is known beforehand: the word, the tone, the first advice.

Real trainings by the program with its defaults, but for what is said. Chance on digits is a loss
of 2.30 and an accuracy of 0.10.
"""

import json
from dataclasses import dataclass

import pytest

from kreg.launch.compose import compose_job
from kreg.training import app

QUIET = ["trainer.verbose=quiet", "diagnostics.tensorboard=false"]


@dataclass(frozen=True)
class Known:
    """A command and what must be said of it; no advice is named where the word says it all."""

    command: str
    word: str
    tone: str
    advice: str = ""


FAST = [
    Known("data=wine model=linear reg=none trainer.epochs=60", "UNDER-TRAINED", "watch",
          "train_longer"),
    Known("data=diabetes model=linear reg=none trainer.epochs=60", "UNDER-TRAINED", "watch",
          "train_longer"),
    Known("model=shallow reg=l1 reg.l1=0.1 trainer.epochs=60", "GUESSING", "bad",
          "without_regularization"),
]  # fmt: skip
SLOW = [
    Known("model=deep reg=none optimizer.learning_rate=1e-6 trainer.epochs=60", "UNDER-TRAINED",
          "watch", "train_longer"),
    Known("model=deep reg=none optimizer.learning_rate=1e-5 trainer.epochs=60", "UNDER-TRAINED",
          "watch", "train_longer"),
    Known("model=deep reg=none optimizer.learning_rate=0.3 trainer.epochs=60", "GUESSING", "bad",
          "another_rate"),
    Known("dropout=light dropout.rate=0.97 trainer.epochs=60", "GUESSING", "bad",
          "without_regularization"),
    Known("model=deep reg=l2 reg.l2=1 trainer.epochs=60", "GUESSING", "bad",
          "without_regularization"),
    Known("model=deep model.width=1 model.depth=2 reg=none trainer.epochs=60", "UNDERFITTING",
          "watch", "more_capacity"),
    Known("data=diabetes model=deep model.width=1 reg=none trainer.epochs=60", "GUESSING", "bad",
          "dead_layer"),
    Known("data=diabetes model=linear reg=none trainer.epochs=600", "CONVERGED", "good"),
]  # fmt: skip


def report(command: str, folder) -> dict:
    """The stored report of a command."""
    app.run(compose_job([*command.split(), *QUIET]), folder)
    return json.loads((folder / "report.json").read_text())


def check(known: Known, folder) -> None:
    found = report(known.command, folder)
    verdict, advice = found["verdict"], [line["id"] for line in found["advice"]]
    assert (verdict["state"], verdict["tone"]) == (known.word, known.tone)
    assert advice[:1] == [known.advice] or not known.advice


@pytest.mark.parametrize("known", FAST, ids=lambda known: known.command)
def test_a_known_training_has_its_name(known, tmp_path):
    check(known, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("known", SLOW, ids=lambda known: known.command)
def test_a_known_training_of_some_length_has_its_name(known, tmp_path):
    check(known, tmp_path)


def test_zeros_of_an_early_epoch_are_said_to_be_of_one(tmp_path):
    advice = report(FAST[2].command, tmp_path)["advice"]
    assert any("An early epoch" in line["text"] for line in advice)

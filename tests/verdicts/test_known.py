"""Trainings whose right name is known beforehand: the word, the tone, the first advice."""

import json

import pytest

from tests.verdicts.known import KNOWN, command, numbered, table

NOISE = "optimizer=sgd optimizer.learning_rate=1e12 optimizer.momentum=0 trainer.epochs=3"


def cases(fast: bool):
    return pytest.mark.parametrize(
        "known", [k for k in KNOWN if k.fast is fast], ids=lambda known: known.name
    )


@cases(fast=True)
def test_a_known_training_has_its_name(known, tmp_path):
    known.check(tmp_path)


@pytest.mark.slow
@cases(fast=False)
def test_a_known_training_of_some_length_has_its_name(known, tmp_path):
    known.check(tmp_path)


def test_each_row_is_there_once():
    names = [known.name for known in KNOWN]
    assert len(names) == len(set(names)) > 35


def test_what_is_at_chance_is_never_good():
    assert all(k.tone == "bad" for k in KNOWN if k.words == "GUESSING")


@pytest.mark.slow
def test_stronger_penalties_never_show_fewer_zeros_without_a_sentence(tmp_path):
    before, told = 0.0, True
    for strength in ("1e-3", "1e-2", "1e-1"):
        found = command(f"model=shallow reg=l1 reg.l1={strength} trainer.epochs=60")(
            tmp_path / strength
        )
        zeros = zeros_of(found)
        told = any("An early epoch" in line["text"] for line in found["advice"])
        assert zeros >= before or told, (strength, zeros, before)
        before = zeros


def zeros_of(found) -> float:
    rows = [row for row in found["layers"] if row.get("zeros") is not None]
    return max(row["zeros"] for row in rows)


@pytest.mark.slow
def test_21_a_diverged_training_leaves_its_name_and_its_advice(tmp_path):
    def spread(rng):
        x = 1e3 * rng.normal(size=(120, 3))
        return numbered(x, [f"{v:.6g}" for v in x[:, 0]])

    with pytest.raises(FloatingPointError):
        table(spread, f"model=deep {NOISE}")(tmp_path)
    found = json.loads((tmp_path / "run" / "report.json").read_text())
    assert (found["verdict"]["state"], found["verdict"]["tone"]) == ("NON-FINITE", "bad")
    assert found["advice"][0]["id"] == "calm_down"

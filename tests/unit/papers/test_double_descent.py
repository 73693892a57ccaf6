"""The experiment on double descent: its pieces, and a very small run."""

import json

import numpy as np
import pytest

from kreg.papers import double_descent


def row(width, loss, l2=0.0):
    return {"width": width, "l2": l2, "test_loss": loss}


def test_peak_is_the_largest_rise_above_a_smaller_network():
    losses = [2.0, 1.0, 1.5, 3.0, 1.2]
    rows = [row(width, loss) for width, loss in zip((1, 2, 4, 8, 16), losses, strict=True)]
    assert double_descent.peak(rows) == {"0.0": {"width": 8, "rise": 3.0, "fall_after": 2.5}}


def test_a_falling_curve_has_no_rise():
    rows = [row(width, 1 / width, l2=0.1) for width in (1, 2, 4)]
    assert double_descent.peak(rows)["0.1"]["rise"] == 1.0


def test_the_sentence_is_the_measured_one():
    found = {"width": 12, "rise": 1.5, "fall_after": 2.375}
    assert double_descent.sentence(0.0, found) == (
        "no penalty: the test loss rises 1.50-fold to 12 hidden units and falls 2.38-fold after."
    )
    assert "never stands above" in double_descent.sentence(0.003, found | {"rise": 1.01})


def test_the_memorising_width_is_the_first_without_a_penalty_and_without_errors():
    errors = {2: 0.4, 4: 0.01, 8: 0.0, 16: 0.0}
    rows = [row(w, 1.0) | {"train_error": e} for w, e in errors.items()]
    assert double_descent.memorising(rows) == 8
    assert double_descent.memorising(rows[:2]) is None
    assert double_descent.memorising([r | {"l2": 0.1} for r in rows]) is None


def test_only_training_labels_are_wrong_and_no_row_is_in_both():
    (clean_x, clean_y), clean_test = double_descent.digits(200, 0.0, seed=3)
    (noisy_x, noisy_y), noisy_test = double_descent.digits(200, 0.5, seed=3)
    np.testing.assert_array_equal(clean_x, noisy_x)
    np.testing.assert_array_equal(clean_test[1], noisy_test[1])
    assert 0.3 < np.mean(clean_y != noisy_y) < 0.6
    assert not {r.tobytes() for r in clean_x} & {r.tobytes() for r in clean_test[0]}


@pytest.mark.slow
def test_a_small_run_writes_the_figure_and_its_numbers(tmp_path, capsys):
    result = double_descent.run(tmp_path, widths=(2, 16), rows=60, steps=40, l2=0.01)
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[1].strip() for line in told] == ["no penalty", "L2 0.01"]
    assert json.loads((tmp_path / "double_descent.json").read_text()) == result
    assert (tmp_path / "double_descent.svg").read_text().startswith("<?xml")
    assert [(r["width"], r["l2"]) for r in result["rows"]] == [
        (2, 0.0), (16, 0.0), (2, 0.01), (16, 0.01),
    ]  # fmt: skip
    wide, penalised = result["rows"][1], result["rows"][3]
    assert wide["train_loss"] < penalised["train_loss"]


@pytest.mark.parametrize(
    ("arguments", "named"), [({"rows": 10}, "rows"), ({"l2": 0.0}, "l2"), ({"steps": 0}, "steps")]
)
def test_bad_arguments_are_sentences(arguments, named, tmp_path):
    with pytest.raises(ValueError, match=f"`{named}`"):
        double_descent.run(tmp_path, **arguments)

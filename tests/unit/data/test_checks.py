"""What is refused before the first step, and what is warned of."""

import os

import numpy as np
import pytest

from kreg.data import Raw, Splitting, assemble
from kreg.data.preprocessing import Standard

ROWS = 300


def raw(**changes) -> Raw:
    generator = np.random.default_rng(0)
    fields = {
        "name": "toy",
        "x": generator.standard_normal((ROWS, 4)),
        "y": generator.integers(0, 3, ROWS),
        "task": "classification",
        "class_names": ["a", "b", "c"],
        "feature_names": ["p", "q", "r", "s"],
    }
    return Raw(**{**fields, **changes})


def column(values, at=1) -> np.ndarray:
    x = raw().x
    x[:, at] = values
    return x


def with_one(value) -> np.ndarray:
    x = raw().x
    x[5, 1] = value
    return x


def regression(y) -> dict:
    return {"y": y, "task": "regression", "class_names": []}


def one_of_class(label) -> np.ndarray:
    y = raw().y % 2
    y[0] = label
    return y


REFUSED = {
    "lengths differ": ({"y": np.zeros(5, int)}, {}, "300 rows of inputs but 5 targets"),
    "two rows": ({"x": np.zeros((2, 4)), "y": np.array([0, 1])}, {}, "2 rows"),
    "no rows": ({"x": np.zeros((0, 4)), "y": np.zeros(0, int)}, {}, "0 rows"),
    "label too high": ({"y": one_of_class(3)}, {}, "labels must be from 0 to 2"),
    "label negative": ({"y": one_of_class(-1)}, {}, "found -1"),
    "label broken": ({"y": one_of_class(0) + 0.5}, {}, "whole numbers"),
    "label is text": ({"y": np.array(["a"] * ROWS)}, {}, "not numeric"),
    "single class": ({"y": np.zeros(ROWS, int)}, {}, "single class, 'a'"),
    "target not finite": (regression(np.full(ROWS, np.nan)), {}, "300 of 300 targets"),
    "target constant": (regression(np.full(ROWS, 2.0)), {}, "every training target is 2"),
    "nan": ({"x": with_one(np.nan)}, {}, "non-finite values in .*, column 'q'"),
    "inf": ({"x": with_one(np.inf)}, {}, "non-finite values in .*, column 'q'"),
    "overflow": ({"x": column(1e30)}, {}, "overflow float32"),
    "empty validation": ({}, {"validation": 0.0}, "validation split is empty"),
    "empty by rounding": ({}, {"test": 0.001}, "test split is empty"),
    "no training rows": ({}, {"validation": 0.9, "test": 0.0999}, "train split is empty|single"),
    "task": ({"task": "ranking"}, {}, "`task`"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_meaningless_training_is_refused_in_a_sentence(name):
    changes, how, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence):
        assemble(raw(**changes), Splitting(**how))


def warned(source, **how) -> str:
    return " | ".join(assemble(source, Splitting(**how)).warnings)


def test_good_data_is_not_warned_of():
    assert warned(raw()) == ""


def test_a_constant_column():
    assert "column 'q': constant in train" in warned(raw(x=column(3.0)))


def test_a_huge_column_that_nobody_standardises():
    big = column(np.linspace(-1e6, 1e6, ROWS))
    assert "'q': values up to 1e+06" in warned(raw(x=big))
    scaled = raw(x=big, preprocess=lambda rows: Standard.fit(rows, ["p", "q", "r", "s"]))
    assert warned(scaled) == ""


def test_duplicates_across_splits():
    x, y = raw().x, raw().y
    x[150:], y[150:] = x[:150], y[:150]
    sentences = warned(raw(x=x, y=y))
    assert "of 45 validation rows are also training rows" in sentences
    assert "of 45 test rows are also training rows" in sentences
    assert "other targets" not in sentences


def cells_and_coins() -> tuple[np.ndarray, np.ndarray]:
    """18 different rows again and again, and a target that they do not say."""
    cells = np.array([[a, b] for a in range(6) for b in range(3)], float)
    generator = np.random.default_rng(5)
    return cells[np.arange(ROWS) % 18], generator.integers(0, 2, ROWS)


def test_few_distinct_rows_with_targets_that_differ_are_noise_and_no_memory():
    """Of them it was said: "18 of 18 validation rows are also training rows"."""
    x, y = cells_and_coins()
    two = {"x": x, "class_names": ["a", "b"], "feature_names": ["p", "q"]}
    sentences = warned(raw(y=y, **two))
    assert "45 of 45 validation rows have the inputs of training rows with other" in sentences
    assert "noise that no model can learn" in sentences and "memory" not in sentences


def test_few_distinct_rows_that_say_their_target_are_memory():
    x, _ = cells_and_coins()
    two = {"x": x, "class_names": ["a", "b"], "feature_names": ["p", "q"]}
    sentences = warned(raw(y=((x[:, 0] + x[:, 1]) % 2).astype(int), **two))
    assert "45 of 45 validation rows are also training rows: that share" in sentences
    assert "other targets" not in sentences


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_copies_of_both_kinds_are_counted_apart(task):
    """Rows 0 to 149 once more: those with an even number as they are, the others changed."""
    numbers = np.random.default_rng(1).standard_normal(ROWS)
    x, y = raw().x, raw().y if task == "classification" else numbers
    changed = (y + 1) % 3 if task == "classification" else y + 1.0
    x[150:] = x[:150]
    y[150:] = np.where(np.arange(150) % 2 == 0, y[:150], changed[:150])
    fields = {"y": y} if task == "classification" else regression(y)
    data = assemble(raw(x=x, **fields))
    train, held = set(data.places["train"].tolist()), data.places["validation"].tolist()
    twins = [row for row in held if (row + 150) % 300 in train]
    same = sum(row % 150 % 2 == 0 for row in twins)
    assert 0 < same < len(twins)
    told = " | ".join(data.warnings)
    assert f"{same} of 45 validation rows are also training rows" in told
    assert f"{len(twins) - same} of 45 validation rows have the inputs of training rows" in told


def test_a_class_that_validation_never_sees():
    y = raw().y % 2
    y[[3, 200]] = 2
    sentences = warned(raw(y=y), validation=0.02)
    assert "'c' missing in" in sentences


def test_a_column_that_gives_the_label_away():
    y = raw().y
    sentence = warned(raw(x=column(y * 2.0 + 1)))
    assert "column 'q' alone predicts the target (1.000 on validation)" in sentence
    noise = np.random.default_rng(1).standard_normal(ROWS)
    assert "alone predicts" not in warned(raw(x=column(y + noise)))


def test_a_column_that_gives_a_regression_away():
    y = np.random.default_rng(3).standard_normal(ROWS)
    changes = regression(y)
    assert "column 'q' alone" in warned(raw(x=column(5 * y + 2), **changes))
    assert "alone" not in warned(raw(x=column(np.abs(y)), **changes))


def test_a_frequent_class_is_no_giveaway():
    y = np.zeros(ROWS, int)
    y[:6] = 1
    assert "alone predicts" not in warned(raw(y=y, class_names=["a", "b"], task="binary"))


def grouped(pure=True):
    group = np.repeat(np.arange(60), 5)
    y = group % 3 if pure else raw().y
    return raw(y=y, suspects={"person": group})


def test_groups_that_straddle_are_warned_of_and_the_cure_silences():
    sentence = warned(grouped())
    assert "groups of 'person' have rows in train and in validation" in sentence
    assert "data.group=person" in sentence
    cured = grouped()
    cured.group = cured.suspects["person"]
    assert warned(cured) == ""


def test_a_repeated_value_that_says_nothing_of_the_label_is_no_group():
    assert warned(grouped(pure=False)) == ""


@pytest.mark.skipif("KREG_DATA" not in os.environ, reason="needs KREG_DATA")
def test_mice_are_recognised_as_groups():
    from kreg.data.sources.npz import npz

    path = os.path.join(os.environ["KREG_DATA"], "mice_protein", "data.npz")
    assert "groups of 'group'" in warned(npz(path))
    told = warned(npz(path, group="group"))
    assert "groups of" not in told and "'mouse_id' (1080)" in told  # what nothing reads is said


@pytest.mark.parametrize(
    ("weight", "told"),
    [
        (
            np.where(np.arange(ROWS) == 7, np.nan, 1.0),
            "1 of 300 weights",
        ),
        (np.where(np.arange(ROWS) < 2, -1.0, 1.0), "2 of 300 weights"),
        (np.full(ROWS, np.inf), "not finite"),
        (np.zeros(ROWS), "every row of the train split has the weight 0"),
        (np.ones((ROWS, 2)), "one number a row"),
        (np.ones(ROWS - 1), "one number a row"),
        (np.array(["a"] * ROWS), "one number a row"),
        (np.full(ROWS, 1e300), "overflow float32"),
    ],
)
def test_weights_that_no_row_can_have(weight, told):
    with pytest.raises(ValueError, match=told):
        assemble(raw(weight=weight), Splitting())


def test_targets_and_inputs_beyond_all_scales():
    with pytest.raises(ValueError, match="squares overflow"):
        assemble(raw(**regression(np.linspace(1, 1e300, ROWS))), Splitting())
    with pytest.raises(ValueError, match="complex numbers"):
        assemble(raw(x=raw().x + 1j), Splitting())


def test_groups_that_the_order_of_time_tears_are_told():
    """`data.group` beside `data.time` was read and followed by nothing, without a word."""
    day, person = np.arange(ROWS), np.arange(ROWS) % 60
    told = warned(raw(time=day, group=person))
    assert "60 of 60 groups of data.group have rows in train and in validation" in told
    assert "Leave one of the two out" in told
    assert warned(raw(time=day, group=day // 5)) == "" and warned(raw(group=person)) == ""
    assert warned(raw(time=day)) == ""

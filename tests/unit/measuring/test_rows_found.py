"""What the rows say about themselves: each sentence where it is true, none where it is not."""

import numpy as np
import pytest

from kreg.measuring import Rows
from kreg.measuring.predictions import PredictionReader
from kreg.measuring.rows_found import FAR, RARE, SHIFTED, findings, outlying

CLASSES = PredictionReader("sparse_categorical_crossentropy", "classification", "sparse", True)
NUMBERS = PredictionReader("mse", "regression")


def rows(count=400, seed=0, **changes):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 3)).astype("float32")
    return Rows(changes.get("x", x), changes.get("y", (x[:, 0] > 0).astype(int)))


def said(train, validation=None, reader=CLASSES):
    return findings(train, validation, reader)


@pytest.mark.parametrize("seed", range(5))
def test_healthy_rows_say_nothing(seed):
    train, validation = rows(seed=seed), rows(100, seed=seed + 100)
    assert said(train, validation) == []
    assert said(Rows(train.x, train.x[:, 0]), Rows(validation.x, validation.x[:, 0]), NUMBERS) == []


def test_it_is_the_same_each_time():
    train, validation = rows(), rows(x=rows(seed=1).x + 2)
    assert said(train, validation) == said(train, validation) != []


def test_inputs_that_do_not_vary():
    (sentence,) = said(rows(x=np.ones((400, 3), "float32")))
    assert sentence.startswith("No input varies")


def test_values_far_outside():
    x = rows().x
    x[:4, 1] = 1e6
    (sentence,) = said(rows(x=x))
    assert "Input 1 has values in 1.0% of the training rows that are up to " in sentence
    (named,) = findings(rows(x=x), None, CLASSES, ["a", "b", "c"])
    assert named.startswith("Column 'b' has values in 1.0% ")


def test_outliers_are_rare_and_far():
    column = np.tile([0.0, 1.0, 2.0, 3.0], 100)[:, None]  # quartiles 0.75 and 2.25
    for far, share, expected in ((1.01, 0.01, True), (0.98, 0.01, False), (1.01, 0.06, False)):
        x = column.copy()
        x[: int(share * 400)] = 1e9  # where the quartiles are, with the outliers in their places
        low, middle, high = np.quantile(x, [0.25, 0.5, 0.75])
        x[: int(share * 400)] = middle + far * FAR * (high - low)
        assert bool(outlying(x).any()) is expected
    assert RARE == 0.05


def test_outlying_and_unscaled_targets():
    y = np.random.default_rng(0).normal(size=400)
    far = y.copy()
    far[:8] = 1e6
    assert (
        "2.0% of the training targets are outliers, up to " in said(rows(y=far), reader=NUMBERS)[0]
    )
    assert "1e+05 +- 1" in said(rows(y=y + 1e5), reader=NUMBERS)[0]
    assert said(rows(y=y + 50), reader=NUMBERS) == []


def test_validation_rows_that_are_training_rows():
    train = rows()
    half = np.arange(400) % 2 == 0
    other = rows(seed=9)
    mixed = Rows(np.where(half[:, None], train.x, other.x), np.where(half, train.y, other.y))
    (sentence,) = said(train, mixed)
    assert sentence.startswith("50% of the measured validation rows are training rows")
    flipped = Rows(train.x, 1 - train.y)  # the same inputs with another answer are other rows
    assert not any("training rows as well" in s for s in said(train, flipped))


def test_a_table_of_few_distinct_rows_tells_no_answer():
    """Each pair of inputs and target stands on both sides, but the inputs do not say the target."""
    cells = np.array([[a, b] for a in range(6) for b in range(3)] * 20, float)
    coin = np.random.default_rng(0).integers(0, 2, (2, len(cells)))
    one, other = Rows(cells, coin[0]), Rows(cells, coin[1])
    assert not any("training rows as well" in s for s in said(one, other))
    told = Rows(cells, (cells[:, 0] > 2).astype(int))
    assert said(told, told)[0].startswith("100% of the measured validation rows are training rows")


@pytest.mark.parametrize(("shift", "told"), [(2 * SHIFTED, True), (0.1, False)])
def test_inputs_that_are_distributed_otherwise(shift, told):
    other = rows(seed=1)
    other.x[:, 2] += shift
    found = [s for s in said(rows(), other) if "one distribution" in s]
    assert bool(found) is told
    assert not told or found[0].startswith("Input 2 differs")


def test_a_rare_class_and_other_shares():
    y = np.zeros(400, int)
    y[:4] = 1
    (sentence,) = said(rows(y=y), rows(seed=1, y=y))
    assert "One class has 1.0% of the rows" in sentence and "right in 99.0%" in sentence
    many = np.zeros(400, int)
    many[:200] = 1
    assert any("other shares in validation" in s for s in said(rows(y=y), rows(seed=1, y=many)))


def test_without_validation_only_the_training_side_is_looked_at():
    assert said(rows(), None) == []


def test_words_and_several_targets_are_left_alone():
    words = Rows(np.array([["a"], ["b"]] * 20), np.zeros(40, int))
    assert said(words, words) == []
    several = Rows(rows().x, np.random.default_rng(0).normal(size=(400, 2)) + 1e6)
    assert said(several, None, NUMBERS) == []

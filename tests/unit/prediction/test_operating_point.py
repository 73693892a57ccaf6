"""The threshold that is chosen is the best one that there is, by looking at all of them."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from kreg.prediction import operating_point


def rows(seed, count=60, share=0.2):
    generator = np.random.default_rng(seed)
    y = (generator.random(count) < share).astype(int)
    p = np.clip(0.25 * y + generator.random(count) * 0.6, 0, 1).round(2)  # with ties
    return p, y


@pytest.mark.parametrize("seed", range(20))
def test_f1_is_the_largest_of_all_thresholds(seed):
    p, y = rows(seed)
    found = operating_point.choose(p, y, "f1")
    scores = [f1_score(y, p >= cut, zero_division=0) for cut in [*np.unique(p), 1.1]]
    assert found["f1"] == pytest.approx(max(scores))
    taken = p >= found["threshold"]
    assert found["f1"] == pytest.approx(f1_score(y, taken, zero_division=0))
    assert found["precision"] == pytest.approx(precision_score(y, taken, zero_division=0))
    assert found["recall"] == pytest.approx(recall_score(y, taken))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("wanted", [0.3, 0.9, 1.0])
def test_a_recall_is_reached_by_the_highest_threshold(seed, wanted):
    p, y = rows(seed)
    found = operating_point.choose(p, y, wanted)
    assert found["recall"] >= wanted
    higher = p[p > found["threshold"]]
    taken = p > higher.min()  # one distinct value fewer
    assert recall_score(y, taken, zero_division=0) < wanted


def test_none_is_one_half_and_has_its_scores():
    p, y = rows(0)
    found = operating_point.choose(p, y, "none")
    assert found["threshold"] == 0.5
    assert found["recall"] == pytest.approx(recall_score(y, p >= 0.5))


def test_rows_without_the_positive_class_choose_nothing_absurd():
    found = operating_point.choose([0.2, 0.4], [0, 0], 0.9)
    assert found["recall"] == 0 and 0 <= found["threshold"] <= 1


def test_other_tasks_have_no_threshold():
    operating_point.refuse("none", "regression", "homes")
    with pytest.raises(ValueError, match="operating_point=f1 chooses between two classes, but"):
        operating_point.refuse("f1", "classification", "wine")

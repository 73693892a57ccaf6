"""Real fits: the intervals and sets of a run hold new rows as often as they promise."""

import numpy as np
import pytest
from scipy import stats

import kreg
from tests.unit.prediction.conftest import homes, people, train

NEW = 4_000
LEVEL = 0.8


def covered(place, rows, target: str, seed: int, *more: str) -> tuple[int, int]:
    """How many of the new rows are held, and the number of calibration rows."""
    rows(1_000, seed).to_csv(place / "rows.csv", index=False)
    train(place / "run", "data=csv", f"data.path={place}/rows.csv", f"data.target={target}",
          f"seed={seed}", "data.test=0.2", "trainer.epochs=5", *more)  # fmt: skip
    run, new = kreg.load_run(place / "run"), rows(NEW, 1_000 + seed)
    said = run.predict(new, uncertainty="conformal", level=LEVEL)
    if run.task == "regression":
        held = (said["lower"] <= new[target]) & (new[target] <= said["upper"])
    else:
        pairs = zip(new[target], said["set"].str.split("|"), strict=True)
        held = np.array([truth in found for truth, found in pairs])
    return int(held.sum()), run.kept.calibration["conformal"]["rows"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("rows", "target", "more"),
    [(homes, "price", ["model=linear"]), (people, "left", ["model=shallow", "reg=none"])],
)
def test_coverage_is_within_the_interval_of_the_theorem(tmp_path, rows, target, more, seed):
    """Given the calibration rows, coverage is Beta(k, n + 1 - k) of the continuous scores."""
    held, n = covered(tmp_path, rows, target, seed, *more)
    rank = int(np.ceil(LEVEL * (n + 1)))
    low, high = stats.betabinom.ppf([0.001, 0.999], NEW, rank, n + 1 - rank)
    if target == "left":  # a set is never empty, and may so hold a little more
        high += 0.02 * NEW
    assert low <= held <= high, held / NEW

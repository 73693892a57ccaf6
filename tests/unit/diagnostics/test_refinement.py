"""One temperature: its minimum is SciPy's, its split adds up, the verdict says its share."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scripted import EPOCHS, FALLING, VALLEY, run

from kreg.diagnostics import diagnose, document
from kreg.diagnostics.refinement import cross_entropies, paired, refine
from kreg.pages import Report


def sampled(scale, rows=400, classes=5, seed=0):
    """Scores that are `scale` times too large for the classes that were drawn of them."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(size=(rows, classes))
    y = (honest + rng.gumbel(size=honest.shape)).argmax(axis=1)
    return scale * honest, y


@pytest.mark.parametrize("scale", [0.2, 1.0, 4.0, 12.0])
def test_the_temperature_is_the_minimum_that_scipy_finds(scale):
    scores, y = sampled(scale)
    found = refine(scores, y)
    loss = lambda t: cross_entropies(*paired(scores / t, y), 1.0).mean()  # noqa: E731
    best = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-9})
    assert found.temperature == pytest.approx(best.x, rel=1e-4)
    assert found.refined == pytest.approx(best.fun, abs=1e-9)
    assert found.loss == pytest.approx(loss(1.0))
    assert found.temperature == pytest.approx(scale, rel=0.25)
    assert found.examples.mean() == pytest.approx(found.refined)


def test_the_refined_loss_does_not_depend_on_the_scale_of_the_scores():
    refined = [refine(scores, y).refined for scores, y in (sampled(s) for s in (0.5, 1, 3, 8))]
    assert refined == pytest.approx([refined[0]] * 4, abs=1e-9)


def test_binary_labels_are_two_classes_and_shares_are_sums_of_classes():
    scores, y = sampled(3.0, classes=2)
    one = refine(scores[:, 1] - scores[:, 0], y)
    two, shares = refine(scores, y), refine(scores, np.eye(2)[y])
    assert one.refined == pytest.approx(two.refined) == pytest.approx(shares.refined)
    assert one.temperature == pytest.approx(two.temperature, rel=1e-6)
    column = refine((scores[:, 1] - scores[:, 0])[:, None], y[:, None])
    assert column.refined == pytest.approx(one.refined)


def test_weights_count_rows_and_a_missing_class_is_no_obstacle():
    scores, y = sampled(3.0)
    weight = np.where(y == 0, 2.0, 0.0)
    alone = refine(scores[y == 0], y[y == 0])
    found = refine(scores, y, weight)
    assert found.temperature == pytest.approx(alone.temperature, rel=1e-6)
    assert found.refined == pytest.approx(2 * alone.refined * (y == 0).mean())


def test_rows_that_are_all_right_ask_for_no_temperature():
    """Their loss would go to 0 with it, whatever other rows say: the loss itself is left."""
    scores = np.array([[2.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
    found = refine(scores, [0, 1, 0])
    assert found.temperature == 1 and found.refined == found.loss
    np.testing.assert_array_equal(found.examples, cross_entropies(*paired(scores, [0, 1, 0]), 1.0))
    assert refine(scores[:, 1] - scores[:, 0], [0.0, 1.0, 0.0]).temperature == 1
    assert refine(scores, [0, 1, 1], [1.0, 1.0, 0.0]).temperature == 1, "what counts is right"
    wrong = refine(scores, [0, 1, 1])
    assert wrong.temperature > 1 and wrong.refined < wrong.loss
    smoothed = np.tile(np.eye(2)[[0, 1, 0]] * 0.9 + 0.05, (2, 1))
    assert refine(np.tile(scores, (2, 1)), smoothed).temperature != 1, (
        "shares have a best temperature"
    )


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ValueError, match="finite"):
        refine([[0.0, np.nan]], [1])
    with pytest.raises(ValueError, match="one class or one row"):
        refine(np.zeros((3, 2)), np.zeros((3, 4)))


# the verdict


def with_refined(refined, **fields):
    record = run(FALLING, VALLEY, **fields)
    record.curves["val_refined_loss"] = list(refined)
    return record


def test_a_rise_that_one_temperature_removes_is_over_confidence():
    verdict = diagnose(with_refined(np.minimum(VALLEY, 0.5)))
    assert (verdict.state, verdict.removed) == ("OVERCONFIDENT", 1.0)
    assert "removes 100% of the rise" in verdict.meaning
    half = diagnose(with_refined(0.5 + (VALLEY - 0.5) / 2))
    assert half.state == "OVERFITTING" and half.removed == pytest.approx(0.5)
    assert "removes 50% of the rise" in half.meaning
    none = diagnose(with_refined(VALLEY))
    assert (none.state, none.removed) == ("OVERFITTING", 0.0)


def test_decisions_that_hold_are_no_proof_where_the_refined_loss_rises():
    steady = np.full(30, 0.8)
    assert diagnose(run(FALLING, VALLEY, correct=steady)).state == "OVERCONFIDENT"
    assert diagnose(with_refined(VALLEY, correct=steady)).state == "OVERFITTING"


def test_without_a_rise_or_a_refined_loss_no_share_is_said():
    assert diagnose(run(FALLING, VALLEY)).removed is None
    falling = run(FALLING, FALLING)
    falling.curves["val_refined_loss"] = list(FALLING)
    assert diagnose(falling).removed is None


def test_the_page_has_it_as_a_third_curve_with_its_sentence():
    report = document(with_refined(np.minimum(VALLEY, 0.5)))
    assert report["verdict"]["removed"] == 1.0
    page = Report(report).html()
    assert "validation, refined" in page and "only become too sure" in page
    assert "refined" not in Report(document(run(FALLING, VALLEY))).html()
    assert len(report["curves"]["val_refined_loss"]) == len(EPOCHS)

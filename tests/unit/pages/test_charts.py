"""Charts of many runs."""

import math

import pytest

from kreg.pages.charts import NO_NUMBER, Point, parallel, scatter, upright


def test_constant_and_missing_values_do_not_break_a_chart():
    points = [Point(1.0, math.nan, "a", "a"), Point(1.0, 2.0, "b", "b")]
    assert scatter(points, "x", "y").count("<circle") == 1
    assert "nan" not in parallel({"x": [1.0, 1.0], "y": [math.nan, 2.0]}, points)


def test_names_are_never_markup():
    point = Point(1.0, 2.0, "<script>", "a.html")
    for chart in (scatter([point], "<script>", "y"), parallel({"<script>": ["<script>"]}, [point])):
        assert "<script>" not in chart and "&lt;script&gt;" in chart


def test_a_run_without_a_number_has_a_place_of_its_own_below_the_smallest():
    heights, marks = upright(["", 1e-5, 1e-4, 1e-3], 320)
    assert len(set(heights)) == 4 and heights == sorted(heights, reverse=True)
    assert heights[0] == dict(marks)[NO_NUMBER]
    assert heights[0] - heights[1] > 20  # pixels down to it from the smallest one
    gaps = [a - b for a, b in zip(heights[1:], heights[2:], strict=False)]
    assert gaps[0] == pytest.approx(gaps[1])  # a decade is a decade
    assert upright([1e-5, 1e-4, 1e-3, math.nan], 320)[0][3] is None


def test_few_numbers_are_named_in_their_order():
    heights, marks = upright([10.0, 2.0, None], 320)
    assert [name for name, _ in marks] == [NO_NUMBER, "2.0", "10.0"]
    assert heights[2] > heights[1] > heights[0]  # pixels go down
    assert [name for name, _ in upright(["l2", "l1", ""], 320)[1]] == ["l1", "l2", NO_NUMBER]

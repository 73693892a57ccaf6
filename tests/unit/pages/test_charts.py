"""Charts of many runs."""

import math

from kreg.pages.charts import Point, parallel, scatter


def test_constant_and_missing_values_do_not_break_a_chart():
    points = [Point(1.0, math.nan, "a", "a"), Point(1.0, 2.0, "b", "b")]
    assert scatter(points, "x", "y").count("<circle") == 1
    assert "nan" not in parallel({"x": [1.0, 1.0], "y": [math.nan, 2.0]}, points)


def test_names_are_never_markup():
    point = Point(1.0, 2.0, "<script>", "a.html")
    for chart in (scatter([point], "<script>", "y"), parallel({"<script>": ["<script>"]}, [point])):
        assert "<script>" not in chart and "&lt;script&gt;" in chart

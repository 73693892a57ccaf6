"""A lasso on more columns than rows: what it has selected, wherever a person looks."""

import json

import numpy as np
import pandas as pd
import pytest

from kreg.pages import report
from tests.app.test_units import ROOT, run


@pytest.mark.slow
def test_selected_columns_stand_on_the_page_in_markdown_and_in_the_terminal(tmp_path):
    """riboflavin: 44 of 4,088 genes, a list of 4,044 dropped ones, and no name on the page."""
    generator = np.random.default_rng(0)
    x = generator.normal(10, 3, size=(80, 120))
    frame = pd.DataFrame(x, columns=[f"gene{i}" for i in range(120)])
    frame["yield"] = 1000 * x[:, 7] - 700 * x[:, 11] + generator.normal(0, 300, 80)
    frame.to_csv(tmp_path / "genes.csv", index=False)
    printed = run(
        tmp_path, str(ROOT / "train.py"), "data=csv", "data.path=genes.csv", "data.target=yield",
        "model=linear", "reg=l1", "reg.l1=0.3", "trainer.epochs=60", "trainer.batch_size=16",
        "optimizer.learning_rate=0.02", "stop=none", "logger=none",
    )  # fmt: skip
    (place,) = (tmp_path / "logs" / "csv" / "runs").iterdir()
    found = json.loads((place / "result.json").read_text())["features"]
    assert [row["name"] for row in found["selected"][:2]] == ["gene7", "gene11"]
    assert found["total"] == 120 and found["count"] == len(found["selected"]) < 60
    assert 500 < found["selected"][0]["weight"] < 1100 and "dropped" not in found
    line = next(line for line in printed.splitlines() if line.startswith("features"))
    assert f"{found['count']} of 120 selected: gene7 +" in line and "dropped" not in line
    shown = report(place)
    for text in ((place / "report.html").read_text(), shown.markdown(), str(shown)):
        assert f"{found['count']} of 120 columns are used" in text and "gene11" in text
    left = sorted({f"gene{i}" for i in range(120)} - {row["name"] for row in found["selected"]})
    assert left and f">{left[-1]}<" not in (place / "report.html").read_text()

"""The page of a real run in a real browser: its figures are drawn, and it fits a narrow window."""

import re

import pytest

from kreg.launch.compose import compose_job
from kreg.training import app
from tests.browser.test_pages import CHROMIUM, Visit

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.slow,  # it trains two models
]
QUIET = ["trainer.epochs=2", "trainer.verbose=quiet", "logger=none"]
PROBE = "<script>document.title = document.documentElement.scrollWidth</script></body>"
DRAWN = {
    "breast_cancer": ("Confusion matrix", "ROC curve", "Calibration of the probabilities"),
    "diabetes": ("Predictions against truth", "Residuals"),
    "digits": ("Confusion matrix", "The picture of the row"),
}


@pytest.mark.parametrize("data", DRAWN)
def test_the_page_is_drawn_quiet_and_fits(data, tmp_path):
    app.run(compose_job([f"data={data}", "model=shallow", *QUIET]), tmp_path / "run")
    page = tmp_path / "page.html"
    page.write_text((tmp_path / "run" / "report.html").read_text().replace("</body>", PROBE))
    visit = Visit(page.as_uri(), tmp_path, "600,1000")
    for label in DRAWN[data]:
        assert f">{label}</title>" in visit.dom or f'alt="{label}"' in visit.dom, label
    assert int(re.search(r"<title>(\d+)</title>", visit.dom)[1]) <= 600
    assert visit.console == [] and visit.asked == set()

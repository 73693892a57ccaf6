"""The report as a page, as Markdown, in the terminal and as a picture."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from scripted import FALLING, VALLEY, full, run

from kreg.diagnostics import Record, document
from kreg.diagnostics.upgrade import upgraded
from kreg.pages import Report, loss_figure, svg
from kreg.pages.sections import curves


def page(found: dict, theme: str = "") -> str:
    return Report(found).html(theme)


def losses(found: dict) -> str:
    return curves.figure(found, curves.drawn(found))


class Checker(HTMLParser):
    """Every tag closed in order; the addresses that a browser would fetch."""

    VOID = {"meta", "link", "br", "img", "input"}

    def __init__(self):
        super().__init__()
        self.open, self.addresses, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("record", [full(), Record(), run(FALLING[:1], VALLEY[:1])])
def test_the_page_is_well_formed_and_fetches_nothing(record):
    html = page(document(record))
    checker = Checker()
    checker.feed(html)
    assert not checker.open
    assert "script" not in checker.tags
    assert all(address.startswith("data:") for address in checker.addresses)
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)", html)


def test_the_page_shows_everything_and_escapes_names():
    html = page(document(full()))
    for part in ("verdict", "advice", "curves", "ledger", "gap", "calibration", "layers",
                 "replay", "data", "provenance", "weak"):  # fmt: skip
        assert f'id="{part}"' in html, part
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "Overfitting since epoch 10" in html
    assert 'data-theme="dark"' in page(document(full()), "dark")


def test_the_data_panel():
    html = page(document(full()))
    assert "3 rows are in both splits." in html
    assert "&lt;b&gt;cat&lt;/b&gt;" in html and "75.0 %" in html and "100.0 %" in html
    row = re.search(r'<td class="n">7</td><td>(.*?)</td><td class="n">(.*?)</td>', html)
    assert row.groups() == ("dog", "3.5")
    assert 'src="data:image/png;base64,' in html and "record 0, epoch 1" in html


def test_the_layers_say_that_other_weights_were_put_back():
    record = full()
    record.events = []
    assert "were put back after that" not in page(document(record))
    record.events = [{"epoch": 2, "kind": "restore", "text": "Restored epoch 2."}]
    found = document(record)
    last = found["verdict"]["epoch"]
    assert f"of the weights of epoch {last}, with which the training ended" in page(found)


def test_a_compressed_network_has_a_section_of_its_own():
    found = document(full())
    assert 'id="compressed"' not in page(found)
    found["compressed"] = {
        "parameters": [2000, 200], "operations": [4000, 400], "latency_ms": [2.0, 1.25],
        "metrics": {"test_clean_accuracy": [0.98, 0.975]}, "difference": 1e-7, "refit_epochs": 4,
        "layers": [{"layer": "<b>", "shape": [9, 8], "new_shape": [9, 2], "new_parameters": 20}],
        "notes": ["One was kept."],
    }  # fmt: skip
    html, text = page(found), Report(found).markdown()
    assert 'id="compressed"' in html and "10.0 % of the parameters" in html
    assert "9 × 8" in html and "&lt;b&gt;" in html and "One was kept." in html
    assert "| test clean accuracy | 0.98 | 0.975 |" in text.replace("\\", "")


def test_a_picture_from_elsewhere_is_not_shown():
    record = full()
    record.inputs["samples"] = {"picture": "https://example.org/track.png"}
    assert "track.png" not in page(document(record))


def test_the_figure_is_valid_xml_and_joins_sparse_points():
    record = full()
    record.curves["clean_loss"][1:29] = [None] * 28
    figure = losses(document(record))
    root = ElementTree.fromstring(figure)
    path = next(p for p in root.iter("{http://www.w3.org/2000/svg}path")
                if p.get("class") == "line train")  # fmt: skip
    assert (path.get("d").count("M"), path.get("d").count("L")) == (1, 1)
    assert figure.count('class="train point"') == 2


def test_log_scale_for_curves_over_decades():
    record = Record()
    for epoch in range(1, 40):
        record.append(epoch, {"clean_loss": 10.0 ** (-epoch / 10), "val_clean_loss": 1.0 + epoch})
    assert "log scale" in losses(document(record))


def test_markdown_terminal_and_png():
    found = document(full())
    text = Report(found).markdown("report.png")
    assert text.startswith("# Overfitting since epoch 10")
    assert "![Loss by epoch](report.png)" in text
    assert "<script>" not in text
    shown = str(Report(found))
    for part in ("Overfitting since epoch 10", "Go back to epoch 10", "nothing", "default"):
        assert part in shown
    assert loss_figure.png(found).startswith(b"\x89PNG")
    for empty in (document(Record()), document(run(FALLING[:1], VALLEY[:1]))):
        assert Report(empty).markdown()
        assert str(Report(empty))
        assert loss_figure.png(empty)


def test_labels_keep_their_distance():
    placed = svg.spread([10, 10, 10, 99], 5, 0, 100)
    assert placed == [10, 15, 20, 99]
    assert svg.spread([99, 100], 5, 0, 100) == [95, 100]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (1, 1.001), (-3, 17), (0, 1e6), (5, 5)])
def test_ticks_are_inside(low, high):
    found = svg.ticks(low, high)
    assert found
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in found)


def test_a_curve_above_the_frame_is_marked_with_an_arrow():
    found = document(full())
    near = found["curves"]["clean_loss"]
    found["curves"]["loss"] = [value if value is None else value + 1e3 for value in near]
    assert "loss, logged ↑" in losses(found)
    found["curves"]["loss"] = near
    assert "loss, logged" in losses(found) and "↑" not in losses(found)


def test_names_between_backticks_are_code_and_nothing_is_let_through():
    found = document(full())
    found["advice"] = [{"text": "`val_loss` <i>", "code": "", "source": ""}]
    assert "<li><code>val_loss</code> &lt;i&gt;</li>" in page(found)


def test_the_page_says_that_the_best_weights_were_put_back():
    found = document(full())
    assert "put back" not in page(found)
    best = found["verdict"]["best_epoch"]
    found["events"].append({"epoch": best, "kind": "restore", "text": f"Restored epoch {best}."})
    assert "its weights were put back" in page(found)
    found["events"][-1]["epoch"] = best + 1  # a rule of another loss keeps another epoch
    assert "its weights were put back" not in page(found)


def test_a_report_with_few_fields_has_a_page():
    bare = upgraded({"schema": "kreg/report", "version": 1, "verdict": {"state": "LEARNING"}})
    assert "Learning" in page(bare) and "Learning" in Report(bare).markdown()


def test_an_old_word_is_shown_by_its_new_name():
    verdict = {"state": "NOT ENOUGH DATA", "headline": "NOT ENOUGH DATA"}
    old = upgraded({"schema": "kreg/report", "version": 1, "verdict": verdict})
    assert "Too early" in page(old) and "NOT ENOUGH" not in page(old)


def test_in_a_page_of_somebody_else_the_style_touches_nothing_else():
    text = Report(document(full()))._repr_html_()
    sheet = text.split("<style>")[1].split("</style>")[0]
    assert sheet.startswith("@scope (.kreg) {") and sheet.count("{") == sheet.count("}")
    roots = re.findall(r":root[^{]*", sheet)
    assert roots and all(":scope" in one for one in roots) and ":host" not in sheet
    assert text.split("</style>")[1].startswith("<div class='kreg'><article")

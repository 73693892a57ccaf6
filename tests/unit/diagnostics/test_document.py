"""The document, its renderings, and older versions of it."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from scripted import FALLING, VALLEY, run

from kreg.diagnostics import Record, document, markdown, page, svg
from kreg.diagnostics.charts import losses
from kreg.diagnostics.document import MAX_POINTS, VERSION, thinned
from kreg.diagnostics.picture import png
from kreg.diagnostics.terminal import plain
from kreg.diagnostics.upgrade import upgraded


def full() -> Record:
    record = run(FALLING, VALLEY, name="<script>alert(1)</script> & co", loss="mse")
    record.sizes = {"train": 1000, "validation": 200, "measured": 200, "classes": 10}
    record.layers = [
        {"name": "dense", "type": "Dense", "params": 100, "regularization": "", "norm": 1.0},
        {"name": "out", "type": "Dense", "params": 10, "regularization": "L2", "zeros": 0.5},
        {"name": "flat", "type": "Flatten", "params": 0},
    ]
    rng = np.random.default_rng(0)
    side = {"confidence": rng.random(50), "correct": rng.random(50) < 0.5}
    record.calibration = {"train": side, "validation": side}
    record.events = [{"epoch": 12, "kind": "stop", "text": "stopped"}]
    record.settings, record.provenance = {"seed": 1}, {"kreg": "0.1.0"}
    record.inputs = {
        "weak_evidence": [{"name": "sharpness", "value": 1.5, "note": "a hint"}],
        "class_names": ["<b>cat</b>", "dog"],
        "balance": {"train": {"0": 30, "1": 10}, "validation": {"0": 8}},
        "hardest": [{"index": 7, "loss": 3.5, "label": 1, "right": False}],
        "found": ["3 rows are in both splits."],
        "samples": {"picture": np.zeros((4, 4, 3), np.uint8), "captions": ["record 0, epoch 1"]},
    }
    record.task = "classification"
    return record


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


def test_the_document_is_strict_json():
    record = full()
    record.append(31, {"clean_loss": float("inf"), "val_clean_loss": float("nan")})
    text = json.dumps(document(record), allow_nan=False)
    assert upgraded(json.loads(text))["verdict"]["state"] == "NON-FINITE"


def test_golden_document():
    """Names that other programs read."""
    found = document(full(), created="2026-01-01T00:00:00+00:00")
    assert (found["schema"], found["version"]) == ("kreg/report", VERSION)
    assert found["verdict"]["state"] == "OVERFITTING"
    assert found["verdict"]["onset"] == 10
    assert {"epochs", "clean_loss", "val_clean_loss", "z"} <= found["curves"].keys()
    assert [a["id"] for a in found["advice"]][0] == "restore"
    assert found["ledger"]["last"]["clean_gap"] == pytest.approx(VALLEY[-1] - FALLING[-1])
    assert {"rule", "stop_epoch", "regret"} <= found["replay"][0].keys()


def test_long_curves_are_thinned_and_keep_what_is_marked():
    record = Record()
    for epoch in range(1, 5001):
        record.append(epoch, {"loss": 1 / epoch, "val_loss": 1 + abs(epoch - 1234) / 1000})
    found = document(record, rules="patience:5")
    assert len(found["curves"]["epochs"]) <= MAX_POINTS
    assert {1, 1234, 5000} <= set(found["curves"]["epochs"])
    assert thinned(3, set(), 2) == [0, 2]


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


def test_a_compressed_network_has_a_section_of_its_own():
    found = document(full())
    assert 'id="compressed"' not in page(found)
    found["compressed"] = {
        "parameters": [2000, 200], "operations": [4000, 400], "latency_ms": [2.0, 1.25],
        "metrics": {"test_clean_accuracy": [0.98, 0.975]}, "difference": 1e-7, "refit_epochs": 4,
        "layers": [{"layer": "<b>", "shape": [9, 8], "new_shape": [9, 2], "new_parameters": 20}],
        "notes": ["One was kept."],
    }  # fmt: skip
    html, text = page(found), markdown(found)
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
    text = markdown(found, "report.png")
    assert text.startswith("# Overfitting since epoch 10")
    assert "![Loss by epoch](report.png)" in text
    assert "<script>" not in text
    shown = plain(found)
    for part in ("Overfitting since epoch 10", "Go back to epoch 10", "nothing", "default"):
        assert part in shown
    assert png(found).startswith(b"\x89PNG")
    for empty in (document(Record()), document(run(FALLING[:1], VALLEY[:1]))):
        assert markdown(empty)
        assert plain(empty)
        assert png(empty)


def test_old_words_are_shown_by_their_new_names():
    old = {
        "state": "NOT ENOUGH DATA", "headline": "NOT ENOUGH DATA", "tone": "unknown",
        "meaning": "Too few validations to see a trend.", "action": "Train on.",
        "timeline": [{"state": "NOT ENOUGH DATA", "first": 1, "last": 7}],
    }  # fmt: skip
    found = upgraded({"schema": "kreg/report", "version": 1, "verdict": old})
    assert (found["verdict"]["state"], found["verdict"]["headline"]) == ("TOO EARLY", "TOO EARLY")
    assert found["verdict"]["timeline"][0]["state"] == "TOO EARLY"
    assert found["version"] == VERSION
    assert "Too early" in page(found) and "NOT ENOUGH" not in page(found)


def test_missing_fields_are_nothing():
    bare = {"schema": "kreg/report", "version": 1, "verdict": {"state": "LEARNING"}}
    assert page(upgraded(bare))


def test_strangers_and_newer_versions_are_sentences():
    with pytest.raises(ValueError, match="no report of kreg"):
        upgraded({"schema": "other"})
    with pytest.raises(ValueError, match="Update kreg"):
        upgraded({"schema": "kreg/report", "version": VERSION + 1})
    with pytest.raises(ValueError, match="JSON object"):
        upgraded([1])


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
    assert "<li><code>val_loss</code> &lt;i&gt;<br>" in page(found)


def test_the_page_says_that_the_best_weights_were_put_back():
    found = document(full())
    assert "put back" not in page(found)
    found["events"].append({"epoch": 5, "kind": "restore", "text": "Restored epoch 5."})
    assert "its weights were put back" in page(found)

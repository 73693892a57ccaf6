"""The plugin's routes, called as TensorBoard calls them."""

import json
import logging
from types import SimpleNamespace

import numpy as np
import pytest
from tensorboard.errors import NotFoundError
from werkzeug.test import Client

from kreg.pages import report
from kreg.tensorboard import plugin as module
from kreg.tensorboard.loader import KregLoader
from kreg.tensorboard.plugin import KregPlugin


class Provider:
    """Stands in for TensorBoard's data provider."""

    def __init__(self, runs):
        self.runs = runs

    def read_tensors(self, ctx, *, experiment_id, plugin_name, downsample, run_tag_filter):
        assert plugin_name == "kreg"
        if self.runs is None:
            raise NotFoundError("no data")
        return {
            run: {"kreg/report": [SimpleNamespace(step=s, numpy=np.array(c, dtype=object))
                                  for s, c in points]}
            for run, points in self.runs.items()
        }  # fmt: skip


def documents():
    first = report({"loss": [1.0, 0.5], "val_loss": [1.0, 0.9]}).document
    last = {**first, "name": "newest <b>"}
    return [(1, json.dumps(first).encode()), (2, json.dumps(last).encode())]


def plugin(runs):
    return KregPlugin(SimpleNamespace(data_provider=Provider(runs), logdir="", flags=None))


def get(app, path):
    return Client(app).get(path)


def test_the_newest_report_of_each_run_is_listed():
    apps = plugin({"b": documents(), "a": documents()}).get_plugin_apps()
    runs = get(apps["/runs"], "/runs").json["runs"]
    assert [run["run"] for run in runs] == ["a", "b"]
    assert runs[0]["state"] == "TOO EARLY"


def test_a_page_is_the_same_fragment_as_the_file_and_is_escaped():
    apps = plugin({"a": documents()}).get_plugin_apps()
    page = get(apps["/page"], "/page?run=a")
    assert page.status_code == 200
    assert "newest &lt;b&gt;" in page.text
    assert 'id="verdict"' in page.text
    document = get(apps["/document"], "/document?run=a").json
    assert document["name"] == "newest <b>"


def test_a_missing_run_a_damaged_report_and_no_data_are_sentences():
    apps = plugin({"bad": [(1, b"{")]}).get_plugin_apps()
    assert get(apps["/page"], "/page?run=nowhere").status_code == 404
    damaged = get(apps["/page"], "/page?run=bad")
    assert (damaged.status_code, "cannot be read" in damaged.text) == (422, True)
    assert get(apps["/runs"], "/runs").json["runs"][0]["state"] == "ERROR"
    assert get(plugin(None).get_plugin_apps()["/runs"], "/runs").json["runs"] == []


@pytest.mark.parametrize("path", ["/runs", "/page?run=a", "/document?run=a", "/static/index.js"])
def test_every_answer_forbids_sniffing_and_caching(path):
    apps = plugin({"a": documents()}).get_plugin_apps()
    route = "/static/*" if path.startswith("/static") else path.partition("?")[0]
    headers = get(apps[route], path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-cache" in headers["Cache-Control"]


@pytest.mark.parametrize("name", ["../plugin.py", "..%2Fplugin.py", "plugin.py", "", "index.js/.."])
def test_static_serves_two_files_and_no_other(name):
    apps = plugin({}).get_plugin_apps()
    assert get(apps["/static/*"], f"/static/{name}").status_code == 404
    assert get(apps["/static/*"], "/static/tab.css").status_code == 200


def test_the_tab_asks_only_its_own_server():
    source = get(plugin({}).get_plugin_apps()["/static/*"], "/static/index.js").text
    assert "http:" not in source
    assert "https:" not in source


def test_a_broken_plugin_costs_the_tab_and_not_tensorboard(monkeypatch, caplog):
    def broken(context):
        raise RuntimeError("boom")

    monkeypatch.setattr(module, "KregPlugin", broken)
    with caplog.at_level(logging.WARNING):
        assert KregLoader().load(None) is None
    assert "boom" in caplog.text


def test_frontend():
    frontend = plugin({}).frontend_metadata()
    assert (frontend.tab_name, frontend.es_module_path) == ("Overfitting", "/static/index.js")
    assert not plugin({}).is_active()


def test_a_damaged_run_costs_itself_and_no_other():
    good = json.loads(documents()[1][1])
    bad = {
        "version": {**good, "version": "x"},
        "verdict": {**good, "verdict": [1]},
        "curves": {**good, "curves": {"epochs": "abc"}},
        "numbers": {**good, "curves": {**good["curves"], "loss": [1e308, -1e308]}},
        "uneven": {**good, "curves": {**good["curves"], "epochs": []}},
        "list": [good],
    }
    runs = {name: [(1, json.dumps(document).encode())] for name, document in bad.items()}
    runs |= {"deep": [(1, b"[" * 100_000)], "text": [(1, "text")], "nothing": [(1, None)]}
    apps = plugin({**runs, "good": documents()}).get_plugin_apps()
    listed = {run["run"]: run["state"] for run in get(apps["/runs"], "/runs").json["runs"]}
    assert listed.keys() == {*runs, "good"} and listed["good"] == "TOO EARLY"
    assert {listed[name] for name in runs} <= {"ERROR", "TOO EARLY"}
    for name in runs:
        assert get(apps["/page"], f"/page?run={name}").status_code in (200, 422), name
    assert get(apps["/page"], "/page?run=good").status_code == 200

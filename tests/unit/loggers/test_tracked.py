"""What trackers have in common: one tracked run through all resumes, and no epoch twice."""

import json

import pytest

from kreg.loggers.protocol import EpochRecord, Logger, Run
from kreg.loggers.tracked import Tracked

CONFIG = {"seed": 0, "reg": {"kind": "l1"}, "trainer": {"epochs": 5, "verbose": "info"}}


class Store(Tracked):
    """A tracker whose store is a list."""

    name = "store"
    calls: list

    def open(self, config, known):
        self.calls = [("open", config["reg.kind"], known)]
        return known or "first"

    def numbers(self, epoch, values):
        self.calls.append((epoch, values))

    def verdict(self, document, tags, note):
        self.calls.append(("verdict", tags["verdict"]))

    def close(self, status, numbers, kept):
        self.calls.append((status, numbers))
        self.kept = {path.name: path.read_text() for path in kept}


def tracked(folder, epochs, first=0, config=CONFIG):
    """What the store was told by one process that trained `epochs` epochs from `first` on."""
    store = Store()
    store.begin(config, Run(folder, epoch=first))
    for epoch in range(first + 1, first + epochs + 1):
        store.epoch(EpochRecord(epoch, {"loss": 1 / epoch}, {"penalty/total": 2.0}))
    return store


def test_it_is_a_logger(tmp_path, document):
    store = tracked(tmp_path, 1)
    assert isinstance(store, Logger)
    store.report(document)
    store.end({"status": "done", "metrics": {"gap": 0.5}})
    assert store.calls == [
        ("open", "l1", None),
        (1, {"loss": 1.0, "penalty/total": 2.0}),
        ("verdict", document["verdict"]["state"]),
        ("done", {"result/gap": 0.5}),
    ]


def test_a_resumed_run_is_the_same_one_and_no_epoch_comes_twice(tmp_path):
    tracked(tmp_path, 3)  # killed after epoch 3; its state is of epoch 2
    again = tracked(tmp_path, 3, first=2)
    assert again.id == "first"
    assert again.calls[0] == ("open", "l1", "first")
    assert [call[0] for call in again.calls[1:]] == [4, 5]


def test_another_way_of_talking_is_the_same_run(tmp_path):
    tracked(tmp_path, 3)
    quiet = {**CONFIG, "trainer": {"epochs": 9, "verbose": "quiet"}}
    assert tracked(tmp_path, 1, first=2, config=quiet).calls == [("open", "l1", "first")]


def test_epochs_of_another_configuration_are_a_new_run(tmp_path):
    tracked(tmp_path, 3)
    forced = tracked(tmp_path, 3, config={**CONFIG, "reg": {"kind": "l2"}})
    assert forced.calls[0] == ("open", "l2", None)
    assert [call[0] for call in forced.calls[1:]] == [1, 2, 3]


def test_what_is_kept_is_the_runs_files_and_its_result(tmp_path):
    for name in ("report.html", "best.keras", "result.json", "other.txt"):
        (tmp_path / name).write_text("old")
    store, result = tracked(tmp_path, 1), {"status": "done", "metrics": {"gap": 0.5}, "seconds": 3}
    store.end(result)
    assert json.loads(store.kept.pop("result.json")) == result
    assert store.kept == {"report.html": "old", "best.keras": "old"}
    store.end({"status": "done"})  # of a training in a script: there is no result
    assert set(store.kept) == {"report.html", "best.keras"}


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_of_a_run_that_did_not_end_well_nothing_is_kept(tmp_path, status):
    (tmp_path / "report.html").write_text("x")
    store = tracked(tmp_path, 1)
    store.end({"status": status, "metrics": {}})
    assert store.calls[-1] == (status, {}) and not store.kept


def test_nothing_is_kept_where_no_artifacts_are_wanted(tmp_path):
    (tmp_path / "report.html").write_text("x")
    store = tracked(tmp_path, 1)
    store.artifacts = False
    store.end({"status": "done", "metrics": {}})
    assert not store.kept


@pytest.mark.parametrize("text", ["", "{", "[]", '{"store": 3}'])
def test_a_damaged_memory_is_none(tmp_path, text):
    (tmp_path / "loggers.json").write_text(text)
    assert tracked(tmp_path, 1).calls[0] == ("open", "l1", None)

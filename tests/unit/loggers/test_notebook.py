"""What a notebook shows: one output that is replaced, and objects that show themselves."""

import sys
import types

import numpy as np
import pytest

import kreg
from kreg.diagnostics import Record, diagnose
from kreg.loggers import EpochRecord, Logger, Notebook, Run
from kreg.loggers.notebook import is_shown


class Handle:
    """What IPython's `display(..., display_id=True)` returns."""

    def __init__(self, first):
        self.shown = [first]

    def update(self, value):
        self.shown.append(value)


@pytest.fixture
def handles(monkeypatch):
    """Every output that is begun; IPython itself needs a notebook around it."""
    begun = []

    def display(value, display_id):
        assert display_id is True
        begun.append(Handle(value))
        return begun[-1]

    module = types.ModuleType("IPython.display")
    module.HTML, module.display = str, display
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return begun


def test_one_output_is_replaced_after_every_epoch(handles, tmp_path, document):
    logger, record = Notebook(), Record(name="live")
    assert isinstance(logger, Logger)
    logger.begin({}, Run(tmp_path))
    for epoch in range(1, 31):
        values = {"clean_loss": 1 / epoch, "val_clean_loss": 1 / epoch + 0.1 * max(0, epoch - 10)}
        record.append(epoch, values)
        logger.epoch(EpochRecord(epoch, {}, record=record))
    (handle,) = handles
    assert len(handle.shown) == 1 + 30
    assert all("<svg" in text for text in handle.shown[3:])
    assert diagnose(record).onset == 8 and "since epoch 8" in handle.shown[-1]
    logger.report(document)
    logger.end({"status": "done"})
    assert len(handle.shown) == 32 and handle.shown[-1] != handle.shown[-2]


def test_a_long_training_is_drawn_a_bounded_number_of_times():
    assert all(is_shown(epoch) for epoch in range(1, 40))
    assert sum(is_shown(epoch) for epoch in range(1, 10_001)) < 250


def test_without_diagnostics_there_is_nothing_to_show(handles, tmp_path):
    logger = Notebook()
    logger.begin({}, Run(tmp_path))
    logger.epoch(EpochRecord(1, {"loss": 1.0}))
    assert len(handles[0].shown) == 1


def test_a_verdict_shows_itself_and_nobodys_markup():
    record = Record(name="x")
    for epoch in range(1, 20):
        record.append(epoch, {"clean_loss": 1 / epoch, "val_clean_loss": 1 / epoch})
    found = diagnose(record)
    found.caveats.append("<script>")
    shown = found._repr_html_()
    assert found.headline in shown and "&lt;script&gt;" in shown and "<script>" not in shown


def test_sparsity_and_a_compression_show_the_table_that_they_print():
    import keras

    layers = [keras.Input((3,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(1, name="b")]
    model = keras.Sequential(layers)
    kernel = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    kernel[:, 1] = 0
    model.get_layer("a").set_weights([kernel, np.zeros(4)])
    zeros = kreg.sparsity(model)
    _, report = kreg.compress(model)
    for found in (zeros, report):
        text, shown = str(found), found._repr_html_()
        assert shown.startswith("<table><tr><th>") and text.splitlines()[-1] in shown
    assert "3 of 16 weights are exactly zero (18.8%)" in zeros._repr_html_()
    assert "<td>(3, 3)</td>" in report._repr_html_()

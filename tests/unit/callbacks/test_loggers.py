"""The callback that tells loggers: what they hear, and that none of them can end a training."""

import json

import keras
import numpy as np
import pytest

import kreg
from kreg.callbacks import Loggers
from kreg.loggers import Logger, Run
from tests.unit.measuring.conftest import classifier


class Heard:
    """A logger that remembers; it raises in the method `fails`."""

    def __init__(self, fails=""):
        self.fails, self.calls = fails, []

    def begin(self, config, run):
        self._note("begin", config, run)

    def epoch(self, record):
        self._note("epoch", record)

    def report(self, document):
        self._note("report", document)

    def end(self, result):
        self._note("end", result)

    def _note(self, *call):
        self.calls.append(call)
        if call[0] == self.fails:
            raise RuntimeError("the server\nis on fire")

    @property
    def names(self):
        return [call[0] for call in self.calls]


def fit(data, callback, *others, epochs=2, first=0, **told):
    train, validation = data
    watch = kreg.Diagnostics(train, validation, settings={"reg": {"l2": 0.1}}, verbose=0)
    callbacks = [watch, callback, *others]
    model = classifier()
    model.fit(*train, callbacks=callbacks, verbose=0, epochs=epochs, initial_epoch=first, **told)
    return watch


def test_what_a_logger_hears(data, tmp_path):
    logger = Heard()
    assert isinstance(logger, Logger)
    watch = fit(data, Loggers([logger], tmp_path / "mine"))
    assert logger.names == ["begin", "epoch", "epoch", "report", "end"]
    (_, config, run), (_, first), (_, second), (_, document), (_, result) = logger.calls
    assert config == {"reg": {"l2": 0.1}}
    assert (run.name, run.epoch, run.kind) == ("mine", 0, "classification")
    assert (first.epoch, second.epoch) == (1, 2) and second.record is watch.record
    assert second.numbers["clean_loss"] == watch.record.curves["clean_loss"][-1]
    families = {name.split("/")[0] for name in second.layers}
    assert families == {"penalty", "sparsity"}
    assert {values.ndim for values in second.weights().values()} == {2}
    assert document["verdict"]["state"] and json.dumps(document)
    assert result == {"status": "done"}


@pytest.mark.parametrize("method", ["begin", "epoch", "report", "end"])
def test_a_logger_that_fails_costs_a_sentence_and_nothing_else(data, tmp_path, capsys, method):
    broken, well = Heard(method), Heard()
    callback = Loggers([broken, well], tmp_path)
    watch = fit(data, callback)
    assert well.names == ["begin", "epoch", "epoch", "report", "end"]
    assert broken.names == well.names[: well.names.index(method) + 1]
    (told,) = callback.problems
    assert "RuntimeError: the server is on fire" in told and "goes on without Heard" in told
    assert capsys.readouterr().out.count(told) == 1
    assert watch.record.epochs == [1, 2]


def test_a_training_that_goes_on_says_so(data, tmp_path):
    logger = Heard()
    fit(data, Loggers([logger], Run(tmp_path, name="x"), config={"a": 1}), epochs=4, first=2)
    assert logger.calls[0][1] == {"a": 1} and logger.calls[0][2].epoch == 2
    assert [call[1].epoch for call in logger.calls if call[0] == "epoch"] == [3, 4]


def test_without_diagnostics_there_are_still_numbers(data, tmp_path):
    logger = Heard()
    (x, y), _ = data
    classifier().fit(x, y, callbacks=[Loggers([logger], tmp_path)], verbose=0)
    assert logger.names == ["begin", "epoch", "end"]
    record = logger.calls[1][1]
    assert record.record is None and np.isfinite(record.numbers["loss"])


def test_the_end_may_come_later(data, tmp_path):
    logger = Heard()
    callback = Loggers([logger], tmp_path, ends=False)
    fit(data, callback)
    assert logger.names[-1] == "report"
    callback.end({"status": "interrupted"})
    callback.end({"status": "done"})  # told once
    assert logger.names.count("end") == 1 and logger.calls[-1][1] == {"status": "interrupted"}


def test_a_layer_with_two_kernels_keeps_both(tmp_path):
    model = keras.Sequential([keras.Input((3, 2)), keras.layers.LSTM(2), keras.layers.Dense(1)])
    callback = Loggers([], tmp_path)
    callback.set_model(model)
    assert len(callback._weights()) == 3

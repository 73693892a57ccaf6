"""The events that TensorBoard reads back: tags, steps after a resume, one directory."""

import numpy as np
import pytest

import kreg
from kreg.callbacks import Saver, TensorBoard
from tests.unit.callbacks.test_state import Memory
from tests.unit.measuring.conftest import classifier

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def events(folder):
    found = accumulator.EventAccumulator(str(folder), {"tensors": 0})
    found.Reload()
    return found


def run(data, folder, epochs, store=None, first=0):
    train, validation = data
    model = classifier()
    board = TensorBoard(folder, histograms=2, samples=lambda e: np.zeros((20, 4, 5, 3), np.uint8))
    watch = kreg.Diagnostics(train, validation, settings={"reg": {"l2": 0.01}}, verbose=0)
    stop = kreg.EarlyStopping(patience=9, verbose=0)
    callbacks = [watch, stop, board]
    if store is not None:
        callbacks.append(Saver(store, callbacks))
    model.fit(
        *train,
        validation_data=validation,
        initial_epoch=first,
        epochs=epochs,
        verbose=0,
        callbacks=callbacks,
    )
    return board


def test_tags(data, tmp_path):
    run(data, tmp_path, 3)
    tags = set(events(tmp_path).Tags()["tensors"])
    expected = {
        "overfit/clean_loss",
        "overfit/val_clean_loss",
        "overfit/gap",
        "overfit/verdict",
        "penalty/total",
        "sparsity/total",
        "augment/samples",
        "report",
        "kreg/report",
    }
    assert expected <= tags, expected - tags
    for family in ("penalty/", "sparsity/", "weights/"):
        assert any(tag.startswith(family) and tag != f"{family}total" for tag in tags)


def test_steps_after_a_resume(data, tmp_path):
    store = Memory()
    run(data, tmp_path, 2, store)
    again = Memory(store.states[-1])
    run(data, tmp_path, 5, again, first=2)
    steps = [event.step for event in events(tmp_path).Tensors("overfit/val_clean_loss")]
    assert steps == [1, 2, 3, 4, 5]
    assert [event.step for event in events(tmp_path).Tensors("penalty/total")] == steps


def test_the_report_of_a_run_that_was_killed_after_its_last_epoch(data, tmp_path):
    store = Memory()
    run(data, tmp_path / "whole", 2, store)
    run(data, tmp_path / "rest", 2, Memory(store.states[-1]), first=2)
    whole, rest = (events(tmp_path / name) for name in ("whole", "rest"))
    for tag in ("report", "overfit/verdict", "kreg/report"):
        steps = [[event.step for event in found.Tensors(tag)] for found in (whole, rest)]
        assert steps[0] == steps[1] and len(steps[0]) == 1
    assert "overfit/clean_loss" not in rest.Tags()["tensors"]


def test_a_directory_that_cannot_be_written_is_said_once(data, tmp_path, capsys):
    blocked = tmp_path / "events"
    blocked.write_text("a file")
    board = run(data, blocked, 2)
    assert "cannot be written" in board.problem
    assert capsys.readouterr().out.count("cannot be written") == 1

"""Signals, broken numbers and history files."""

import os
import signal
import subprocess
import sys
import textwrap
import weakref

import keras
import numpy as np
import pytest

import kreg
from kreg.callbacks import HistoryFile, Interrupt, NonFinite
from kreg.callbacks.shared_values import shared
from kreg.pages import Report
from tests.unit.callbacks.early_stopping.test_early_stopping import Scripted
from tests.unit.measuring.conftest import classifier


class Kick(keras.callbacks.Callback):
    """Sends a signal to this process at one batch of one epoch."""

    def __init__(self, epoch, batch, number=signal.SIGTERM):
        super().__init__()
        self.at, self.number = (epoch, batch), number

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            os.kill(os.getpid(), self.number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_at_the_batch_end(number, code, data, capsys):
    (x, y), _ = data
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    batches = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: batches.append(b))
    model = classifier()
    with Interrupt() as interrupt:
        model.fit(x, y, epochs=5, verbose=0, callbacks=[Kick(1, 1, number), interrupt, count])
    assert interrupt.exit_code == code
    assert batches == [0, 1, 2, 0, 1]
    assert shared(model).partial
    assert "Once more to exit at once" in capsys.readouterr().out
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == before


class WarnedError(Exception):
    """What the handler of a queue's warning raises, as submitit's does."""


class KickInDel(Kick):
    """Sends the signal while an object is deleted, where Python drops what a handler raises."""

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            weakref.finalize(type("Deleted", (), {})(), os.kill, os.getpid(), self.number)


@pytest.fixture
def warned():
    """A handler of SIGUSR2 that keeps what it is called with, and raises."""
    calls = []

    def handler(number, frame):
        calls.append((number, frame))
        raise WarnedError

    before = signal.signal(signal.SIGUSR2, handler)
    yield calls
    assert signal.getsignal(signal.SIGUSR2) is handler
    signal.signal(signal.SIGUSR2, before)


def test_what_a_queue_says_within_a_batch_is_heard_at_its_end(data, warned):
    (x, y), _ = data
    batches = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: batches.append(b))
    model, kick = classifier(), KickInDel(1, 1, signal.SIGUSR2)
    with pytest.raises(WarnedError), Interrupt() as interrupt:
        model.fit(x, y, epochs=5, verbose=0, callbacks=[kick, count, interrupt])
    assert batches == [0, 1, 2, 0, 1] and interrupt.exit_code == 0
    ((number, frame),) = warned
    assert number == signal.SIGUSR2 and frame is not None
    with pytest.raises(WarnedError):  # alone, without a `with`; the fixture asks for the handler
        model.fit(
            x, y, epochs=5, verbose=0, callbacks=[KickInDel(0, 1, signal.SIGUSR2), Interrupt()]
        )


def test_what_a_queue_says_after_the_last_batch_is_heard_behind_the_training(data, warned):
    (x, y), _ = data
    last = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: os.kill(os.getpid(), signal.SIGUSR2)
    )
    model = classifier()
    with pytest.raises(WarnedError), Interrupt():
        model.fit(x, y, epochs=1, verbose=0, callbacks=[last])
        assert not warned
    assert len(warned) == 1
    with pytest.raises(WarnedError):  # alone, without a `with`
        model.fit(x, y, epochs=1, verbose=0, callbacks=[last, Interrupt()])
    assert len(warned) == 2


def test_an_error_of_the_training_is_not_replaced_by_a_warning(warned):
    with pytest.raises(ZeroDivisionError), Interrupt():
        os.kill(os.getpid(), signal.SIGUSR2)
        raise ZeroDivisionError
    assert warned == []


def test_the_last_batch_completes_its_epoch(data):
    (x, y), _ = data
    model = classifier()
    interrupt = Interrupt(verbose=0)
    stop = kreg.EarlyStopping(patience=3, verbose=0)
    script = Scripted(val_clean_loss=[3.0, 2.0])
    callbacks = [interrupt, Kick(1, 2), script, stop]
    model.fit(x, y, epochs=2, verbose=0, callbacks=callbacks)
    assert not shared(model).partial and stop.best_epoch == 1


def test_the_second_signal_exits_at_once():
    code = """
        import os, signal
        from kreg.callbacks import Interrupt
        with Interrupt():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        print("never")
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert ran.returncode == 130 and "never" not in ran.stdout


def test_broken_numbers_are_a_verdict_with_its_advice(data):
    model = classifier()
    watch = kreg.Diagnostics(*data, verbose=0)
    broken = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: poison(model) if epoch == 1 else None
    )
    model.fit(*data[0], epochs=5, verbose=0, callbacks=[broken, NonFinite(), watch])
    assert watch.record.epochs == [1, 2] and watch.verdict.state == "NON-FINITE"
    assert watch.document["advice"][0]["id"] == "calm_down"
    (event,) = watch.document["events"]
    assert event["kind"] == "failure" and "not finite after epoch 2" in event["text"]
    assert "Non-finite" in Report(watch.document).html()


@pytest.mark.parametrize("order, at", [((0, 1, 2), 0), ((1, 2, 0), 9)])
def test_non_finite_is_said_in_a_script_wherever_it_stands_in_the_list(data, capsys, order, at):
    """keras#4848, keras#6747: the loss is NaN, or Dense + ReLU hides it behind a finite one."""
    model = classifier(optimizer=keras.optimizers.SGD(0.0), l2=0.0)
    watch = kreg.Diagnostics(*data)
    callbacks = [NonFinite(), watch, kreg.EarlyStopping()]
    late = keras.callbacks.LambdaCallback()
    late.on_train_batch_end = lambda b, logs=None: poison(model) if late.epoch == at else None
    late.on_epoch_begin = lambda epoch, logs=None: setattr(late, "epoch", epoch)
    chosen = [late, *(callbacks[place] for place in order)]
    model.fit(*data[0], batch_size=1000, epochs=12, verbose=0, callbacks=chosen)
    assert watch.verdict.state == "NON-FINITE" and watch.record.epochs[-1] == at + 1
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "not finite" in line] == [f"NonFinite: {callbacks[0].failure}"]
    assert callbacks[0].failure in watch.verdict.caveats
    assert "Diagnostics: NON-FINITE" in said


def test_a_training_without_diagnostics_says_it_too(data, capsys):
    model = classifier()
    model.fit(*data[0], epochs=2, verbose=0, callbacks=[NonFinite(), Poison(0)])
    assert capsys.readouterr().out.startswith("NonFinite: The loss is nan at epoch 1, batch 1;")


def poison(model):
    kernel = np.array(model.layers[0].kernel)
    kernel[0, 0] = np.nan
    model.layers[0].kernel.assign(kernel)


class Poison(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.at = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.at:
            poison(self.model)


def test_a_broken_loss_stops_at_the_batch(data):
    (x, y), _ = data
    model = classifier()
    guard, batches = NonFinite(), []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: batches.append(b))
    stop = kreg.EarlyStopping(patience=3, verbose=0)
    script = Scripted(val_clean_loss=[1.0, 0.5, 0.4])
    model.fit(x, y, epochs=3, verbose=0, callbacks=[guard, Poison(1), count, script, stop])
    assert "The loss is nan at epoch 2, batch 1" in guard.failure
    assert "dense/kernel`" in guard.failure
    assert batches == [0, 1, 2, 0]
    assert stop.best_epoch == 0  # the broken epoch does not count, and epoch 1 is restored
    assert np.isfinite(model.layers[0].get_weights()[0]).all()


def test_broken_weights_behind_a_finite_loss(data, tmp_path):
    """Fused Dense + ReLU on a CPU turns NaN into 0: the loss alone would say nothing."""
    (x, y), _ = data
    model = classifier(optimizer=keras.optimizers.SGD(0.0), l2=0.0)
    guard = NonFinite()
    stop = kreg.EarlyStopping(patience=3, export=tmp_path / "best.keras", verbose=0)
    script = Scripted(val_clean_loss=[1.0, 0.5])
    late = keras.callbacks.LambdaCallback()
    late.on_train_batch_end = lambda b, logs=None: poison(model) if b == 2 else None
    model.fit(x, y, epochs=2, verbose=0, callbacks=[late, guard, script, stop])
    assert "after epoch 1" in guard.failure and "kernel" in guard.failure
    assert not (tmp_path / "best.keras").exists()


@pytest.mark.parametrize("activation", ["relu", "tanh"])  # a finite loss, and one that is not
def test_a_missing_value_among_the_inputs_is_the_verdict_without_a_guard_too(data, activation):
    (x, y), held_out = data
    x = x.copy()
    x[3, 0] = np.nan
    model = classifier(l2=0.0)
    model.layers[0].activation = keras.activations.get(activation)
    watch = kreg.Diagnostics(train=(x, y), validation=held_out, verbose=0)
    model.fit(x, y, epochs=3, verbose=0, callbacks=[watch])
    assert watch.verdict.headline == "NON-FINITE" and watch.record.epochs == [1, 2, 3]
    (told,) = (event for event in watch.document["events"] if event["kind"] == "failure")
    assert told["epoch"] == 1 and "after epoch 1; the first layer that is not" in told["text"]
    sound = kreg.Diagnostics(train=held_out, validation=held_out, verbose=0)
    classifier(l2=0.0).fit(*held_out, epochs=1, verbose=0, callbacks=[sound])
    assert sound.verdict.headline != "NON-FINITE"


def test_history_file_gets_names_that_come_later(tmp_path, data):
    (x, y), (xv, yv) = data
    path = tmp_path / "history.csv"
    classifier().fit(
        x,
        y,
        validation_data=(xv, yv),
        validation_freq=2,
        epochs=3,
        verbose=0,
        callbacks=[HistoryFile(path)],
    )
    header, *rows = [line.split(",") for line in path.read_text().splitlines()]
    assert header[0] == "epoch" and "val_loss" in header
    assert [row[0] for row in rows] == ["1", "2", "3"]
    column = header.index("val_loss")
    assert rows[0][column] == rows[2][column] == "" and float(rows[1][column]) > 0
    loss = header.index("loss")
    assert repr(float(rows[0][loss])) == rows[0][loss]


def test_history_file_starts_afresh(tmp_path, data):
    (x, y), _ = data
    log = HistoryFile(tmp_path / "history.csv")
    for _ in range(2):
        classifier().fit(x, y, epochs=2, verbose=0, callbacks=[log])
    assert len(log.path.read_text().splitlines()) == 3

"""`callbacks=custom`: the user's callback is called, its state kept, its error named."""

import sys
import types

import keras
import pytest

from kreg.launch.compose import compose_job
from kreg.runs import RunDirectory
from kreg.training import app
from kreg.training.own_callbacks import CallbackError

WORDS = ["data=wine", "model=linear", "trainer.epochs=3", "stop=none", "trainer.save_every=0",
         "trainer.verbose=quiet", "logger=none", "diagnostics=off", "callbacks=custom",
         "allow=[mine]"]  # fmt: skip


class Counts(keras.callbacks.Callback):
    """Counts epochs, and raises in one if it is told to."""

    seen: list = []

    def __init__(self, raises: int = -1):
        super().__init__()
        self.raises = raises

    def on_epoch_end(self, epoch, logs=None):
        Counts.seen.append(epoch)
        if epoch == self.raises:
            raise RuntimeError("no more\npaper")


class Keeps(Counts):
    """The same with a state."""

    def get_state(self):
        return {"raises": self.raises}

    def set_state(self, state):
        self.raises = state["raises"]


@pytest.fixture(autouse=True)
def mine(monkeypatch):
    module = types.ModuleType("mine")
    module.Counts, module.Keeps = Counts, Keeps
    module.several = lambda data: [Counts(), keras.callbacks.TerminateOnNaN()]
    module.wrong = lambda: "a word"
    monkeypatch.setitem(sys.modules, "mine", module)
    Counts.seen = []


def trained(folder, kind, *words):
    app.run(compose_job([*WORDS, f"callbacks.kind=mine:{kind}", *words]), folder)
    return RunDirectory(folder).result


def test_a_callback_without_a_state_is_called_and_its_limit_is_said(tmp_path):
    result = trained(tmp_path / "a", "Counts")
    assert Counts.seen == [0, 1, 2]
    (told,) = [text for text in result["warnings"] if "get_state" in text]
    assert told.startswith("The callback Counts has no get_state and set_state: a resumed run")


@pytest.mark.slow
def test_one_with_a_state_needs_no_warning_and_a_function_may_give_several(tmp_path):
    assert not any("get_state" in text for text in trained(tmp_path / "a", "Keeps")["warnings"])
    assert trained(tmp_path / "b", "several")["status"] == "done"
    with pytest.raises(ValueError, match=r"callbacks.kind=mine:wrong gives str. Expected a keras"):
        trained(tmp_path / "c", "wrong")


@pytest.mark.slow
def test_a_callback_that_raises_is_named_and_the_run_goes_on_once_it_is_mended(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(CallbackError) as caught:
        trained(folder, "Counts", "callbacks.params.raises=1")
    told = str(caught.value)
    assert told.startswith("The callback Counts raised RuntimeError: no more paper (test_own_callb")
    assert told.endswith(
        f"The last good state is kept: mend the callback, then go on with resume={folder}."
    )
    assert isinstance(caught.value.__cause__, RuntimeError)
    Counts.on_epoch_end, before = (
        lambda self, epoch, logs=None: Counts.seen.append(epoch),
        Counts.on_epoch_end,
    )
    try:
        result = trained(folder, "Counts", "callbacks.params.raises=1")
    finally:
        Counts.on_epoch_end = before
    assert result["status"] == "done" and Counts.seen == [0, 1, 1, 2]

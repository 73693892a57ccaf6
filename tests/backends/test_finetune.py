"""`finetune=` and `kreg.finetune` under JAX and PyTorch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import kreg
from kreg.callbacks import NonFinite, Saver
from tests.app import here
from tests.backends import finetuning
from tests.faults.outcome import outcome

BACKEND = keras.config.backend()
ROOT = Path(__file__).parents[2]
SMALL = [
    "data.train_size=64", "trainer.batch_size=16", "trainer.verbose=quiet", "logger=none",
    "diagnostics.probe_training=false", "diagnostics.adapt=false", "trainer.save_every=0",
]  # fmt: skip


# in a script


@pytest.fixture(scope="module")
def on_tensorflow(tmp_path_factory):
    """The numbers of `finetuning.CASES` there: name of case and number -> array."""
    out = tmp_path_factory.mktemp("reference") / "numbers.npz"
    env = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.backends.finetuning", str(out)]
    ended = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return dict(np.load(out))


@pytest.mark.parametrize("case", finetuning.CASES)
def test_each_way_has_the_numbers_of_tensorflow(case, on_tensorflow):
    for name, value in finetuning.in_numbers(case).items():
        np.testing.assert_allclose(value, on_tensorflow[f"{case} {name}"], atol=1e-4, err_msg=name)


def moved(seen, epoch):
    """Which variables an epoch has changed."""
    return {k for k, value in seen[epoch].items() if not np.array_equal(value, seen[epoch + 1][k])}


@pytest.mark.parametrize("case", ["gradual", "keras"])
def test_what_is_frozen_and_its_state_do_not_move_before_the_thaw(case):
    """The averages of the weights follow the weights, so they stand still as well."""
    _, _, seen = finetuning.fitted(case)
    below = {name for name in seen[0] if "conv" in name or "norm" in name or "hidden" in name}
    once = ("_start", "_started", "_average")  # written by the first step, with the weight as it is
    state = {name for name in below if name.startswith("of ")}
    settled = {name for name in state if name.endswith(once)}
    assert state - settled and moved(seen, 1) & below == set()
    assert moved(seen, 0) & below <= settled
    thawed = moved(seen, 2)
    assert any("conv" in name for name in thawed) and any("hidden" in name for name in thawed)
    trains_norms = finetuning.CASES[case][2].get("norms", False)
    assert any("norm" in name for name in thawed - state) is trains_norms
    assert any(name.endswith("moving_mean") for name in thawed) is trains_norms


class Memory:
    """A store of states."""

    def __init__(self):
        self.kept = []

    def write(self, state):
        self.kept.append(state)

    def read(self):
        return self.kept[-1] if self.kept else None


@pytest.mark.filterwarnings("ignore:The head alone is trained for")
@pytest.mark.parametrize("epochs", [1, 2, 3])
@pytest.mark.parametrize("case", ["gradual", "scaled"])
def test_a_fit_goes_on_bit_for_bit_on_either_side_of_the_thaw(case, epochs):
    whole, _, _ = finetuning.fitted(case)
    store = Memory()
    saving(case, store, epochs)
    again, _ = saving(case, store, 4, first=epochs)
    assert np.array_equal(finetuning.flat(again), finetuning.flat(whole))


def saving(case, store, epochs, first=0):
    """Fitted up to an epoch, from the state in a store on."""
    optimizer, rules, how = finetuning.CASES[case]
    model = finetuning.pretrained()
    model.compile(optimizer(), "mse")
    callbacks = [kreg.finetune(model, rules, **how), keras.callbacks.History()]
    callbacks.append(Saver(store, callbacks))
    model.fit(
        finetuning.X, finetuning.Y, batch_size=16, shuffle=False, epochs=epochs,
        initial_epoch=first, verbose=0, callbacks=callbacks,
    )  # fmt: skip
    return model, callbacks


@pytest.mark.filterwarnings("ignore:The low-rank changes")
def test_a_low_rank_change_that_is_merged_or_stripped_answers_as_it_did(tmp_path):
    model, _, seen = finetuning.fitted("lora")
    kernels = {name for name in seen[0] if name.endswith(("conv/kernel", "hidden/kernel"))}
    assert kernels and not kernels & {name for epoch in range(4) for name in moved(seen, epoch)}
    answers = model.predict(finetuning.X, verbose=0)
    model.save(tmp_path / "merged.keras")
    merged = kreg.load_model(tmp_path / "merged.keras", compile=False)
    for other in (kreg.strip(model), merged):
        np.testing.assert_allclose(other.predict(finetuning.X, verbose=0), answers, atol=1e-5)
    np.testing.assert_array_equal(model.predict(finetuning.X, verbose=0), answers)


def test_rates_that_come_too_late_are_refused_in_a_sentence():
    model = finetuning.pretrained()
    callback = kreg.finetune(model, epochs=1)  # not compiled: `fit` builds the optimizer first
    model.compile(kreg.optimizers.Adam(), "mse")
    with pytest.raises(ValueError, match="`model.compile` .* and `kreg.finetune` after it"):
        model.fit(finetuning.X, finetuning.Y, epochs=2, callbacks=[callback], verbose=0)


# by a command


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    path = tmp_path_factory.mktemp("earlier") / "earlier.keras"
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
        keras.layers.BatchNormalization(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10, name="head"),
    ]
    keras.Sequential(layers).save(path)
    return path


def run_in(folder):
    (run,) = (folder / "logs" / "digits" / "runs").iterdir()
    return run


def finetuned(folder, earlier, *words):
    """The end of a command, and its run."""
    pretrained = ["model=backbone", f"model.weights={earlier}", "trainer.epochs=4", "stop=none"]
    return here.train(folder, *pretrained, *SMALL, *words)


def others(run, earlier):
    """Which weights of the convolution are others than before."""
    then = keras.models.load_model(earlier, compile=False).get_layer("conv").get_weights()
    now = kreg.load_model(run / "model.keras").get_layer("backbone").get_layer("conv").get_weights()
    return [not np.array_equal(a, b) for a, b in zip(now, then, strict=True)]


WAYS = ["finetune=head", "finetune=head augment=light", "finetune=lora", "finetune=gradual"]


@pytest.mark.parametrize("words", WAYS)
def test_each_way_trains_what_it_says(words, earlier, tmp_path):
    assert finetuned(tmp_path, earlier, "reg=l2", *words.split()) == 0
    run = run_in(tmp_path)
    result = json.loads((run / "result.json").read_text())
    assert result["status"] == "done" and result["backend"] == BACKEND
    assert np.isfinite(result["metrics"]["val_clean_loss"])
    assert any(others(run, earlier)) is ("head" not in words)
    events = json.loads((run / "report.json").read_text())["events"]
    assert any(event["kind"] == "thaw" for event in events) is ("gradual" in words)


@pytest.mark.parametrize("words", ["finetune=head", "finetune=gradual optimizer.ema=0.9"])
def test_an_interrupted_one_goes_on_bit_for_bit(words, earlier, tmp_path, monkeypatch):
    whole, disturbed = tmp_path / "whole", tmp_path / "disturbed"
    whole.mkdir(), disturbed.mkdir()
    words = [*words.split(), "reg=l2sp"]
    assert finetuned(whole, earlier, *words) == 0

    def off(self, batch, logs=None):
        if self._epoch == 3 and batch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(NonFinite, "on_train_batch_end", off)
        assert finetuned(disturbed, earlier, *words) == 130
    keras.utils.set_random_seed(99)
    assert finetuned(disturbed, earlier, *words) == 0
    expected, found = outcome(run_in(whole)), outcome(run_in(disturbed))
    for part, value in expected.items():
        assert found[part] == value, part


def test_a_head_that_breaks_is_named(earlier, tmp_path, capfd):
    rate = ["optimizer=sgd", "optimizer.learning_rate=1e38", "reg=none"]
    assert finetuned(tmp_path, earlier, "finetune=head", *rate) == 1
    assert "the first layer that is not finite is `head/" in capfd.readouterr().err

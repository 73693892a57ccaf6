"""One contract for the programs of others: kreg is right in everyone's script.

A program is one file in `programs/`, written as its author would write it. It has

- `train(callbacks) -> model`: data, model, compile, fit;
- `callbacks()`: the callbacks of kreg that its author adds;
- `by_hand(model) -> {name: value}`: the numbers that kreg must log for these weights, in NumPy or
  plain Keras. A clean loss that is not in it must not be in the logs;
- `sample()`: a few inputs, or `saved(model)`, pairs of a model that is saved and its inputs;
- `NOTES`, where kreg has something to say: patterns, one for each sentence;
- `LIMIT_MB`, where its data are heavy, and `also(model, diagnostics)` for what is its own.

A new program is covered by being there.
"""

import importlib
import re
from pathlib import Path

import keras
import numpy as np
import pytest

import kreg
from tests.clients import witness

PROGRAMS = Path(__file__).parent / "programs"
NAMES = sorted(path.stem for path in PROGRAMS.glob("*.py"))
HEAVY = {  # more than a few seconds, or like another one: the long matrix
    "autoencoder", "generators", "image_folder", "inputs_and_outputs", "keypoints", "lstm_masking",
    "mirrored", "mixed_precision", "mixer",
    "mixup", "multi_label", "py_dataset", "sequence_labels", "transfer_learning", "transformer",
    "tuner", "unet_masks",
    "distillation", "feature_space", "gan", "imbalanced", "siamese",
}  # fmt: skip
# TensorFlow counts the tracings of Keras's own steps over all models of a process
KERAS_S_OWN = re.compile("WARNING:tensorflow:.*<function TensorFlowTrainer.* retracing.*\n")
CLEAN = ("clean_loss", "val_clean_loss", "gap")
LIMIT_MB = 300


class Trained:
    """Both trainings of a program: as it is, and with kreg's callbacks."""

    def __init__(self, name):
        self.program = importlib.import_module(f"tests.clients.programs.{name}")
        self.plain, self.watched = (witness.run(self.program, watched) for watched in (False, True))


@pytest.fixture(scope="module")
def trained(request):
    return Trained(request.param)


def each(names=NAMES):
    """The programs, the heavy ones marked."""
    params = [
        pytest.param(name, marks=[pytest.mark.slow] if name in HEAVY else []) for name in names
    ]
    return pytest.mark.parametrize("trained", params, indirect=True, scope="module")


def words(outcome):
    """The sentences that kreg's callbacks have said before the verdict."""
    return [note for callback in outcome.callbacks for note in getattr(callback, "notes", [])]


@each()
def test_training_is_the_same_bit_for_bit(trained):
    plain, watched = trained.plain, trained.watched
    assert watched.witness.digests
    assert plain.witness.digests[: len(watched.witness.digests)] == watched.witness.digests
    for before, after in zip(plain.witness.logs, watched.witness.logs):
        assert {key: after[key] for key in before} == before


@each()
def test_the_numbers_are_those_by_hand(trained):
    watched = trained.watched
    assert watched.witness.logs
    for logs, expected in zip(watched.witness.logs, watched.witness.expected, strict=True):
        if {"clean_loss", "val_clean_loss"} <= expected.keys():
            expected = {**expected, "gap": expected["val_clean_loss"] - expected["clean_loss"]}
        assert {key for key in CLEAN if key in logs} == {key for key in CLEAN if key in expected}
        for key, value in expected.items():
            assert logs[key] == pytest.approx(value, rel=2e-5, abs=1e-6), key


@each()
def test_nothing_is_on_standard_error(trained):
    watched = trained.watched
    assert KERAS_S_OWN.sub("", watched.errors) == ""
    assert watched.warnings <= trained.plain.warnings
    assert "Traceback" not in watched.printed and "could not be made" not in watched.printed


@each()
def test_the_notes_are_the_expected_ones(trained):
    watched = trained.watched
    patterns, said = getattr(trained.program, "NOTES", []), words(watched)
    for note in said:
        assert any(re.search(pattern, note) for pattern in patterns), f"not expected: {note}"
    for pattern in patterns:
        assert any(re.search(pattern, note) for note in said), f"not said: {pattern}"


@each()
def test_the_words_do_not_contradict_each_other(trained):
    watched = trained.watched
    logs = set().union(*watched.witness.logs)
    text = watched.printed + " ".join(words(watched))
    validated = any(key.startswith("val_") for key in logs)
    measured = {"clean_loss", "val_clean_loss"} <= logs
    if validated:
        assert "NO VALIDATION" not in text and "ithout validation" not in text
    if not measured:
        assert "LATE GAIN" not in text and "OVERFITTING" not in text
    assert "use kreg.Diagnostics" not in text and "has no weights" not in text
    for diagnostics in watched.callbacks[:1]:
        found = diagnostics.verdict
        if found is not None:
            sentences = " ".join([found.headline, found.meaning, *found.caveats])
            assert "use kreg.Diagnostics" not in sentences
            assert not validated or "NO VALIDATION" not in sentences
            assert measured or found.state not in ("LATE GAIN", "OVERFITTING")


@each()
def test_memory_is_bounded(trained):
    plain, watched = trained.plain, trained.watched
    limit = getattr(trained.program, "LIMIT_MB", LIMIT_MB)
    assert (watched.memory - plain.memory) / 2**20 < limit


@each()
def test_save_and_load_keep_penalties_state_and_outputs(trained, tmp_path):
    program, watched = trained.program, trained.watched
    keras.config.set_dtype_policy(watched.policy)
    plain = [(watched.model, program.sample())] if hasattr(program, "sample") else []
    for i, (model, inputs) in enumerate(plain or program.saved(watched.model)):
        path = tmp_path / f"{i}.keras"
        model.save(path)
        with (
            witness.noticed()
        ):  # Keras's warning of an optimizer that was saved before it was built
            loaded = kreg.load_model(path)
        same(answers(model, inputs), answers(loaded, inputs))
        assert penalties(loaded) == penalties(model)
        if getattr(getattr(model, "optimizer", None), "built", False):
            assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
            for old, new in zip(model.optimizer.variables, loaded.optimizer.variables):
                same(old, new)


def answers(model, inputs):
    """The outputs in inference mode; a warning of Keras's about its inputs is none of kreg's."""
    with witness.noticed():
        return model(inputs, training=False)


def same(old, new):
    for a, b in zip(keras.tree.flatten(old), keras.tree.flatten(new), strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (a, b)))


def penalties(model):
    """The penalty of each weight, in the order of the weights: class and configuration."""
    found = [weight.regularizer for weight in model.trainable_variables]
    return [None if one is None else (type(one).__name__, one.get_config()) for one in found]


OWN = [name for name in NAMES if "def also(" in (PROGRAMS / f"{name}.py").read_text()]


@each(OWN)
def test_what_is_a_program_s_own(trained):
    trained.program.also(trained.watched.model, trained.watched.callbacks[0])

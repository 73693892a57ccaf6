"""Every word and every advice is within a real training's reach; nothing is read that none writes.

The consumers are fed by what real callbacks write, never by a record that was filled by hand.
"""

import dataclasses
import json
import re

import keras
import numpy as np
import pytest

import kreg
from kreg.diagnostics import STATES, Record
from kreg.diagnostics.advice import RULES
from kreg.diagnostics.layer_table import COLUMNS
from kreg.diagnostics.series import CLEAN, ERROR, LOGGED
from kreg.launch.compose import compose_job
from kreg.pages.sections.curves import LOSSES
from kreg.runs import RunDirectory
from kreg.tensorboard.events import TAGS
from kreg.training import app
from tests.contract import reads
from tests.contract.scenes import ADVICE, IDLE, WORDS, played

FOREIGN = {("document", "error")}  # TensorBoard's tab: what stands for a report that is damaged
QUIET = ["trainer.verbose=quiet", "logger=none"]
# command lines whose reports have the fields that only the program writes
COMMANDS = {
    "idle": ["model=linear", "reg=none", "stop=none", "optimizer.learning_rate=1e-7",
             "optimizer.schedule=constant", "trainer.epochs=14"],
    "overfit": ["debug=overfit"],
    "augmented": ["model=shallow", "augment=light", "data.train_size=64", "trainer.epochs=1",
                  "trainer.class_weight=balanced", "calibrate=true"],
    "table": ["data=diabetes", "model=linear", "reg=l2", "trainer.epochs=2", "compress=on",
              "compress.refit_epochs=1"],
    "low_rank": ["model=backbone", "finetune=lora", "data.train_size=64", "trainer.epochs=1"],
}  # fmt: skip
START = {"low_rank": "augmented"}  # the command whose weights another one starts from


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """A function from the name of a command to its stored report; each is run once."""
    known, folders = {}, {}

    def run(name: str) -> dict:
        if name not in known:
            folder = folders[name] = tmp_path_factory.mktemp(name)
            words = list(COMMANDS[name])
            if name in START:
                run(START[name])
                words.append(f"model.weights={folders[START[name]]}")
            app.run(compose_job([*words, *QUIET]), folder)
            assert RunDirectory(folder).result is not None  # what a run writes, kreg reads again
            assert kreg.report(folder).document["verdict"]
            known[name] = json.loads((folder / "report.json").read_text())
        return known[name]

    return run


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory) -> dict:
    """The report of a folder that Keras's own callback has written two trainings into."""
    folder, rows = tmp_path_factory.mktemp("logs"), np.ones((8, 1), "float32")
    for name in ("first", "second"):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        board = keras.callbacks.TensorBoard(folder / name)
        model.fit(rows, rows, validation_data=(rows, rows), callbacks=[board], verbose=0)
    return kreg.report(folder).document


# --- words ----------------------------------------------------------------------------------------


def test_every_word_has_its_scene():
    assert WORDS.keys() == STATES.keys()


@pytest.mark.parametrize("word", WORDS)
def test_a_real_fit_reaches_the_word(word):
    watch = played(WORDS[word])
    assert watch.verdict.state == word
    assert watch.document["verdict"] == json.loads(json.dumps(watch.verdict.as_dict()))


@pytest.mark.parametrize("scene", IDLE, ids=lambda scene: scene.__name__)
def test_a_model_that_only_guesses_is_told_so_whatever_its_task(scene):
    watch = played(scene)
    assert watch.verdict.state in ("GUESSING", "UNDER-TRAINED")
    assert watch.verdict.tone != "good"
    assert {"train", "validation"} == watch.record.baseline.keys()


def test_the_linear_model_that_hardly_moves_is_under_trained(command):
    verdict = command("idle")["verdict"]
    assert verdict["state"] == "UNDER-TRAINED" and verdict["tone"] != "good"


def test_what_must_overfit_does_and_is_told_so(command):
    assert command("overfit")["verdict"]["state"] == "OVERFITTING"


# --- advice ---------------------------------------------------------------------------------------


def test_every_advice_has_its_scene():
    assert ADVICE.keys() | {"augment"} == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize("name", ADVICE)
def test_a_real_fit_gets_the_advice(name):
    assert name in [advice["id"] for advice in played(ADVICE[name]).document["advice"]]


def test_images_without_augmentation_get_the_advice_to_augment(command):
    assert "augment" in [advice["id"] for advice in command("overfit")["advice"]]


# --- keys -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(command, two_runs) -> dict[str, set[str]]:
    """Container to the keys that real trainings have written into it, of all scenes together."""
    watches = [played(scene) for scene in {*WORDS.values(), *ADVICE.values(), *IDLE}]
    documents = [watch.document for watch in watches] + [command(name) for name in COMMANDS]
    documents += [two_runs, kreg.report(watches[0], baseline=watches[1]).document]
    found = {"document": keys(documents)}
    for name in found["document"]:
        found[name] = keys(document[name] for document in documents)
    found["timeline"] = keys(document["verdict"]["timeline"] for document in documents)
    found["best"] = found["last"] = keys(document["ledger"].values() for document in documents)
    found["samples"] = keys(document["inputs"].get("samples") for document in documents)
    found["layers"] = {
        key for document in documents for row in document["layers"]
        for key, value in row.items() if value is not None
    }  # fmt: skip
    sides = [d[part] for d in documents for part in ("ledger", "baseline", "calibration")]
    for side in ("train", "validation"):
        found[side] = keys(item.get(side) for part in sides for item in (part, *inner(part)))
    return found


def inner(part: dict) -> list[dict]:
    return [value for value in part.values() if isinstance(value, dict)]


def keys(values) -> set[str]:
    """The keys of dicts, or of lists of dicts, together."""
    found = set()
    for value in values:
        for item in [value] if isinstance(value, dict) else value if is_list(value) else []:
            found |= item.keys() if isinstance(item, dict) else set()
    return found


def is_list(value) -> bool:
    return isinstance(value, list | type({}.values()))


def unwritten(found, written: dict[str, set[str]]) -> set[tuple[str, str]]:
    """What is read and never written; containers that are no part of a report are left out."""
    lost = {(name, key) for name, key in found if name in written and key not in written[name]}
    return lost - FOREIGN


def test_every_key_that_is_read_is_written_by_a_real_fit(written):
    missing, count = {}, 0
    files = [(path, reads.in_python) for path in reads.sources()]
    files += [(path, reads.in_template) for path in reads.templates()]
    for path, readings in files:
        found = set(readings(path.read_text()))
        count += sum(name in written for name, _ in found)
        if unwritten(found, written):
            missing[path.name] = unwritten(found, written)
    assert missing == {}
    assert count > 80


def test_a_key_without_a_writer_is_found(written):
    text = 'f.record.inputs.get("chance_loss"), record.sizes["rows"], record.curve("noisy_loss")'
    found = unwritten(reads.in_python(text), written)
    assert found == {("inputs", "chance_loss"), ("sizes", "rows"), ("curves", "noisy_loss")}


def test_tables_of_names_hold_what_is_written(written):
    assert {*CLEAN, *LOGGED, ERROR, *LOSSES, *TAGS} <= written["curves"]
    assert {*COLUMNS, "effective"} <= written["layers"]


def test_every_field_of_the_record_is_read():
    text = "".join(p.read_text() for p in reads.sources() if p.name != "record.py")
    fields = {field.name for field in dataclasses.fields(Record)}
    assert {name for name in fields if not re.search(rf"\w\.{name}\b", text)} == set()

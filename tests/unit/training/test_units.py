"""The units of a regression: said in words, kept in a resumed history, moved with a shared step."""

import csv
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from kreg import archive
from kreg.launch.compose import compose_job
from kreg.runs import RunDirectory
from kreg.sweeps.reading import collect
from kreg.training import app, plan, start, tasks, units
from kreg.training.shared_steps import SharedSteps

COMMON = ["data=diabetes", "model=linear", "reg=none", "stop=none", "trainer.epochs=3",
          "optimizer.schedule=constant", "diagnostics.adapt=false",
          "trainer.verbose=quiet"]  # fmt: skip
SCALE = 76.02  # deviation of the training rows' targets at seed 0


def history(folder):
    with open(folder / "history.csv", newline="") as file:
        return [{k: float(v or "nan") for k, v in row.items()} for row in csv.DictReader(file)]


def as_of_old(folder, scale):
    """The run as 0a925ca has left it: no units in state and result, errors of the scaled target."""
    result = json.loads((folder / "result.json").read_text())
    for key in ("units", "task", "objective", "objective_name"):
        del result[key]
    for name in list(result["metrics"]):
        if name.endswith("mae"):
            del result["metrics"][name]
        elif name.endswith("rmse"):
            result["metrics"][name] /= scale
    (folder / "result.json").write_text(json.dumps(result))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    app.run(compose_job(COMMON), folder)
    return folder


@pytest.fixture
def finished(trained, tmp_path):
    """A copy of the run, to be changed."""
    folder = tmp_path / "run"
    shutil.copytree(trained, folder)
    scale = json.loads((folder / "data.json").read_text())["target"]["scale"][0]
    assert scale == pytest.approx(SCALE, abs=0.01)
    return folder, scale


def test_a_result_of_an_earlier_version_is_read_in_the_units_of_this_one(finished):
    folder, scale = finished
    new = RunDirectory(folder).result["metrics"]
    as_of_old(folder, scale)
    old = RunDirectory(folder).result["metrics"]
    assert old == pytest.approx({name: n for name, n in new.items() if not name.endswith("mae")})
    row = collect(folder.parent).runs.iloc[0]
    assert row["test_clean_rmse"] == pytest.approx(new["test_clean_rmse"])
    assert row["objective"] == new["val_clean_loss"]


def test_a_history_that_an_earlier_version_has_begun_keeps_its_units(finished, capsys):
    folder, scale = finished
    before = history(folder)
    (state,) = (folder / "state").glob("epoch_000003.npz")
    known = archive.read(state)
    del known["facts"][units.FACT]
    rewrite(known, scale)
    archive.save(state, known)
    (folder / "result.json").unlink()
    app.run(compose_job([*COMMON, "trainer.epochs=5"]), folder)
    after = history(folder)
    assert len(after) == 5
    for row in after:
        for side in ("", "val_"):
            assert row[f"{side}clean_rmse"] == pytest.approx(row[f"{side}clean_loss"] ** 0.5, 1e-4)
    assert before[0]["clean_rmse"] / scale == pytest.approx(after[0]["clean_rmse"])
    result = json.loads((folder / "result.json").read_text())
    errors = result["metrics"]
    assert errors["clean_rmse"] == pytest.approx(scale * errors["clean_loss"] ** 0.5, 1e-4)
    assert any("stay those of the target divided by 76.02" in line for line in result["warnings"])


def rewrite(state, scale):
    """The rows of the history as the earlier version has them in its state."""
    (kept,) = (peer for peer in state["callbacks"].values() if {"names", "rows"} == peer.keys())
    errors = [name.endswith(tasks.ERRORS) for name in kept["names"]]
    kept["rows"] = [
        [value / scale if wrong else value for value, wrong in zip(row, errors, strict=True)]
        for row in kept["rows"]
    ]


def test_an_uninterrupted_run_of_this_version_has_one_unit(finished):
    folder, scale = finished
    for row in history(folder):
        assert row["clean_rmse"] == pytest.approx(scale * row["clean_loss"] ** 0.5, 1e-4)
    assert not json.loads((folder / "result.json").read_text())["warnings"]


def test_a_resumed_run_goes_on_in_the_same_units(finished):
    folder, scale = finished
    (folder / "result.json").unlink()
    app.run(compose_job([*COMMON, "trainer.epochs=5"]), folder)
    rows = history(folder)
    assert len(rows) == 5
    for row in rows:
        assert row["clean_rmse"] == pytest.approx(scale * row["clean_loss"] ** 0.5, 1e-4)


def test_jobs_with_targets_of_other_scales_share_a_step(traces, tmp_path):
    x = np.random.default_rng(0).normal(size=(120, 3))
    file = tmp_path / "own.npz"

    def fit(seed, steps):
        np.savez(file, x=x, y=1000 * (1 + seed) * x.sum(axis=1))
        config = compose_job([*COMMON[1:], "data=npz", f"data.path={file}", f"seed={seed}"])
        start.prepare(config.trainer, seed, steps)
        training = plan.make(config, steps)
        found = training.model.fit(
            training.stream(), steps_per_epoch=training.steps, epochs=1, shuffle=False, verbose=0,
            validation_data=training.held_out(),
        ).history  # fmt: skip
        return training, {name: values[0] for name, values in found.items()}

    steps = SharedSteps()
    first, _ = fit(0, steps)
    traces.clear()
    second, found = fit(1, steps)
    assert second.model is first.model and not traces
    scale = second.data.target_scale[0]
    assert scale > 1.5 * first.data.target_scale[0]
    assert found["val_rmse"] == pytest.approx(scale * found["val_loss"] ** 0.5, 1e-4)
    metric = units.errors(second.model)[0]
    assert metric.get_config()["scale"] == [scale]


def data(task, values, classes=(), outputs=1):
    split = SimpleNamespace(y=np.asarray(values))
    return SimpleNamespace(
        task=task, splits={"train": split}, class_names=list(classes), outputs=outputs
    )


PRICES = np.arange(9.0)[:, None]


@pytest.mark.parametrize(
    ("found", "inferred", "words"),
    [
        (data("classification", [0], "345"), True,
         "classification into 3 classes (inferred; data.task=regression reads them as numbers)"),
        (data("classification", [0], "345"), False, "classification into 3 classes"),
        (data("binary", [0], ("no", "yes")), True, "classification into 2 classes"),
        (data("regression", PRICES), True,
         "regression (inferred; data.task=classification makes its values classes)"),
        (data("regression", np.arange(5000.0)[:, None]), True, "regression"),
        (data("regression", PRICES), False, "regression"),
        (data("regression", np.zeros((9, 2)), outputs=2), True, "regression of 2 targets"),
    ],
)  # fmt: skip
def test_the_task_is_said_and_where_it_was_inferred_the_key_that_changes_it(found, inferred, words):
    assert tasks.described(found, inferred) == words

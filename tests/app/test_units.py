"""A regression with targets in thousands: every error that is shown is that of scikit-learn."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

import kreg
from kreg.factories import data
from kreg.launch.compose import compose_job

ROOT = Path(__file__).parents[2]
# as many validation rows as training rows: then all training rows are measured, in every epoch
COMMON = ["data=csv", "data.path=homes.csv", "data.target=price", "data.folds=3",
          "data.validation=0.35", "diagnostics.adapt=false", "model=linear", "reg=none",
          "trainer.epochs=6", "stop.average=1", "trainer.batch_size=16",
          "optimizer.learning_rate=0.05"]  # fmt: skip
FOLDS = (0, 1)
NUMBER = r"([\d,]+)"
ERROR = rf"\(standard error {NUMBER}\)"
ANSWERS = {
    "fold_clean_rmse": rf"fold_clean_rmse {NUMBER} on average over 2 folds {ERROR}",
    "test_clean_rmse": rf"its rmse is {NUMBER} {ERROR}",
}
ERRORS = {"rmse": root_mean_squared_error, "mae": mean_absolute_error}
SPLITS = {"": "train", "val_": "validation", "fold_": "fold", "test_": "test"}


def run(folder: Path, *arguments: str) -> str:
    """What a command prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write_homes(path: Path) -> None:
    """240 prices of six figures; those of the later rows lie wider apart, so each fold's scale."""
    generator = np.random.default_rng(0)
    size, age = generator.normal(100, 20, 240), generator.uniform(0, 50, 240)
    noise = generator.normal(0, 15_000, 240) * np.linspace(0.5, 4, 240)
    price = np.rint(1_000 * size - 500 * age + 150_000 + noise)
    pd.DataFrame({"size": size, "age": age, "price": price}).to_csv(path, index=False)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The folder of a sweep over two folds, and what it has printed."""
    folder = tmp_path_factory.mktemp("homes")
    write_homes(folder / "homes.csv")
    folds = ",".join(map(str, FOLDS))
    printed = run(folder, str(ROOT / "train.py"), "-m", *COMMON, f"data.fold={folds}")
    (place,) = (folder / "logs" / "csv" / "sweeps").iterdir()
    return place, printed


def job(place: Path, fold: int) -> Path:
    (found,) = place.glob(f"{fold}_*")
    return found


@pytest.fixture(scope="module")
def expected(swept):
    """Of each fold `{"fold_clean_rmse": ...}`: scikit-learn's numbers of the saved model."""
    return {fold: judged(job(swept[0], fold), fold) for fold in FOLDS}


def judged(place: Path, fold: int) -> dict[str, float]:
    homes = place.parents[4] / "homes.csv"
    told = [word.replace("homes.csv", str(homes)) for word in COMMON]
    rows = data.load(compose_job([*told, f"data.fold={fold}"]).data, seed=0)
    target = json.loads((place / "data.json").read_text())["target"]
    model, prices = kreg.load_model(place / "best.keras"), set(pd.read_csv(homes)["price"])
    found = {}
    for prefix, split in SPLITS.items():
        part = rows.splits[split]
        truth, guess = (
            np.asarray(y, float) * target["scale"] + target["mean"]
            for y in (part.y, model.predict(part.x, verbose=0))
        )
        assert set(np.rint(truth).ravel()) <= prices
        found |= {f"{prefix}clean_{name}": error(truth, guess) for name, error in ERRORS.items()}
    return found


def result(place: Path) -> dict:
    return json.loads((place / "result.json").read_text())


@pytest.mark.parametrize("fold", FOLDS)
def test_the_result_has_the_errors_of_scikit_learn(fold, swept, expected):
    found = result(job(swept[0], fold))
    for name, error in expected[fold].items():
        assert error > 5_000
        assert found["metrics"][name] == pytest.approx(error, rel=1e-4), name
    assert found["task"] == "regression" and found["units"]["rmse"] == "the target's own"
    assert found["objective_name"] == "fold_clean_rmse"
    assert found["objective"] == found["metrics"]["fold_clean_rmse"]


@pytest.mark.parametrize("fold", FOLDS)
def test_losses_are_those_of_the_training_and_say_so(fold, swept):
    place = job(swept[0], fold)
    found, target = result(place), json.loads((place / "data.json").read_text())["target"]
    for prefix in SPLITS:
        loss, rmse = (found["metrics"][f"{prefix}clean_{name}"] for name in ("loss", "rmse"))
        assert np.sqrt(loss) * target["scale"][0] == pytest.approx(rmse, rel=1e-4)
    assert found["units"]["loss"].endswith(f"divided by {target['scale'][0]:.4g}")


@pytest.mark.parametrize("fold", FOLDS)
def test_the_terminal_prints_the_test_error(fold, swept, expected):
    printed = (job(swept[0], fold) / "output.txt").read_text()
    found = re.search(r"test rmse +([\d,.]+)", printed)[1].replace(",", "")
    assert float(found) == pytest.approx(expected[fold]["test_clean_rmse"], rel=1e-4)
    assert "csv" not in printed.splitlines()[0] or "regression" in printed.splitlines()[0]
    assert "losses: squared, of the target divided by" in printed


@pytest.mark.parametrize("fold", FOLDS)
def test_the_history_has_the_errors_of_each_epoch(fold, swept, expected):
    place = job(swept[0], fold)
    best = result(place)["best_epoch"]
    with open(place / "history.csv", newline="") as file:
        row = list(csv.DictReader(file))[best - 1]
    for name in ("clean_rmse", "clean_mae", "val_clean_rmse", "val_clean_mae", "val_rmse"):
        clean = name if "clean" in name else "val_clean_rmse"
        assert float(row[name]) == pytest.approx(expected[fold][clean], rel=1e-4), name


def test_page_and_markdown_show_the_errors_of_all_splits(swept, expected):
    place = job(swept[0], 0)
    run(place, "-m", "kreg", "report", ".")
    for text in ((place / "report.html").read_text(), (place / "report.md").read_text()):
        for name in ("rmse", "mae"):
            errors = (expected[0][f"{prefix}clean_{name}"] for prefix in SPLITS)
            for error in errors:
                assert re.search(rf"\b{near(error)}\b", text), (name, error)


def near(error: float) -> str:
    """A pattern of the whole number, which float32 may round either way."""
    return "(" + "|".join({f"{error + step:,.0f}" for step in (-0.3, 0.3)}) + ")"


def test_the_hparams_tab_compares_the_errors(swept, expected):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for fold in FOLDS:
        events = EventAccumulator(str(job(swept[0], fold) / "tensorboard")).Reload()
        for name in ("fold_clean_rmse", "test_clean_rmse", "test_clean_mae"):
            (event,) = events.Tensors(f"result/{name}")
            value = float(event.tensor_proto.float_val[0])
            assert value == pytest.approx(expected[fold][name], rel=1e-4)


def test_a_sweep_over_folds_compares_in_the_units_of_the_target(swept, expected):
    place, printed = swept
    scales = [
        json.loads((job(place, f) / "data.json").read_text())["target"]["scale"] for f in FOLDS
    ]
    assert scales[0] != scales[1]
    table = pd.read_csv(place / "sweep.csv")
    for fold in FOLDS:
        errors, row = expected[fold], table[table["data.fold"] == fold].iloc[0]
        assert row["objective"] == pytest.approx(errors["fold_clean_rmse"], rel=1e-4)
        assert row["test_clean_rmse"] == pytest.approx(errors["test_clean_rmse"], rel=1e-4)
        page = (place / "sweep.html").read_text()
        for name in ("fold_clean_rmse", "test_clean_rmse"):
            assert shown(errors[name]) & set(re.findall(r"[\d,]+\.\d+", page)), name
    assert "fold_clean_rmse" in printed and "clean_loss" not in printed


def test_the_answer_is_the_mean_over_the_folds_and_one_test_score(swept, expected):
    printed = " ".join(swept[1].split())
    for name, pattern in ANSWERS.items():
        values = [expected[fold][name] for fold in FOLDS]
        mean, error = (float(n.replace(",", "")) for n in re.search(pattern, printed).groups())
        assert mean == pytest.approx(np.mean(values), rel=1e-3)
        assert error == pytest.approx(np.std(values, ddof=1) / np.sqrt(len(FOLDS)), rel=0.06)
    assert "data.fold=" not in printed and "uncertainty" not in printed


def shown(error: float) -> set[str]:
    """The error as a table has it, which float32 may round either way."""
    return {f"{error + step:,.1f}" for step in np.linspace(-0.5, 0.5, 11)}

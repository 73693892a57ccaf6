"""`kreg export`: what it writes says the same as `kreg predict`, in programs without kreg."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import kreg
from kreg.cli import main
from kreg.data import preprocessing
from kreg.exporting import commands, formats
from tests.unit.prediction.conftest import homes, people, pictures, train
from tests.waiting import PATIENCE

ENDINGS = {"keras": "m.keras", "savedmodel": "m", "onnx": "m.onnx", "litert": "m.tflite"}
TYPES = {"string": str, "float64": np.float64, "float32": np.float32, "uint8": np.uint8}


@pytest.fixture
def before_tensorflow(monkeypatch):
    """TensorFlow must not start."""

    def started():
        raise AssertionError("TensorFlow would have been imported")

    monkeypatch.setattr(commands, "start_quietly", started)


def exported(run, to: str, folder) -> tuple[str, dict]:
    """The path of the model, and its description."""
    if to == "onnx":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnxruntime")
    out = folder / ENDINGS[to]
    assert main(["export", str(run), "--to", to, "--out", str(out)]) == 0
    return str(out), json.loads((folder / f"{out.name}.json").read_text())


def given(frame: pd.DataFrame, told: dict) -> dict[str, np.ndarray]:
    """Rows as the description asks for them, and nothing else of kreg."""
    found = {}
    for one in told["inputs"]:
        part = frame[one["columns"]]
        part = part.fillna(one["missing"]) if one["dtype"] == "string" else part
        for date in one.get("times", ()):
            part = part.assign(**{date: np.floor(frame[date]), f"{date} time": frame[date] % 1})
        found[one["name"]] = part.to_numpy().astype(TYPES[one["dtype"]])
    return found


def answered(to: str, model: str, rows: dict[str, np.ndarray], folder) -> np.ndarray:
    """What a process without kreg says."""
    np.savez(folder / "rows.npz", **rows)
    script = Path(__file__).with_name("reload.py")
    command = [sys.executable, str(script), to, model, "rows.npz", "said.npy"]
    quiet = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, cwd=folder, env=quiet, check=True, timeout=PATIENCE)
    return np.load(folder / "said.npy")


def people_rows() -> pd.DataFrame:
    """With gaps and words that no training row had; zips are written as the levels are."""
    rows = people(40, 2).drop(columns="left")
    rows["zip"] = rows["zip"].str.lstrip("0")
    rows.loc[0, "job"], rows.loc[1, "job"], rows.loc[2, "age"] = "pilot", None, np.nan
    return rows


def test_the_keras_file_says_what_predict_says(homes_run, tmp_path, capsys):
    import keras

    model, told = exported(homes_run, "keras", tmp_path)
    assert capsys.readouterr().out.split() == [model, f"{model}.json"]
    rows = homes(50, 3)
    said = keras.models.load_model(model)(given(rows, told)["rows"])
    wanted = kreg.load_run(homes_run).predict(rows)["prediction"]
    np.testing.assert_allclose(np.asarray(said)[:, 0], wanted, rtol=1e-6)
    assert told["output"] == {"meaning": "target", "columns": ["price"]}
    assert told["inputs"][0]["columns"] == ["size", "age"]


@pytest.mark.slow  # a process for each
@pytest.mark.parametrize("to", ENDINGS)
def test_prices_come_in_their_units_from_every_runtime(homes_run, to, tmp_path):
    model, told = exported(homes_run, to, tmp_path)
    rows = homes(50, 3)
    said = answered(to, model, given(rows, told), tmp_path)
    wanted = kreg.load_run(homes_run).predict(rows)["prediction"]
    np.testing.assert_allclose(said[:, 0], wanted, rtol=1e-5)


@pytest.mark.slow  # a process for each
@pytest.mark.parametrize("to", ["keras", "savedmodel"])
def test_words_and_gaps_are_read_inside_the_graph(people_run, to, tmp_path):
    model, told = exported(people_run, to, tmp_path)
    assert {one["name"]: one["dtype"] for one in told["inputs"]} == {
        "age": "float64", "owner": "float64", "job": "string", "zip": "string"}  # fmt: skip
    said = answered(to, model, given(people_rows(), told), tmp_path)
    wanted = kreg.load_run(people_run).predict(people_rows())
    columns = [f"probability_{word}" for word in told["output"]["columns"]]
    np.testing.assert_allclose(said, wanted[columns], atol=1e-6)
    words = np.array(told["output"]["columns"])[(said[:, 1] >= told["threshold"]).astype(int)]
    assert words.tolist() == wanted["prediction"].tolist()


@pytest.mark.slow  # a process for each
@pytest.mark.parametrize("to", ["onnx", "litert"])
def test_a_format_without_words_reads_rows_that_the_json_tells_how_to_encode(
    people_run, to, tmp_path
):
    model, told = exported(people_run, to, tmp_path)
    (one,), run = told["inputs"], kreg.load_run(people_run)
    encoded = preprocessing.from_dict(told["preprocessing"])(people_rows())
    assert one["name"] == "encoded" and one["shape"] == [encoded.shape[1]] == [len(one["columns"])]
    said = answered(to, model, {"encoded": encoded}, tmp_path)
    columns = [f"probability_{word}" for word in told["output"]["columns"]]
    np.testing.assert_allclose(said, run.predict(people_rows())[columns], atol=1e-5)


@pytest.mark.slow  # a process for each
@pytest.mark.parametrize("to", ENDINGS)
def test_pictures_enter_as_bytes(pictures_run, to, tmp_path):
    model, told = exported(pictures_run, to, tmp_path)
    pictures(tmp_path / "new", 4, 5)
    files = sorted((tmp_path / "new").rglob("*.png"))
    pixels = np.stack([np.asarray(Image.open(file)) for file in files])
    assert told["inputs"] == [{"name": "pictures", "shape": [8, 8, 3], "dtype": "uint8"}]
    said = answered(to, model, {"pictures": pixels}, tmp_path)
    wanted = kreg.load_run(pictures_run).predict(pixels)
    columns = [f"probability_{word}" for word in told["output"]["columns"]]
    np.testing.assert_allclose(said, wanted[columns], atol=1e-5)


def refused(capsys, *arguments) -> str:
    code = main(["export", *map(str, arguments)])
    told = capsys.readouterr().err
    assert code == 2 and told.count("\n") == 1 and "Traceback" not in told
    return told


@pytest.mark.usefixtures("before_tensorflow")
def test_mistakes_are_answered_before_tensorflow_starts(homes_run, tmp_path, capsys):
    def of(to, out):
        return refused(capsys, homes_run, "--to", to, "--out", out)

    assert "ends in .keras" in of("keras", tmp_path / "model.h5")
    assert "a folder that exists" in of("keras", tmp_path / "none" / "model.keras")
    assert "is there already" in of("savedmodel", tmp_path)
    (tmp_path / "m.tflite.json").touch()
    assert "m.tflite.json is there already" in of("litert", tmp_path / "m.tflite")
    assert "a run directory" in refused(
        capsys, tmp_path / "nowhere", "--to", "keras", "--out", tmp_path / "m.keras"
    )
    assert list(tmp_path.iterdir()) == [tmp_path / "m.tflite.json"]


@pytest.mark.usefixtures("before_tensorflow")
def test_a_run_without_a_plain_model_says_why(homes_run, tmp_path, capsys):
    copy = shutil.copytree(homes_run, tmp_path / "run")
    (copy / "model.keras").unlink()
    where = ("--to", "keras", "--out", tmp_path / "m.keras")
    assert "Copy all files" in refused(capsys, copy, *where)
    result = json.loads((copy / "result.json").read_text())
    result["plain_model"] = "not written. The layer has no counterpart."
    (copy / "result.json").write_text(json.dumps(result))
    assert "was not written. The layer has no counterpart." in refused(capsys, copy, *where)


@pytest.mark.usefixtures("before_tensorflow")
def test_a_missing_writer_is_named_with_its_extra(homes_run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    told = refused(capsys, homes_run, "--to", "onnx", "--out", tmp_path / "m.onnx")
    assert "tf2onnx" in told and "kreg[onnx]" in told


def test_a_model_that_a_format_cannot_hold_is_one_sentence(
    homes_run, tmp_path, capsys, monkeypatch
):
    def fail(model, found, out):
        raise NotImplementedError("no such operation\nand a long trace")

    monkeypatch.setattr(formats, "write", fail)
    told = refused(capsys, homes_run, "--to", "litert", "--out", tmp_path / "m.tflite")
    assert "litert cannot hold the model of this run: no such operation" in told
    assert not list(tmp_path.iterdir())


@pytest.mark.slow  # it trains
def test_operations_that_a_runtime_lacks_are_refused_and_nothing_is_left(tmp_path, capsys):
    train(tmp_path / "run", "data=wine", "model=realmlp", "trainer.epochs=1")
    told = refused(capsys, tmp_path / "run", "--to", "litert", "--out", tmp_path / "m.tflite")
    assert "litert cannot hold the model of this run" in told and "Atan" in told
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_the_command_line_knows_all_formats(capsys):
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert "{" + ",".join(formats.FORMATS) + "}" in capsys.readouterr().out

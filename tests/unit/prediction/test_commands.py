"""`kreg predict` and `kreg evaluate`: their files, their sentences, their exit codes."""

import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import kreg
from kreg.cli import main
from kreg.prediction import commands
from tests.unit.data.disk.test_tfrecord import example, write
from tests.unit.prediction.conftest import homes, people, pictures


@pytest.fixture
def rows(tmp_path):
    """The path of new rows without their truth."""
    people(30, 2).drop(columns="left").to_csv(tmp_path / "new.csv", index=False)
    return tmp_path / "new.csv"


@pytest.fixture
def before_tensorflow(monkeypatch):
    """TensorFlow must not start, and no model may be loaded."""

    def started():
        raise AssertionError("TensorFlow would have been imported")

    monkeypatch.setattr(commands, "start_quietly", started)


def answered(capsys, *arguments) -> tuple[int, pd.DataFrame, str]:
    """Exit code, predictions as they were printed, and what was said."""
    code = main(["predict", *map(str, arguments)])
    printed = capsys.readouterr()
    return code, pd.read_csv(io.StringIO(printed.out), keep_default_na=False), printed.err


def test_predictions_stand_beside_what_the_model_does_not_read(people_run, rows, capsys):
    code, found, told = answered(capsys, people_run, rows)
    said = kreg.load_run(people_run).predict(rows)
    assert code == 0 and "Traceback" not in told
    assert found.columns.tolist() == [
        "who", "prediction", "probability_no", "probability_yes", "reason"]  # fmt: skip
    assert found["who"].tolist() == pd.read_csv(rows)["who"].tolist()
    assert found["prediction"].tolist() == said["prediction"].tolist()
    np.testing.assert_allclose(found["probability_yes"].astype(float), said["probability_yes"])


@pytest.mark.parametrize("name", ["said.csv", "said.parquet", "said.jsonl"])
@pytest.mark.parametrize("size", ["4", "100"])
def test_all_formats_hold_the_same(people_run, rows, tmp_path, name, size, capsys):
    out = tmp_path / name
    assert main(["predict", str(people_run), str(rows), "--out", str(out), "--batch-size", size,
                 "--uncertainty"]) == 0  # fmt: skip
    readers = {"csv": pd.read_csv, "parquet": pd.read_parquet,
               "jsonl": lambda path: pd.read_json(path, lines=True)}  # fmt: skip
    found = readers[name.split(".")[1]](out)
    said = kreg.load_run(people_run).predict(rows, uncertainty="conformal")
    assert found.columns.tolist() == ["who", *said.columns]
    assert found["set"].tolist() == said["set"].tolist()
    np.testing.assert_allclose(found["probability_no"], said["probability_no"])
    assert capsys.readouterr().out == ""


def test_new_rows_may_be_parquet_standard_input_or_otherwise_separated(
    people_run, rows, tmp_path, capsys, monkeypatch
):
    _, wanted, _ = answered(capsys, people_run, rows)
    frame = pd.read_csv(rows)
    frame.to_parquet(tmp_path / "new.parquet")
    frame.to_csv(tmp_path / "other.csv", sep=";", index=False)
    for other in ("new.parquet", "other.csv"):
        pd.testing.assert_frame_equal(answered(capsys, people_run, tmp_path / other)[1], wanted)
    stream = io.BytesIO(rows.read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    pd.testing.assert_frame_equal(answered(capsys, people_run, "-")[1], wanted)


def test_a_row_that_cannot_be_read_keeps_its_line(people_run, tmp_path, capsys):
    lines = people(5, 2).drop(columns="left").to_csv(index=False).splitlines()
    header, rest = lines[0], lines[1:]
    broken = [header, rest[0], "p,1,2", *rest[1:3], "", "p,,,,", *rest[3:], rest[0] + ",more"]
    (tmp_path / "new.csv").write_text("\n".join(broken))
    code, found, told = answered(capsys, people_run, tmp_path / "new.csv", "--batch-size", 3)
    assert code == 0
    assert found["reason"].tolist() == [
        "", "3 cells, and the header has 5", "", "", "all values are missing", "", "",
        "6 cells, and the header has 5"]  # fmt: skip
    assert (found["prediction"] == "").tolist() == (found["reason"] != "").tolist()
    assert "3 of 8 rows have no prediction; the column 'reason' says why." in told
    assert "1 blank line passed over." in told
    whole = kreg.load_run(people_run).predict(people(5, 2))
    good = found[found["reason"] == ""]
    np.testing.assert_allclose(good["probability_yes"].astype(float), whole["probability_yes"])


def test_what_is_unusual_is_said_with_counts(people_run, tmp_path, capsys):
    frame = people(20, 2).astype({"age": object})
    frame.loc[:2, "job"], frame.loc[3:4, "age"], frame.loc[5, "age"] = "astronaut", 400.0, "old"
    frame["owner"] = frame["owner"].astype(object)
    frame.loc[:1, "owner"] = None
    frame.to_csv(tmp_path / "new.csv", index=False)
    code, found, told = answered(capsys, people_run, tmp_path / "new.csv")
    assert code == 0 and len(found) == 20 and not found["reason"].any()
    for sentence in (
        "the target 'left' is in the new rows; predict does not look at it, evaluate does.",
        "column 'job': 3 rows with a level that no training row had, such as 'astronaut'.",
        "column 'age': 2 values outside of the training range, ",
        "column 'age': 1 cell without a number, such as 'old', read as missing.",
        "column 'owner': 2 rows without a value, which no training row lacked: the median",
    ):
        assert f"kreg: {sentence}" in told, told


def test_rows_without_a_key_have_their_number_and_columns_are_kept_on_demand(
    homes_run, tmp_path, capsys
):
    homes(4, 2).to_csv(tmp_path / "new.csv", index=False)
    new = tmp_path / "new.csv"
    assert answered(capsys, homes_run, new)[1]["row"].tolist() == [1, 2, 3, 4]
    _, found, _ = answered(capsys, homes_run, new, "--keep", "price", "--keep", "size")
    assert found.columns[:3].tolist() == ["price", "size", "prediction"]
    frame = homes(4, 2)[["size", "age"]].assign(prediction=1)
    frame.to_csv(new, index=False)
    _, found, told = answered(capsys, homes_run, new)
    assert found.columns.tolist() == ["prediction", "reason"]
    assert "the column 'prediction' of the new rows is left out" in told


def test_keys_stay_as_they_stand(homes_run, tmp_path, capsys):
    text = 'id,size,age\n007,100,5\nNA,90,4\n"a, ""b""",80,3\n'
    (tmp_path / "new.csv").write_text(text)
    assert main(["predict", str(homes_run), str(tmp_path / "new.csv")]) == 0
    printed = capsys.readouterr().out
    found = pd.read_csv(io.StringIO(printed), dtype=str, keep_default_na=False)
    assert found["id"].tolist() == ["007", "NA", 'a, "b"']


def test_pictures_by_their_names(pictures_run, tmp_path, capsys):
    pictures(tmp_path / "new", 2, 1)
    (tmp_path / "new" / "cat" / "notes.txt").write_text("no picture")
    whole = (tmp_path / "new" / "cat" / "00.png").read_bytes()
    (tmp_path / "new" / "cat" / "02.png").write_bytes(b"no picture")
    (tmp_path / "new" / "cat" / "03.png").write_bytes(whole[:70])  # its header is whole
    code, found, told = answered(capsys, pictures_run, tmp_path / "new")
    names = [f"cat/0{i}.png" for i in range(4)] + ["dog/00.png", "dog/01.png"]
    assert code == 0 and found["file"].tolist() == names
    assert found["prediction"].tolist() == ["cat", "cat", "", "", "dog", "dog"]
    assert "it is not an image that kreg can read" in found["reason"][2]
    assert "it cannot be decoded: " in found["reason"][3]
    assert "1 file passed over: no picture." in told
    one = tmp_path / "new" / "dog" / "00.png"
    assert answered(capsys, pictures_run, one)[1]["prediction"].tolist() == ["dog"]


def test_scores_are_printed_and_written(homes_run, ground, tmp_path, capsys):
    out = tmp_path / "scores.json"
    command = ["evaluate", str(homes_run), str(ground / "homes_test.csv"), "--out", str(out)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    known = json.loads((homes_run / "result.json").read_text())["metrics"]["test_clean_rmse"]
    assert re.search(rf"^rmse  {known:,.1f}  \[[\d,.]+, [\d,.]+\]$", printed, re.M), printed
    assert "120 rows; in brackets 95 % intervals" in printed
    found = json.loads(out.read_text())["scores"]["rmse"]
    assert found["low"] < found["value"] < found["high"]


def test_scores_class_by_class_are_printed_and_written(people_run, ground, tmp_path, capsys):
    out = tmp_path / "scores.json"
    rows = str(ground / "people_test.csv")
    assert main(["evaluate", str(people_run), rows, "--out", str(out)]) == 0
    printed, found = capsys.readouterr().out, json.loads(out.read_text())
    no, yes = found["classes"]
    assert [no["name"], yes["name"]] == ["no", "yes"] and no["rows"] + yes["rows"] == 120
    assert np.sum(found["confusion"]) == 120
    assert found["confusion"][1][1] / yes["rows"] == yes["recall"]
    assert re.search(rf"^yes +{yes['precision']:.4f} +{yes['recall']:.4f} ", printed, re.M), printed


def damaged(run, tmp_path, name, content):
    shutil.copytree(run, tmp_path / "run")
    target = tmp_path / "run" / name
    target.unlink() if content is None else target.write_text(content)
    return target.parent


def changed(key: str, value: object):
    """`data.json` with one part that does not belong to the others."""

    def text(run) -> str:
        return json.dumps(json.loads((run / "data.json").read_text()) | {key: value})

    return text


def newer(run) -> str:
    result = json.loads((run / "result.json").read_text())
    return json.dumps(result | {"versions": {"kreg": "7.1.0"}})


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("result.json", None, "is not finished: it has no result.json"),
        ("result.json", "{", r"result\.json is damaged: .* is not JSON"),
        ("result.json", newer, r"was written by kreg 7\.1\.0, and this is"),
        ("result.json", '{"status": "failed", "error": "NaN"}', r"has failed \(NaN\)"),
        ("result.json", '{"procedure": "lasso_path", "status": "done"}', "is not one training"),
        ("data.json", None, r"data\.json cannot be read"),
        ("data.json", "[]", r"data\.json is damaged: "),
        ("data.json", '{"task": "dreaming"}', "dreaming"),
        ("data.json", changed("words", ["yes"]), "its words do not fit the model"),
        ("data.json", changed("input_shape", [2]), "its preprocessing do not fit the model"),
        ("data.json", changed("outputs", "many"), "outputs is 'many', expected a whole number"),
        ("calibration.json", "nonsense", r"calibration\.json is damaged"),
        ("config.json", None, "is no run directory of kreg"),
        ("best.keras", None, "has no best.keras: the run is not whole"),
        ("best.keras", "nonsense", "is no Keras file"),
        ("sweep.json", "{}", "is a sweep of several runs"),
    ],
)
def test_a_run_that_cannot_predict_is_a_sentence(
    people_run, rows, tmp_path, capsys, name, content, sentence
):
    text = content(people_run) if callable(content) else content
    folder = damaged(people_run, tmp_path, name, text)
    assert main(["predict", str(folder), str(rows)]) == 2
    told = capsys.readouterr()
    assert re.search(sentence, told.err) and told.out == "" and "Traceback" not in told.err


WRONG = {
    "no such run": (["{run}s", "{new}"], "Did you mean 'people'"),
    "a file of the run": (["{run}/best.keras", "{new}"], "a run directory"),
    "no such file": (["{run}", "{new}s"], "Did you mean 'new.csv'"),
    "a folder of no pictures": (["{run}", "{run}"], "one file of rows"),
    "several tables": (["{run}", "{new}", "{new}"], "one file of rows"),
    "a pattern of tables": (["{run}", "{tmp}/part-*.csv"], "files of a table one by one"),
    "empty": (["{run}", "{tmp}/empty.csv"], "is empty: it has no header line"),
    "other columns": (["{run}", "{tmp}/other.csv"], "lacks the columns 'age', 'owner', 'job'"),
    "a misspelt column": (["{run}", "{tmp}/near.csv"], "lacks the column 'age' .* 'Age'"),
    "a column twice": (["{run}", "{tmp}/twice.csv"], "two columns are called 'age'"),
    "no text": (["{run}", "{tmp}/bytes.csv"], "it is no text of UTF-8"),
    "a packed file": (["{run}", "{tmp}/new.csv.gz"], "unpack it yourself"),
    "no Parquet": (["{run}", "{tmp}/no.parquet"], "is not a Parquet file"),
    "arrays for a table": (["{run}", "{tmp}/no.npz"], "npz archive"),
    "a strange ending": (["{run}", "{new}", "--out", "{tmp}/said.xls"], "a name ending in .csv"),
    "a folder to write": (["{run}", "{new}", "--out", "{tmp}"], "It is a folder"),
    "over its input": (["{run}", "{new}", "--out", "{new}"], "another file than the rows"),
    "Parquet on a terminal": (["{run}", "{new}", "--format", "parquet"], "Parquet needs a file"),
    "no row at once": (["{run}", "{new}", "--batch-size", "0"], "a whole number >= 1"),
    "a level of 1": (["{run}", "{new}", "--uncertainty", "conformal", "--level", "1"], "level"),
    "too high a level": (
        ["{run}", "{new}", "--uncertainty", "conformal", "--level", "0.999"],
        "120 calibration rows cannot promise 0.999: it takes at least 999"),
    "a threshold beyond 1": (["{run}", "{new}", "--threshold", "2"], "threshold"),
    "a column to keep": (["{run}", "{new}", "--keep", "whom"], "Did you mean 'who'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_a_sentence_before_tensorflow_starts(
    case, people_run, rows, tmp_path, capsys, before_tensorflow
):
    frame = pd.read_csv(rows)
    texts = {"empty.csv": "\n\n", "other.csv": "a,b\n1,2\n", "no.parquet": "no", "no.npz": "no",
             "near.csv": frame.rename(columns={"age": "Age"}).to_csv(index=False),
             "twice.csv": "age,age,owner,job,zip\n1,2,True,cook,1\n"}  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "bytes.csv").write_bytes("größe,age\n".encode("latin-1"))
    (tmp_path / "new.csv.gz").write_bytes(b"\x1f\x8b\x08\x00")
    arguments, sentence = WRONG[case]
    places = {"run": people_run, "new": rows, "tmp": tmp_path}
    code = main(["predict", *(a.format(**places) for a in arguments)])
    printed = capsys.readouterr()
    assert code == 2 and printed.out == "" and "Traceback" not in printed.err
    assert re.search(sentence, printed.err), printed.err


def test_a_table_without_rows_and_one_without_truth(people_run, rows, tmp_path, capsys):
    (tmp_path / "none.csv").write_text("who,age,job,zip,owner\n")
    assert main(["predict", str(people_run), str(tmp_path / "none.csv")]) == 2
    assert "has a header and no rows" in capsys.readouterr().err
    assert main(["evaluate", str(people_run), str(rows)]) == 2
    assert "lacks the column 'left'" in capsys.readouterr().err


def test_a_failed_prediction_leaves_no_file(people_run, rows, tmp_path, capsys):
    text = rows.read_text() + 'p,"' + "x" * 200_000
    rows.write_text(text)
    out = tmp_path / "said.csv"
    command = ["predict", str(people_run), str(rows), "--out", str(out), "--batch-size", "5"]
    assert main(command) == 2
    assert "new.csv: after row" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


def test_where_no_row_can_be_read_the_code_is_one(people_run, tmp_path, capsys):
    (tmp_path / "new.csv").write_text("age,job,zip,owner\n,,,\n1,2\n")
    code, found, _ = answered(capsys, people_run, tmp_path / "new.csv")
    assert code == 1 and found["reason"].tolist() == [
        "all values are missing", "2 cells, and the header has 4"]  # fmt: skip


@pytest.mark.slow
def test_neither_help_nor_a_mistake_imports_what_is_heavy(people_run, tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    code = (
        "import sys\nfrom kreg.cli import main\n"
        "try: code = main(sys.argv[1:])\n"
        "except SystemExit as error: code = error.code\n"
        "heavy = {'tensorflow', 'keras'} if code else {'tensorflow', 'keras', 'numpy', 'pandas'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\nsys.exit(code)"
    )
    for arguments, wanted in (
        (["predict", "--help"], 0),
        (["evaluate", "--help"], 0),
        (["predict", str(people_run), str(tmp_path / "other.csv")], 2),
    ):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True)
        assert done.returncode == wanted, done.stderr


@pytest.mark.slow
def test_a_closed_pipe_is_no_error(people_run, rows):
    command = f"{sys.executable} -m kreg predict {people_run} {rows} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("who,prediction") and "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr


def test_new_rows_may_be_tfrecord(people_run, rows, tmp_path, capsys):
    _, wanted, _ = answered(capsys, people_run, rows)
    frame = pd.read_csv(rows)
    cells = [row.dropna().to_dict() for _, row in frame.iterrows()]
    write(tmp_path / "new.tfrecord", [example(**{k: [v] for k, v in c.items()}) for c in cells])
    found = answered(capsys, people_run, tmp_path / "new.tfrecord")[1]
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-4)
    (tmp_path / "cut.tfrecord").write_bytes((tmp_path / "new.tfrecord").read_bytes()[:-3])
    assert main(["predict", str(people_run), str(tmp_path / "cut.tfrecord")]) == 2
    told = capsys.readouterr()
    assert "ends within a record" in told.err and not told.out

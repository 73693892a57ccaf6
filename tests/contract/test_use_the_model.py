"""The guide's section "Use the model": every line of it runs, on runs that its commands train."""

import io
import json
import re
import shlex
import sys
from pathlib import Path

import pandas as pd
import pytest

import kreg
from kreg.cli import main
from kreg.launch.compose import compose_job
from kreg.training import app
from tests.unit.prediction.conftest import homes, people, pictures

ROOT = Path(__file__).parents[2]
SECTION = (
    (ROOT / "docs" / "guide.md").read_text().split("## 10. Use the model")[1].split("\n## ")[0]
)
BLOCKS = re.findall(r"^```\n(.*?)^```", SECTION, re.S | re.M)
LINES = [line for block in BLOCKS for line in block.splitlines()]
pytestmark = pytest.mark.slow  # it trains three models
QUICK = ["trainer.epochs=2", "trainer.verbose=quiet", "logger=none"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The reader's folder, where the section's trainings are done."""
    folder = tmp_path_factory.mktemp("guide")
    for name, rows in (("people", people), ("homes", homes)):
        whole, target = rows(150, 1), {"people": "left", "homes": "price"}[name]
        rows(300, 0).to_csv(folder / f"{name}.csv", index=False)
        whole.to_csv(folder / f"labelled_{name}.csv", index=False)
        whole.drop(columns=target).to_csv(folder / f"new_{name}.csv", index=False)
    pictures(folder / "pictures", 20, 0)
    pictures(folder / "new_pictures", 2, 1, side=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in (line for line in LINES if line.startswith("python train.py ")):
            words = shlex.split(line)[2:]
            options = [word for word in words if not word.startswith("hydra.run.dir=")]
            (run,) = (w.split("=")[1] for w in words if w.startswith("hydra.run.dir="))
            app.run(compose_job([*options, *QUICK]), Path(run))
    return folder


def test_there_is_a_line_of_every_kind():
    starts = [line.split()[0] for line in LINES]
    assert starts.count("python") == 3 and starts.count("kreg") >= 6 and "cat" in starts


@pytest.mark.parametrize("line", [line for line in LINES if re.match("kreg |cat ", line)])
def test_the_command_does_what_it_says(line, place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    piped, _, command = line.rpartition(" | ")
    if piped:
        file = Path(piped.removeprefix("cat "))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    _, *arguments = shlex.split(command)
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    if arguments[0] == "export":
        assert all(Path(name).exists() for name in printed.split()) and printed.count("\n") == 2
        return
    if "--out" in arguments:
        file = Path(arguments[arguments.index("--out") + 1])
        read = {".csv": pd.read_csv, ".parquet": pd.read_parquet,
                ".jsonl": lambda path: pd.read_json(path, lines=True)}  # fmt: skip
        if file.suffix == ".json":
            assert json.loads(file.read_text())["rows"] == 150
        else:
            assert len(read[file.suffix](file)) in (150, 4)
    elif arguments[0] == "predict":
        assert len(pd.read_csv(io.StringIO(printed))) == 150
    assert bool(printed) == ("--out" not in arguments or arguments[0] == "evaluate")


def test_the_python_of_the_section_runs(place, monkeypatch):
    monkeypatch.chdir(place)
    (block,) = (block for block in BLOCKS if "load_run" in block)
    found = {}
    exec(compile(block, "docs/guide.md", "exec"), {"kreg": kreg, "pandas": pd}, found)
    assert found["run"].classes == ["no", "yes"]

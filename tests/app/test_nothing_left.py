"""What a command that trains nothing leaves behind: nothing. What Ctrl-C leaves: a run to go on."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.app import here

ROOT = Path(__file__).parents[2]
SMALL = ["model=shallow", "data.train_size=100", "trainer.epochs=2", "trainer.verbose=quiet"]
PROGRAM = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from kreg.launch import program
{{before}}
sys.exit(program.main(sys.argv[1:]))
"""
CTRL_C = """
from kreg.training import app
def interrupt(*arguments, **named):
    raise KeyboardInterrupt
app.{step} = interrupt
"""


def train(folder, *arguments, before=""):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_data_that_cannot_be_learned_from_leave_no_directory(tmp_path, capfd):
    np.savez(tmp_path / "own.npz", x=np.ones((30, 2)), y=np.zeros(30), class_names=["a", "b"])
    assert here.train(tmp_path, "data=npz", "data.path=own.npz") == 1
    told = capfd.readouterr().err
    assert told.startswith("kreg: ") and "single class" in told and told.count("\n") == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["own.npz"]


@pytest.mark.slow
def test_files_of_the_users_stay_where_they_are(tmp_path):
    np.savez(tmp_path / "own.npz", x=np.ones((30, 2)), y=np.zeros(30), class_names=["a", "b"])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("mine")
    ended = train(tmp_path, "data=npz", "data.path=own.npz", "hydra.run.dir=mine")
    assert ended.returncode == 2 and "no run directory of kreg" in ended.stderr
    assert (tmp_path / "mine" / "note.txt").read_text() == "mine"


@pytest.mark.slow
def test_a_check_leaves_nothing(tmp_path):
    ended = train(tmp_path, "check=true", *SMALL)
    assert ended.returncode == 0 and list(tmp_path.rglob("*")) == []


@pytest.mark.slow
def test_ctrl_c_outside_the_training_loop_is_no_failure(tmp_path):
    ended = train(tmp_path, *SMALL, before=CTRL_C.format(step="run"))
    assert ended.returncode == 130 and "Traceback" not in ended.stderr
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.slow
def test_ctrl_c_in_the_report_leaves_a_run_that_goes_on(tmp_path):
    ended = train(tmp_path, *SMALL, before=CTRL_C.format(step="save_report"))
    assert ended.returncode == 130 and "Traceback" not in ended.stderr
    ended = train(tmp_path, *SMALL)
    assert ended.returncode == 0 and "continuing" in ended.stdout
    (result,) = tmp_path.glob("logs/digits/runs/*/result.json")
    assert '"done"' in result.read_text()


@pytest.mark.slow
def test_a_finished_run_can_be_made_longer(tmp_path):
    constant = [*SMALL, "optimizer.schedule=constant", "stop=none"]
    assert train(tmp_path, *constant).returncode == 0
    (run,) = tmp_path.glob("logs/digits/runs/*")
    ended = train(tmp_path, *constant, "trainer.epochs=4", f"resume={run}")
    assert ended.returncode == 0, ended.stderr
    assert len((run / "history.csv").read_text().splitlines()) == 1 + 4
    straight = tmp_path / "straight"
    straight.mkdir()
    assert train(straight, *constant, "trainer.epochs=4").returncode == 0
    (other,) = straight.glob("logs/digits/runs/*")
    assert (run / "history.csv").read_text() == (other / "history.csv").read_text()

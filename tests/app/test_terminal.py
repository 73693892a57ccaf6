"""What the command line answers, as processes: exit codes, one sentence, no TensorFlow."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]


def call(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=cwd or ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_help_lists_every_group_and_five_examples():
    answer = call("--help")
    assert answer.returncode == 0 and not answer.stderr
    for word in ("model", "deep", "reg", "elasticnet", "dropout", "augment", "stop"):
        assert word in answer.stdout
    assert answer.stdout.count("python train.py ") >= 5


def test_the_configuration_is_shown_without_training(tmp_path):
    answer = call("--cfg", "job", "model=shallow", cwd=tmp_path)
    assert answer.returncode == 0 and "kind: shallow" in answer.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [["model=depe"], ["-m", "model=deep,depe"], ["-m", "reg=glob(x*)"], ["trainer.epochs=many"]],
    ids=" ".join,
)
def test_a_mistake_leaves_nothing_behind(arguments, tmp_path):
    answer = call(*arguments, cwd=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("kreg: ") and len(answer.stderr.splitlines()) == 1
    assert not answer.stdout and not list(tmp_path.iterdir())


def test_no_heavy_import_before_the_check():
    code = (
        "import sys; sys.argv = ['train.py', 'model=depe']\n"
        "from kreg.launch import gate\n"
        "assert gate.run(None) == 2\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def test_the_traceback_is_there_for_those_who_ask(monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    answer = call("model=depe")
    assert answer.returncode != 0 and "Traceback" in answer.stderr

"""A sweep that is killed, or whose disk or terminal goes, loses nothing: the same table comes."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kreg import sweeps
from tests.faults.sweep_steps import COMMAND, COMPARED
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "sweep_steps.py"
JOBLIB = "hydra_plugins.hydra_joblib_launcher"


def test_killed_or_on_a_full_disk_at_every_step(tmp_path):
    ended = subprocess.run(
        [sys.executable, str(PROGRAM), str(tmp_path)], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr[-3000:]
    told = ended.stdout
    print(told)
    for step in ("sweep.json", "config.json", "000001.npz", "best.keras", "result.json", "html"):
        assert step in told, told
    assert told.count("kill equal") == told.count("full equal") >= 14


def start(folder: Path, launcher: str, **options) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *COMMAND, f"hydra/launcher={launcher}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options},
    )


def finished(process: subprocess.Popen) -> tuple[int, str]:
    told, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, told


def table(folder: Path) -> list[dict]:
    (page,) = folder.glob("logs/*/sweeps/*/sweep.html")
    return sweeps.collect(page.parent).runs[COMPARED].to_dict("records")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp("whole")
    code, told = finished(start(folder, "kreg"))
    assert code == 0, told
    return table(folder)


@pytest.mark.parametrize("pattern", ["0_*/state/*.npz", "0_*/result.json"])
def test_joblib_killed_at_a_step(pattern, whole, tmp_path):
    pytest.importorskip(JOBLIB)
    process = start(tmp_path, "joblib")
    while process.poll() is None and not list(tmp_path.glob(f"logs/*/sweeps/*/{pattern}")):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    code, told = finished(start(tmp_path, "joblib"))
    assert code == 0, told
    assert table(tmp_path) == whole


def small_files() -> None:
    """No file of this process, and of those that it starts, may have more than a few bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))


def test_joblib_on_a_disk_without_room_for_a_state(whole, tmp_path):
    pytest.importorskip(JOBLIB)
    code, told = finished(start(tmp_path, "joblib", preexec_fn=small_files))
    assert code == 1 and "Traceback" not in told, told
    code, told = finished(start(tmp_path, "joblib"))
    assert code == 0, told
    assert table(tmp_path) == whole


@pytest.mark.parametrize("launcher", ["kreg", "joblib"])
def test_a_closed_pipe(launcher, whole, tmp_path):
    if launcher == "joblib":
        pytest.importorskip(JOBLIB)
    reading, writing = os.pipe()
    os.close(reading)
    process = start(tmp_path, launcher, stdout=writing, stderr=writing)
    os.close(writing)
    assert process.wait(timeout=PATIENCE) == 0
    assert table(tmp_path) == whole

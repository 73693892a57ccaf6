"""`train.py` itself under faults: killed, told to go, doubled, changed, finished, damaged."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kreg.runs import StateFile
from tests.faults.outcome import outcome
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
COMMAND = [
    "model=shallow", "dropout=light", "augment=light", "reg=l1", "stop=patience",
    "stop.patience=40", "optimizer.ema=0.9", "trainer.steps=1600", "data.train_size=200",
    "trainer.deterministic=true",
    "trainer.verbose=quiet", "trainer.save_every=0", "diagnostics.adapt=false",
]  # fmt: skip


def start(folder, *extra):
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *COMMAND, *extra],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def ended(process) -> tuple[int, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out + err


def train(folder, *extra) -> str:
    code, printed = ended(start(folder, *extra))
    assert code == 0, printed
    return printed


def runs(folder) -> list[Path]:
    return sorted((folder / "logs" / "digits" / "runs").glob("*"))


def newest(folder) -> int:
    """The epoch of the newest state, 0 before there is one."""
    states = [path for run in runs(folder) for path in (run / "state").glob("epoch_*.npz")]
    return max((int(path.stem.partition("_")[2]) for path in states), default=0)


def signal_after(folder, process, number, epochs, delay=0.0):
    """Send a signal as soon as the process has saved so many epochs, and a little later."""
    start = newest(folder)
    while process.poll() is None and newest(folder) < start + epochs:
        time.sleep(0.01)
    time.sleep(delay)
    process.send_signal(number)
    return ended(process)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    train(folder)
    return outcome(runs(folder)[0])


@pytest.mark.slow
def test_killed_then_told_to_go_then_finished_equals_undisturbed(whole, tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    generator = random.Random(seed)
    code, _ = signal_after(tmp_path, start(tmp_path), signal.SIGKILL, 1, generator.uniform(0, 0.3))
    assert code == -signal.SIGKILL
    code, printed = signal_after(tmp_path, start(tmp_path), signal.SIGTERM, 2)
    assert code == 143, printed
    assert "continuing" in train(tmp_path)
    assert len(runs(tmp_path)) == 1
    found = outcome(runs(tmp_path)[0])
    for part, expected in whole.items():
        assert found[part] == expected, f"{part}, seed {seed}"


DEADLY = """
import os, runpy, signal, sys

def hear(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith({name!r}):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hear)
sys.path.insert(0, {root!r})
runpy.run_path({root!r} + "/train.py", run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["config.json", "epoch_000039.npz", "best.keras", "report.html", "result.json"]
)
def test_killed_right_before_a_file_gets_its_name(whole, tmp_path, name):
    code = DEADLY.format(name=name, root=str(ROOT))
    ended = subprocess.run([sys.executable, "-c", code, *COMMAND], cwd=tmp_path)
    assert ended.returncode == -signal.SIGKILL
    train(tmp_path)
    # a run without its configuration is no run yet: the same command then starts another
    done = [run for run in runs(tmp_path) if (run / "result.json").exists()]
    assert len(done) == 1 and outcome(done[0]) == whole


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_cleanly_with_its_code_and_a_state(tmp_path, number):
    code, printed = signal_after(tmp_path, start(tmp_path), number, 1)
    assert code == 128 + number and "Traceback" not in printed
    assert StateFile(runs(tmp_path)[0] / "state").read()["epoch"] >= 1


@pytest.mark.slow
def test_the_second_process_on_a_directory_is_refused(tmp_path):
    place = f"hydra.run.dir={tmp_path / 'one'}"
    forever = ("trainer.steps=4000000", "stop.patience=100000")
    first = start(tmp_path, place, *forever)
    while first.poll() is None and not (tmp_path / "one" / "state").exists():
        time.sleep(0.05)
    code, printed = ended(start(tmp_path, place, *forever))
    first.kill()
    first.communicate()
    assert code != 0 and f"in use by process {first.pid}" in printed and "Traceback" not in printed


@pytest.mark.slow
def test_a_finished_or_changed_run_is_not_trained_again(tmp_path):
    train(tmp_path)
    run = runs(tmp_path)[0]
    before = {p: p.stat().st_mtime_ns for p in run.rglob("*") if p.is_file()}
    assert "already finished" in train(tmp_path, f"resume={run}")
    code, printed = ended(start(tmp_path, f"resume={run}", "seed=9", "reg.l1=0.5"))
    assert code == 2 and "seed was 0 and is 9" in printed and "reg.l1 was" in printed
    assert before == {p: p.stat().st_mtime_ns for p in run.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_a_damaged_state_falls_back_and_then_stops_with_one_line(whole, tmp_path):
    signal_after(tmp_path, start(tmp_path), signal.SIGKILL, 3)
    run = runs(tmp_path)[0]
    newest = StateFile(run / "state").generations()[0]
    newest.write_bytes(newest.read_bytes()[:1000])
    assert f"{newest.name} cannot be used" in train(tmp_path)
    assert outcome(run)["variables"] == whole["variables"]


@pytest.mark.slow
def test_no_readable_state_never_starts_afresh(tmp_path):
    signal_after(tmp_path, start(tmp_path), signal.SIGKILL, 2)
    for path in StateFile(runs(tmp_path)[0] / "state").generations():
        path.write_bytes(b"damaged")
    code, printed = ended(start(tmp_path))
    assert code == 1 and "resume=never" in printed and "Traceback" not in printed


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_keeps_the_state(tmp_path):
    code = (
        "import resource, runpy, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        f"sys.argv = ['train.py', *{COMMAND!r}, 'model.width=256']\n"
        f"runpy.run_path({str(ROOT / 'train.py')!r}, run_name='__main__')"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert process.returncode == 1, process.stderr
    assert "cannot write" in process.stderr and "Traceback" not in process.stderr
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_with_code_1_and_is_never_saved(tmp_path):
    code, printed = ended(start(tmp_path, "optimizer.learning_rate=1e30", "optimizer=sgd"))
    assert code == 1 and "epoch 1, batch" in printed and "Traceback" not in printed
    assert StateFile(runs(tmp_path)[0] / "state").read() is None


@pytest.mark.slow
def test_killed_again_and_again_at_random_moments(whole, tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    generator = random.Random(seed)
    for _ in range(4):
        delay = generator.uniform(0, 0.2)
        signal_after(tmp_path, start(tmp_path), signal.SIGKILL, 1, delay)
    train(tmp_path)
    assert outcome(runs(tmp_path)[0])["variables"] == whole["variables"], f"seed {seed}"

"""A sweep that is killed at random moments and started again is the sweep that never was killed."""

import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kreg import sweeps
from kreg.runs.lock import Lock
from kreg.sweeps.study import STARTUP, chosen
from tests.unit.sweeps.test_launching import ROOT, installed
from tests.waiting import PATIENCE, until

SMALL = ["-m", "debug=fast", "model=linear", "reg=l1"]
STRENGTHS = "reg.l1=1e-3,3e-3,1e-2"
COMPARED = ("reg.l1", "status", "val_clean_loss", "sparsity", "test_clean_accuracy", "epochs")
SWEEP = [STRENGTHS, "trainer.epochs=150"]
KILLS = 3
JOBLIB = pytest.param("joblib", marks=installed("hydra_joblib_launcher"))


def start(folder: Path, *arguments, many: bool = True) -> subprocess.Popen:
    """The sweep, or a single run, in a process whose folder is `folder`."""
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *SMALL[not many :], *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen) -> str:
    """What the sweep prints until its good end."""
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    return output


def kill(process: subprocess.Popen) -> bool:
    """Whether it was still alive. Its launcher's processes are left to themselves."""
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return alive


def until_done(folder: Path, jobs: int, process: subprocess.Popen) -> None:
    """Wait until so many jobs of the only sweep have a result."""
    until(lambda: len(list(folder.glob("logs/*/sweeps/*/*/result.json"))) >= jobs, process)


def rows(folder: Path) -> dict[str, list]:
    """The table of the only sweep below a folder."""
    (sweep,) = folder.glob("logs/*/sweeps/*")
    assert (sweep / "sweep.html").is_file() and not list(sweep.glob("*.tmp"))
    runs = sweeps.collect(sweep).runs
    return {column: runs[column].tolist() for column in COMPARED}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[dict, float]:
    """The table of the sweep that was never killed, and how long that took."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    began = time.monotonic()
    finish(start(folder, *SWEEP))
    return rows(folder), time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["kreg", JOBLIB])
def test_killed_at_random_moments(launcher, whole, tmp_path):
    seed = int(os.environ.get("KREG_KILL_SEED", secrets.randbits(32)))
    print(f"KREG_KILL_SEED={seed}")
    table, seconds = whole
    moments = random.Random(f"{launcher} {seed}")
    arguments = [f"hydra/launcher={launcher}", *SWEEP]
    for _ in range(KILLS):
        process, moment = start(tmp_path / "run", *arguments), moments.uniform(0, seconds)
        time.sleep(moment)
        alive = kill(process)
        done = len(list(tmp_path.glob("run/logs/*/sweeps/*/*/result.json")))
        print(f"killed after {moment:.1f} s: alive {alive}, {done} jobs done")
        if list(tmp_path.glob("run/logs/*/sweeps/*/sweep.html")):  # the kill came after its end
            break
    else:
        finish(start(tmp_path / "run", *arguments))
    assert rows(tmp_path / "run") == table


STACK = ["hydra/launcher=stacked", "reg.l1=1e-3,1e-2", "seed=1,2,3", "stop=patience"]
STACK += ["stop.patience=3", "trainer.epochs=40", "optimizer.learning_rate=0.05"]


@pytest.mark.slow
def test_a_stacked_sweep_that_is_killed_ends_in_the_same_bits_as_one_that_is_not(tmp_path):
    seed = int(os.environ.get("KREG_KILL_SEED", secrets.randbits(32)))
    print(f"KREG_KILL_SEED={seed}")
    finish(start(tmp_path / "whole", *STACK))
    table, moments = rows(tmp_path / "whole"), random.Random(seed)
    assert len(set(table["epochs"])) > 1  # their own rules have stopped them
    for done in sorted(moments.sample(range(6), 2)):
        process = start(tmp_path / "run", *STACK)
        until_done(tmp_path / "run", done, process)
        time.sleep(moments.uniform(0, 1))
        kill(process)
    finish(start(tmp_path / "run", *STACK))
    assert rows(tmp_path / "run") == table
    plans = [plan_of(tmp_path / name) for name in ("whole", "run")]
    assert plans[0] == plans[1] and plans[0]["stacks"][0]["jobs"] == list(range(6))


def plan_of(folder: Path) -> dict:
    """`sweep.json` of the only sweep below a folder."""
    (plan,) = folder.glob("logs/*/sweeps/*/sweep.json")
    return json.loads(plan.read_text())


@pytest.mark.slow
def test_a_job_of_a_stack_is_not_resumed_alone(tmp_path):
    process = start(tmp_path / "run", *STACK)
    until(lambda: list(tmp_path.glob("run/logs/*/sweeps/*/0_*/state/epoch_*.npz")), process)
    assert kill(process)
    (folder,) = tmp_path.glob("run/logs/*/sweeps/*/0_*")
    (folder / "result.json").unlink(missing_ok=True)  # it may have come to its end meanwhile
    own = ["reg.l1=1e-3", "seed=1", *STACK[3:], f"resume={folder}"]
    alone = start(tmp_path / "run", *own, many=False)
    output, _ = alone.communicate(timeout=PATIENCE)
    assert alone.returncode == 1, output
    assert "its training was 'in a stack of 6 jobs' and is 'alone'" in output
    assert "Traceback" not in output


@pytest.mark.slow
@installed("hydra_joblib_launcher")
def test_the_jobs_of_a_killed_sweep_that_still_train_are_waited_for(whole, tmp_path):
    process = start(tmp_path / "run", "hydra/launcher=joblib", *SWEEP)
    until(lambda: list(tmp_path.glob("run/logs/*/sweeps/*/1_*/state/epoch_*.npz")), process)
    (owner,) = [int(lock.read_text().split()[1]) for lock in tmp_path.glob("run/**/1_*/run.lock")]
    os.kill(owner, signal.SIGSTOP)  # the slowest of all processes
    try:
        assert kill(process)
        again = start(tmp_path / "run", "hydra/launcher=joblib", *SWEEP)
        assert any("waiting for it to end" in line for line in again.stdout)
    finally:
        os.kill(owner, signal.SIGCONT)
    finish(again)
    assert rows(tmp_path / "run") == whole[0]
    assert not is_running(owner)  # with a gigabyte of memory


def is_running(process: int) -> bool:
    """A zombie has no command line."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    except OSError:
        return False


@pytest.mark.slow
def test_killed_while_it_wrote_its_page(tmp_path):
    finish(start(tmp_path / "run", STRENGTHS, "trainer.epochs=2"))
    table = rows(tmp_path / "run")
    (page,) = tmp_path.glob("run/logs/*/sweeps/*/sweep.html")
    page.rename(page.with_name(f"sweep.html.{os.getpid()}.tmp"))
    output = finish(start(tmp_path / "run", STRENGTHS, "trainer.epochs=2"))
    assert output.count("is done already") == 3
    assert rows(tmp_path / "run") == table


@pytest.mark.slow
@pytest.mark.skipif(chosen("auto") != "tpe", reason="needs optuna")
def test_a_killed_search_ends_with_the_trials_of_one_that_was_never_killed(tmp_path):
    trials = STARTUP + 3
    search = ["hparams_search=optuna", f"hydra.sweeper.trials={trials}"]
    space = ["reg.l1=tag(log,interval(1e-6,1e-2))"]
    finish(start(tmp_path / "whole", *search, *space))
    for killed_after in (2, STARTUP + 1):
        process = start(tmp_path / "run", *search, *space)
        until(lambda n=killed_after: len(journal(tmp_path / "run")) >= n, process)
        assert kill(process)
    output = finish(start(tmp_path / "run", *search, *space))
    assert f"job {trials} of {trials}" in output and f"{trials} runs, {trials} done" in output
    known = journal(tmp_path / "run")
    assert [trial["number"] for trial in known] == list(range(trials))
    assert known == journal(tmp_path / "whole")
    assert len(list(tmp_path.glob("run/logs/*/sweeps/*/*/config.json"))) == trials


STACKED_SEARCH = ["hydra/launcher=stacked", "hydra.sweeper.trials=5", "trainer.epochs=4"]
STACKED_SEARCH += ["reg.l1=tag(log,interval(1e-6,1e-2))", "stop=patience", "stop.patience=3"]
STACKED_SEARCH += ["optimizer.learning_rate=tag(log,interval(1e-3,0.1))", "hydra.sweeper.jobs=3"]


@pytest.mark.slow
@pytest.mark.skipif(chosen("auto") != "tpe", reason="needs optuna")
def test_a_killed_search_in_stacks_ends_in_the_same_bits_as_one_that_is_not(tmp_path):
    search = ["hparams_search=optuna", *STACKED_SEARCH]
    finish(start(tmp_path / "whole", *search))
    for done in (1, 4):  # within the first round of 3, and within the second
        process = start(tmp_path / "run", *search)
        until_done(tmp_path / "run", done, process)
        kill(process)
    finish(start(tmp_path / "run", *search))
    assert journal(tmp_path / "run") == journal(tmp_path / "whole")
    plans = [plan_of(tmp_path / name) for name in ("whole", "run")]
    assert plans[0] == plans[1] and not plans[0]["not_stacked"]
    assert [stack["jobs"] for stack in plans[0]["stacks"]] == [[0, 1, 2], [3, 4]]


def journal(folder: Path) -> list[dict]:
    """The trials of the only search below a folder; none before it has begun."""
    found = list(folder.glob("logs/*/sweeps/*/trials.jsonl"))
    assert len(found) < 2
    return [json.loads(line) for path in found for line in complete(path.read_text())][1:]


def complete(text: str) -> list[str]:
    """The lines that were written to their end."""
    return text[: text.rfind("\n") + 1].splitlines()


def test_waiting_for_a_lock_ends_when_its_owner_dies(tmp_path):
    path = tmp_path / "run.lock"
    program = "import sys, time; from kreg.runs.lock import Lock; lock = Lock(sys.argv[1]); "
    program += "lock.acquire(); print('held', flush=True); time.sleep(60)"
    owner = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    with owner:
        owner.stdout.readline()
        assert not Lock(path).is_free()
        owner.kill()
        Lock(path).wait()
        assert Lock(path).is_free()
    assert owner.returncode == -signal.SIGKILL


def test_waiting_for_a_lock_that_nobody_has_does_not_make_it(tmp_path):
    Lock(tmp_path / "run.lock").wait()
    assert not list(tmp_path.iterdir())

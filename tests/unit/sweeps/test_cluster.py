"""SLURM for real: a cluster of this one machine, with everything that happens to jobs on one."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kreg import sweeps
from kreg.launch import gate
from kreg.sweeps.slurm import Queue
from tests.unit.sweeps import slurm
from tests.unit.sweeps.test_launching import ROOT, installed, run_train, started
from tests.waiting import PATIENCE, until

needs_slurm = pytest.mark.skipif(slurm.reason_why_not(), reason=str(slurm.reason_why_not()))
LAUNCHER = "hydra/launcher=submitit_slurm"
EPOCHS = 800  # some twenty seconds: a signal after the first of them finds the job at work


@pytest.fixture(scope="module")
def one_machine():
    with slurm.running() as running:
        yield running


@pytest.fixture
def cluster(one_machine, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", one_machine.environment["SLURM_CONF"])
    return one_machine


@pytest.mark.slow
@needs_slurm
@installed("hydra_submitit_launcher")
def test_jobs_that_fail_and_jobs_that_vanish_lose_no_others(cluster, launch, tmp_path):
    finished = launch(LAUNCHER, "x=1,13,3,4")  # 13 kills its process, 3 raises
    assert finished.returncode == 1
    runs = sweeps.collect(tmp_path / "out").runs
    assert runs["objective"].tolist()[0] == 1.0 and runs["objective"].tolist()[-1] == 16.0
    assert "x=3 -> failed: three is broken" in finished.stderr
    assert "x=13 -> no result. Job 1 has ended without" in finished.stderr
    again = launch(LAUNCHER, "x=1,2,3,4", HEALED="1")
    assert again.returncode == 0, again.stderr
    assert {n: started(tmp_path)[n] for n in "03"} == {"0": 1, "3": 1}
    assert again.stderr.count("is done already") == 2


@pytest.mark.slow
@needs_slurm
@installed("hydra_submitit_launcher")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_jobs_outlive_who_waits_and_are_found_again(ending, cluster, launch, tmp_path):
    begun = launch.start(LAUNCHER, "x=1,2", "nap=12")
    until(lambda: started(tmp_path).keys() == {"0", "1"}, begun)
    begun.send_signal(ending)
    told = begun.communicate(timeout=PATIENCE)[1]
    assert ("scancel" in told) == (ending == signal.SIGINT)
    assert begun.returncode != 0
    again = launch(LAUNCHER, "x=1,2", "nap=12")
    assert again.returncode == 0, again.stderr
    assert started(tmp_path) == {"0": 1, "1": 1}
    assert sweeps.collect(tmp_path / "out").done["objective"].tolist() == [1.0, 4.0]


@pytest.mark.slow
@needs_slurm
@installed("hydra_submitit_launcher")
def test_a_job_that_slurm_interrupts_ends_like_one_that_it_let_run(cluster, tmp_path):
    sweep = ["-m", "debug=fast", "model=deep", "reg=l1", "reg.l1=1e-3,1e-2"]
    sweep += [f"trainer.epochs={EPOCHS}", "hydra.sweep.dir=out"]
    # SLURM itself would send the signal after a minute and a half; here the test is faster
    limits = ["hydra.launcher.timeout_min=2", "hydra.launcher.signal_delay_s=1"]
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    for folder in (undisturbed, disturbed):
        folder.mkdir()
    assert run_train(undisturbed, *sweep).returncode == 0
    process = begin(cluster, disturbed, *sweep, *limits)
    until(lambda: trains(disturbed, 0), process)
    cluster.call("scancel", "--signal=USR2", in_queue(cluster, 0))  # what SLURM sends in time
    until(lambda: trains(disturbed, 1), process)
    cluster.call("scontrol", "requeue", in_queue(cluster, 1))  # a preempted job, a lost node
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert "2 runs, 2 done" in output and (disturbed / "out" / "sweep.html").is_file()
    for number in (0, 1):
        epoch, *_ = re.findall(r"going on after epoch (\d+)", printed(disturbed, number))
        assert 5 <= int(epoch) < EPOCHS
    tables = [sweeps.collect(folder / "out").runs for folder in (undisturbed, disturbed)]
    for column in ("reg.l1", "status", "val_clean_loss", "sparsity", "epochs", "best_epoch"):
        assert tables[0][column].tolist() == tables[1][column].tolist()


def begin(cluster, folder: Path, *arguments) -> subprocess.Popen:
    """`train.py` with SLURM's launcher, in a process and a directory of its own."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *arguments, LAUNCHER],
        cwd=folder,
        env={**cluster.environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
@needs_slurm
@installed("hydra_submitit_launcher")
def test_a_job_whose_time_is_up_for_good_is_unfinished_and_can_be_continued(cluster, tmp_path):
    sweep = [
        "-m",
        "debug=fast",
        "model=deep",
        "seed=0",
        f"trainer.epochs={EPOCHS}",
        "hydra.sweep.dir=out",
    ]
    once = ["hydra.launcher.timeout_min=2", "hydra.launcher.signal_delay_s=1"]
    process = begin(cluster, tmp_path, *sweep, *once, "hydra.launcher.max_num_timeout=0")
    until(lambda: trains(tmp_path, 0), process)
    cluster.call("scancel", "--signal=USR2", *cluster.jobs())
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "Traceback" not in output, output + printed(tmp_path, 0)
    assert "1 runs, 0 done" in output, output
    assert "no longer in the queue" in output and "interrupted" in printed(tmp_path, 0)
    assert run_train(tmp_path, *sweep).returncode == 0
    assert "going on after epoch" in printed(tmp_path, 0)


def trains(folder: Path, number: int) -> bool:
    """Whether a job has trained some of its epochs, and not yet all."""
    states = folder.glob(f"out/{number}_*/state/epoch_*.npz")
    return any(int(path.stem.split("_")[1]) >= 5 for path in states)


def in_queue(cluster, number: int) -> str:
    """SLURM's name for a job of the only array in its queue."""
    (name,) = [name for name in cluster.jobs() if name.endswith(f"_{number}")]
    return name


def printed(folder: Path, number: int) -> str:
    (path,) = folder.glob(f"out/{number}_*/output.txt")
    return path.read_text()


@pytest.mark.slow
@needs_slurm
@installed("hydra_submitit_launcher")
def test_what_sbatch_refuses_is_a_sentence(cluster, tmp_path):
    arguments = ["-m", LAUNCHER, "hydra.launcher.partition=nowhere", "reg=l1,l2"]
    finished = run_train(tmp_path, *arguments)
    assert finished.returncode == 2
    assert "nowhere" in finished.stderr and "hydra.launcher.partition" in finished.stderr
    assert "Traceback" not in finished.stderr


@installed("hydra_submitit_launcher")
def test_a_local_process_that_vanishes_loses_no_others(launch, tmp_path):
    finished = launch("hydra/launcher=submitit_local", "x=1,13")
    assert finished.returncode == 1
    assert "x=13 -> no result. Job 1 has ended without" in finished.stderr
    again = launch("hydra/launcher=submitit_local", "x=1,2")
    assert again.returncode == 0, again.stderr
    assert "job 1 of 2 is done already: x=1" in again.stderr
    assert sweeps.collect(tmp_path / "out").done["objective"].tolist() == [1.0, 4.0]


def test_a_machine_without_slurm_is_a_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gate.run(pytest.fail, ["-m", LAUNCHER, "reg=l1,l2"]) == 2
    told = capsys.readouterr().err
    assert "sbatch, srun, squeue cannot be found" in told and "submitit_local" in told


@pytest.fixture
def squeue(monkeypatch, tmp_path):
    """A command `squeue` that prints what is written, and no pause between two questions."""
    program = tmp_path / "squeue"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("kreg.sweeps.slurm.PAUSE", 0.0)

    def write(*lines, code=0):
        program.write_text("#!/bin/sh\n" + "".join(f"echo {n}\n" for n in lines) + f"exit {code}\n")
        program.chmod(0o755)

    return write


def test_a_job_is_lost_when_it_is_twice_not_in_the_queue(squeue):
    asked = Queue()
    squeue("7_0", "8")
    assert asked.lost(["7_0", "7_1"]) == set()
    assert asked.lost(["7_0", "7_1"]) == {"7_1"}
    squeue()
    assert asked.lost(["7_0"]) == set()
    squeue("7_0")
    assert asked.lost(["7_0"]) == set()


def test_a_scheduler_that_does_not_answer_has_lost_nothing(squeue, monkeypatch):
    asked = Queue()
    squeue(code=1)
    assert asked.lost(["7_0"]) == asked.lost(["7_0"]) == set()
    monkeypatch.setenv("PATH", "")
    assert asked.alive() is None

"""`srun -n 2 python train.py distribute=multiworker`: the tasks train the model of one process."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.compared import same_bits, same_model
from tests.unit.sweeps import slurm
from tests.waiting import PATIENCE, epochs_written, until

ROOT = Path(__file__).parents[2]
WORDS = [
    "data=digits", "model=shallow", "model.width=16", "reg=elasticnet", "reg.l1=1e-3", "stop=none",
    "trainer.batch_size=101", "trainer.save_every=0", "trainer.epochs=60",
    "trainer.jit_compile=false",
]  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(slurm.reason_why_not(), reason=str(slurm.reason_why_not())),
]


@pytest.fixture(scope="module")
def cluster():
    with slurm.running() as running:
        yield running


def begun(cluster, folder, *before):
    """The training of `folder`; `before` is what starts it, `srun` say."""
    shared = ["distribute=multiworker"] if before else []
    command = [*before, sys.executable, str(ROOT / "train.py"), *WORDS, *shared]
    environment = {**cluster.environment, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_CONFIG", None)
    return subprocess.Popen(
        [*command, f"hydra.run.dir={folder}"], cwd=folder.parent, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def srun(cluster, folder):
    return begun(cluster, folder, "srun", "-n", "2", "--kill-on-bad-exit=0")


def tasks(cluster):
    """The process ids of the tasks of the running step, by their numbers."""
    (step,) = cluster.call("squeue", "--steps", "--noheader", "--format=%i").split()
    lines = cluster.call("scontrol", "listpids", step).splitlines()
    names = lines[0].split()
    rows = [dict(zip(names, line.split())) for line in lines[1:]]
    return {int(row["LOCALID"]): int(row["PID"]) for row in rows if row["LOCALID"].isdigit()}


@pytest.fixture(scope="module")
def undisturbed(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    process = srun(cluster, folder)
    told = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, told
    assert "waiting for the others" in told
    return folder


def test_two_tasks_train_the_weights_of_one_process(cluster, undisturbed, tmp_path):
    process = begun(cluster, tmp_path / "one")
    told = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, told
    same_model(undisturbed, tmp_path / "one")


@pytest.mark.parametrize("victim", [0, 1])
def test_a_task_that_is_killed_ends_both_and_the_same_command_goes_on(
    cluster, undisturbed, tmp_path, victim
):
    folder = tmp_path / "run"
    process = srun(cluster, folder)
    until(lambda: epochs_written(folder) >= 3, process)
    subprocess.run(["kill", "-9", str(tasks(cluster)[victim])], check=True)
    told = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode != 0 and "A worker is gone" in told and "Traceback" not in told, told
    again = srun(cluster, folder)
    told = again.communicate(timeout=PATIENCE)[0]
    assert again.returncode == 0 and "continuing" in told, told
    same_bits(folder, undisturbed)

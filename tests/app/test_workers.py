"""Two processes train the model of one: its weights, zeros, numbers, end; killed, they go on."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kreg.runs import RunDirectory
from tests.app import ports
from tests.app.compared import history, same_bits, same_model, same_training
from tests.unit.data.disk.conftest import FILES, rows_of, write
from tests.waiting import PATIENCE, epochs_written, until

ROOT = Path(__file__).parents[2]
WORDS = [
    "data=digits", "model=shallow", "model.width=16", "reg=elasticnet", "reg.l1=1e-3",
    "trainer.batch_size=100", "optimizer.clipnorm=1", "trainer.save_every=0",
]  # fmt: skip
SHORT = [*WORDS, "trainer.epochs=20", "stop=patience", "stop.patience=1", "stop.min_delta=4%"]
LONG = [*WORDS, "trainer.epochs=60", "stop=none"]

BEGUN = []  # every process of this file

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def nobody_is_left():
    """A test that fails leaves no worker behind."""
    yield
    for process in BEGUN:
        if process.poll() is None:
            process.kill()
            process.communicate()


def addresses(count=2):
    """Free ports of this machine."""
    return [f"127.0.0.1:{port}" for port in ports.free(count)]


def command(folder, *words, cluster=None):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment |= {} if cluster is None else {"TF_CONFIG": json.dumps(cluster)}
    train = [sys.executable, str(ROOT / "train.py"), *words, f"hydra.run.dir={folder}"]
    process = subprocess.Popen(
        train, cwd=folder.parent, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    BEGUN.append(process)
    return process


def started(folder, *words, own=((), ())):
    """Two workers of one training; `own` are words that one of them alone has."""
    workers = addresses()
    cluster = [
        {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        for index in range(2)
    ]
    return [
        command(folder, "distribute=multiworker", *words, *own[index], cluster=cluster[index])
        for index in range(2)
    ]


def ended(*processes):
    """Their exit codes and what they have said."""
    said = [process.communicate(timeout=PATIENCE)[0] for process in processes]
    return [process.returncode for process in processes], said


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    codes, said = ended(*started(folder, *LONG))
    assert codes == [0, 0], said
    return folder


def test_two_train_the_weights_of_one(tmp_path):
    codes, said = ended(*started(tmp_path / "two", *SHORT))
    assert codes == [0, 0], said
    codes, said = ended(command(tmp_path / "one", *SHORT, "trainer.jit_compile=false"))
    assert codes == [0], said
    same_training(tmp_path / "two", tmp_path / "one", before=20)
    assert len(RunDirectory(tmp_path / "two").result["averaged_epochs"]) > 1  # the default


@pytest.mark.parametrize("victim", [0, 1])
def test_a_worker_that_is_killed_ends_all_and_the_same_command_goes_on(
    tmp_path, undisturbed, victim
):
    folder = tmp_path / "run"
    pair = started(folder, *LONG)
    until(lambda: epochs_written(folder) >= 3, *pair)
    pair[victim].kill()
    codes, said = ended(*pair)
    assert codes[victim] == -signal.SIGKILL
    assert codes[1 - victim] == 1 and "A worker is gone" in said[1 - victim], said
    assert "Traceback" not in said[1 - victim]
    codes, said = ended(*started(folder, *LONG))
    assert codes == [0, 0] and "continuing" in said[0], said
    same_bits(folder, undisturbed)


@pytest.mark.parametrize("told", [0, 1])
def test_a_worker_that_is_told_to_stop_takes_the_other_with_it(tmp_path, undisturbed, told):
    folder = tmp_path / "run"
    pair = started(folder, *LONG)
    until(lambda: epochs_written(folder) >= 3, *pair)
    pair[told].send_signal(signal.SIGTERM)
    codes, said = ended(*pair)
    assert codes == [143, 143], said
    assert len(history(folder)) < 60
    codes, said = ended(*started(folder, *LONG))
    assert codes == [0, 0], said
    same_bits(folder, undisturbed)


def test_workers_that_differ_are_refused_before_the_first_step(tmp_path):
    folder = tmp_path / "run"
    codes, said = ended(*started(folder, *SHORT, own=((), ("seed=1",))))
    assert codes == [1, 1], said
    for text in said:
        assert "has another seed than worker 0: '1' and '0'" in text and "Traceback" not in text
    assert not (folder / "history.csv").exists()


def test_a_port_that_is_taken_is_a_sentence(tmp_path):
    workers = addresses()
    cluster = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": 0}}
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(workers[0].split(":")[1])))
        other.listen()
        words = ["distribute=multiworker", *SHORT]
        codes, said = ended(command(tmp_path / "run", *words, cluster=cluster))
    assert codes == [1] and f"cannot listen at {workers[0]}" in said[0], said
    assert "Traceback" not in said[0]


def test_ctrl_c_ends_a_worker_that_waits_for_the_others(tmp_path):
    workers = addresses()
    cluster = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": 0}}
    words = ["distribute=multiworker", *SHORT]
    process = command(tmp_path / "run", *words, cluster=cluster)
    until(lambda: listens(workers[0]), process)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGINT and "Ctrl-C ends this one" in told


def listens(address):
    host, port = address.split(":")
    with socket.socket() as other:
        return other.connect_ex((host, int(port))) == 0


def test_each_worker_reads_its_share_of_rows_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "table").mkdir()
    for seed in range(FILES):
        write(rows_of(seed), tmp_path / "table" / f"part-{seed}.parquet")
    words = [
        "data=parquet", f"data.path={tmp_path}/table", "data.target=y", "data.cache=disk",
        "model=shallow", "model.width=8", "reg=l1", "trainer.epochs=3", "trainer.batch_size=33",
        "stop=none",
    ]  # fmt: skip
    codes, said = ended(*started(tmp_path / "two", *words))
    assert codes == [0, 0], said
    codes, said = ended(command(tmp_path / "one", *words, "trainer.jit_compile=false"))
    assert codes == [0], said
    same_model(tmp_path / "two", tmp_path / "one")
    speed = RunDirectory(tmp_path / "two").result["pictures"]
    assert "a second in training by 2 workers" in speed["told"] and speed["peak_memory"] > 2**20
    assert 0 < speed["sum_share"] <= 1 and speed["sum_seconds"] > 0

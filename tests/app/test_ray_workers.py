"""`python train.py distribute=ray workers=2`: two Ray nodes train the model of one process."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kreg.runs import RunDirectory
from tests.app import ports
from tests.app.compared import same_bits, same_model
from tests.waiting import PATIENCE, epochs_written, until

ROOT = Path(__file__).parents[2]
WORDS = [
    "data=digits", "model=shallow", "model.width=16", "reg=elasticnet", "reg.l1=1e-3", "stop=none",
    "trainer.batch_size=101", "trainer.jit_compile=false",
]  # fmt: skip
SHORT = "trainer.epochs=6"
LONG = ["trainer.epochs=40", "trainer.save_every=0", "distribute=ray", "workers=2"]
PORTS = (
    "metrics_agent_port", "metrics_export_port", "runtime_env_agent_port",
    "dashboard_agent_listen_port",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray's own sockets
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def node():
    """What a node is started with."""
    return {"num_cpus": 1, **dict(zip(PORTS, ports.free(len(PORTS)), strict=True))}


@pytest.fixture(scope="module")
def two_nodes():
    """The address of a cluster of two nodes on this machine, whose workers find kreg."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(ROOT))
        # no web pages, and ports that are known: on a busy machine a node dies of waiting for both
        head = {**node(), "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            cluster.add_node(**node())
            cluster.wait_for_nodes()
            yield cluster.address
        finally:
            cluster.shutdown()


def begun(folder, *words, **environment):
    plain = {k: v for k, v in os.environ.items() if k not in ("TF_CONFIG", "RAY_ADDRESS")}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *WORDS, *words, f"hydra.run.dir={folder}"],
        cwd=folder.parent, env={**plain, "PYTHONPATH": str(ROOT), **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def run(folder, *words, **environment):
    """The exit code, and what was said."""
    process = begun(folder, *words, **environment)
    told = process.communicate(timeout=PATIENCE)[0]
    return process.returncode, told


def process_of(folder, index):
    """The number of the process that trains as this worker, wherever Ray has started it."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words, known = (place / "cmdline").read_bytes(), (place / "environ").read_bytes()
        except OSError:  # it has ended, or is another user's
            continue
        own = f"hydra.run.dir={folder}".encode() in words and b"TF_CONFIG=" in known
        if own and f'"index": {index}'.encode() in known:
            return int(place.name)
    raise AssertionError(f"nobody trains as worker {index}")


@pytest.fixture(scope="module")
def undisturbed(two_nodes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    code, told = run(folder, *LONG, RAY_ADDRESS=two_nodes)
    assert code == 0, told
    return folder


def test_two_nodes_train_the_weights_of_one_process(two_nodes, tmp_path):
    words = [SHORT, "distribute=ray", "workers=2"]
    code, told = run(tmp_path / "two", *words, RAY_ADDRESS=two_nodes)
    assert code == 0, told
    code, told = run(tmp_path / "one", SHORT)
    assert code == 0, told
    same_model(tmp_path / "two", tmp_path / "one")
    assert "by 2 workers" in RunDirectory(tmp_path / "two").result["pictures"]["told"]
    code, told = run(tmp_path / "two", *words, RAY_ADDRESS=two_nodes)
    assert code == 0 and "finished" in told, told


@pytest.mark.parametrize(("victim", "epochs"), [(0, 5), (1, 3)])
def test_a_worker_that_is_killed_ends_all_and_the_same_command_goes_on(
    two_nodes, undisturbed, tmp_path, victim, epochs
):
    folder = tmp_path / "run"
    process = begun(folder, *LONG, RAY_ADDRESS=two_nodes)
    until(lambda: epochs_written(folder) >= epochs, process)
    os.kill(process_of(folder, victim), signal.SIGKILL)
    told = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 1 and "Traceback" not in told, told
    assert f"Worker {victim}" in told and "The same command" in told, told
    code, told = run(folder, *LONG, RAY_ADDRESS=two_nodes)
    assert code == 0 and "continuing" in told, told
    same_bits(folder, undisturbed)


def test_a_cluster_without_room_is_a_sentence_and_leaves_nothing(two_nodes, tmp_path):
    words = [SHORT, "distribute=ray", "workers=4"]
    code, told = run(tmp_path / "run", *words, RAY_ADDRESS=two_nodes)
    assert code == 2 and "has 2 processors, and workers=4 need 3" in told
    assert "Traceback" not in told and not (tmp_path / "run").exists()

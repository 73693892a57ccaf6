"""`python train.py distribute=ray workers=2`: two Ray nodes train the model of one process."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kreg
from kreg.runs import RunDirectory

ROOT = Path(__file__).parents[2]
WORDS = [
    "data=digits", "model=shallow", "model.width=16", "reg=elasticnet", "reg.l1=1e-3", "stop=none",
    "trainer.batch_size=101", "trainer.epochs=6", "trainer.jit_compile=false",
]  # fmt: skip
PATIENCE = 3600  # seconds until a training that hangs fails the test, on a busy machine too

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray's own sockets
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def two_nodes():
    """The address of a cluster of two nodes on this machine, whose workers find kreg."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(ROOT))
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        try:
            cluster.add_node(num_cpus=1)
            cluster.wait_for_nodes()
            yield cluster.address
        finally:
            cluster.shutdown()


def run(folder, *words, **environment):
    plain = {k: v for k, v in os.environ.items() if k not in ("TF_CONFIG", "RAY_ADDRESS")}
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *WORDS, *words, f"hydra.run.dir={folder}"],
        cwd=folder.parent, env={**plain, "PYTHONPATH": str(ROOT), **environment}, text=True,
        capture_output=True, timeout=PATIENCE,
    )  # fmt: skip


def weights(folder):
    return [np.asarray(w) for w in kreg.load_model(folder / "best.keras").get_weights()]


def test_two_nodes_train_the_weights_of_one_process(two_nodes, tmp_path):
    finished = run(tmp_path / "two", "distribute=ray", "workers=2", RAY_ADDRESS=two_nodes)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    alone = run(tmp_path / "one")
    assert alone.returncode == 0, alone.stderr
    for ours, theirs in zip(weights(tmp_path / "two"), weights(tmp_path / "one"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(ours == 0, theirs == 0)
    assert "by 2 workers" in RunDirectory(tmp_path / "two").result["pictures"]["told"]
    again = run(tmp_path / "two", "distribute=ray", "workers=2", RAY_ADDRESS=two_nodes)
    assert again.returncode == 0 and "finished" in again.stdout, again.stdout + again.stderr


def test_a_cluster_without_room_is_a_sentence_and_leaves_nothing(two_nodes, tmp_path):
    finished = run(tmp_path / "run", "distribute=ray", "workers=4", RAY_ADDRESS=two_nodes)
    assert finished.returncode == 2 and "has 2 processors, and workers=4 need 3" in finished.stderr
    assert "Traceback" not in finished.stderr and not (tmp_path / "run").exists()

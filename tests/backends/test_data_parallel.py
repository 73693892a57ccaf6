"""`keras.distribution.DataParallel` on two devices of JAX: the numbers of one."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import kreg
from kreg.training import data_parallel

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "jax" / "data_parallel.py"
TWO = "--xla_force_host_platform_device_count=2"

TRAINED = [
    "distribute=data_parallel", "model=cnn", "model.depth=1", "model.width=8",
    "data.train_size=400", "trainer.batch_size=64",
    "dropout=light", "augment=light", "reg=l1", "trainer.epochs=3", "compress=true",
    "optimizer.clipnorm=1", "diagnostics.probe_training=false", "logger=none",
]  # fmt: skip
pytestmark = pytest.mark.skipif(
    keras.config.backend() != "jax", reason="PyTorch has no DataParallel in Keras"
)


def train(folder, *words, flags=TWO):
    """`kreg train ...` in a process of its own, which sees so many devices."""
    command = [sys.executable, "-m", "kreg", "train", *words, f"hydra.run.dir={folder}"]
    env = {**os.environ, "XLA_FLAGS": flags, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "jax"}
    return subprocess.run(command, cwd=folder.parent, env=env, capture_output=True, text=True)


def history(folder):
    return list(csv.DictReader((folder / "history.csv").read_text().splitlines()))


def weights(path):
    return [np.asarray(w) for w in kreg.load_model(path, compile=False).get_weights()]


def test_the_program_trains_on_two_devices_the_model_of_one(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, flags in ((one, ""), (two, TWO)):
        ended = train(folder, *TRAINED, flags=flags)
        assert ended.returncode == 0, ended.stderr
        assert ("JAX sees one device" in ended.stdout) is (folder == one)
    rows = [history(folder) for folder in (one, two)]
    assert len(rows[0]) == len(rows[1]) == 3 and "val_clean_loss" in rows[0][0]
    for ours, theirs in zip(*rows, strict=True):
        for name in ours:
            assert float(ours[name]) == pytest.approx(float(theirs[name]), rel=1e-5, abs=1e-5), name
    for name in ("best.keras", "compressed.keras"):
        for ours, theirs in zip(weights(two / name), weights(one / name), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
            np.testing.assert_array_equal(ours == 0, theirs == 0)
    results = [json.loads((folder / "result.json").read_text()) for folder in (one, two)]
    for key in ("verdict", "stop_reason", "best_epoch", "epochs", "sparsity"):
        assert results[0][key] == results[1][key], key
    assert "by 2 devices" in results[1]["pictures"]["told"]


def test_rows_that_two_devices_cannot_share_are_refused(tmp_path):
    ended = train(tmp_path / "run", *TRAINED, "data.train_size=401")
    assert ended.returncode == 1, ended.stderr
    assert "last batch of 401 training rows. Say data.train_size=400." in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("rows", "batch", "sentence"),
    [(1150, 63, "Say trainer.batch_size=62."), (1149, 64, "Say data.train_size=1148.")],
)
def test_a_sentence_says_what_two_devices_can_share(rows, batch, sentence):
    data_parallel.refuse_uneven(1150, 64, 2)
    with pytest.raises(ValueError, match=sentence):
        data_parallel.refuse_uneven(rows, batch, 2)


def test_two_devices_train_the_model_of_one(tmp_path):
    found = {}
    for devices, flags in ((1, ""), (2, TWO)):
        env = {**os.environ, "XLA_FLAGS": flags, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "jax"}
        out = tmp_path / f"{devices}.json"
        command = [sys.executable, str(EXAMPLE), "--out", str(out)]
        ended = subprocess.run(command, env=env, capture_output=True, text=True, cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        found[devices] = json.loads(out.read_text())
    one, two = found[1], found[2]
    assert (one["devices"], two["devices"]) == (1, 2)
    assert one["verdict"] == two["verdict"] and 0 < one["zeros"] == two["zeros"]
    assert one["stopped"] == two["stopped"]
    for name, values in one["history"].items():
        np.testing.assert_allclose(values, two["history"][name], rtol=1e-5, atol=1e-5, err_msg=name)

"""`keras.distribution.DataParallel` on two devices of JAX: the numbers of one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "jax" / "data_parallel.py"
TWO = "--xla_force_host_platform_device_count=2"


@pytest.mark.skipif(keras.config.backend() != "jax", reason="PyTorch has no DataParallel in Keras")
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

"""The wheel, installed outside the checkout, holds the configuration and trains."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def run(*command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, **kwargs)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_trains(tmp_path):
    pip = (sys.executable, "-m", "pip")
    run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.glob("kreg-*.whl")
    site = tmp_path / "site"
    run(*pip, "install", "--quiet", "--no-deps", "--target", str(site), str(wheel))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = (sys.executable, "-m", "kreg", "train", "debug=fast", "model=shallow")
    printed = run(*command, cwd=elsewhere, env=environment)
    assert "test accuracy" in printed
    (found,) = elsewhere.glob("logs/digits/runs/*/result.json")
    where = run(
        sys.executable, "-c", "import kreg; print(kreg.__file__)", cwd=elsewhere, env=environment
    )
    assert Path(where.strip()).is_relative_to(site) and found.exists()

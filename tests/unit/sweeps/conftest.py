"""Directories of runs as a sweep leaves them, without training anything."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kreg.config import conf_dir
from tests.waiting import PATIENCE

APP = Path(__file__).with_name("app.py")
CONFIG = """\
defaults:
  - _self_
  - override hydra/launcher: kreg
x: 0
y: 0
nap: 0
hydra:
  searchpath: [file://{conf}]
  sweep:
    dir: out
    subdir: ${{hydra.job.num}}_${{digest:${{hydra.overrides.task}}}}
  callbacks:
    result:
      _target_: kreg.sweeps.jobs.JobResult
"""


@pytest.fixture
def write_run(tmp_path):
    def write(name, overrides, objective=None, status="done", **more):
        folder = tmp_path / name
        (folder / ".hydra").mkdir(parents=True)
        lines = "".join(f"- {override}\n" for override in overrides) or "[]"
        (folder / ".hydra" / "overrides.yaml").write_text(lines)
        (folder / "config.json").write_text("{}")
        if status == "unfinished":
            return folder
        result = {
            "status": status,
            "verdict": "good fit",
            "objective": math.nan if objective is None else objective,
            "params": 100,
            "sparsity": 0.5,
            "seconds": 1.0,
            "metrics": {"gap": 0.1, "test_clean_accuracy": 0.9},
        }
        (folder / "result.json").write_text(json.dumps({**result, **more}))
        (folder / "report.html").write_text("page")
        return folder

    return write


@pytest.fixture
def launch(tmp_path):
    """Run the app with `-m`, in a process of its own; `launch.start` does not wait for its end."""

    def start(*arguments, **environment):
        (tmp_path / "conf").mkdir(exist_ok=True)
        (tmp_path / "conf" / "config.yaml").write_text(CONFIG.format(conf=conf_dir()))
        root = str(Path(__file__).parents[3])
        return subprocess.Popen(
            [sys.executable, str(APP), str(tmp_path / "conf"), "-m", *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": root, "RAY_AUTH_MODE": "disabled", **environment},
        )

    def launch(*arguments, **environment):
        process = start(*arguments, **environment)
        try:
            output = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, *output)

    launch.start = start
    return launch

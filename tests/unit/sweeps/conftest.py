"""Directories of runs as a sweep leaves them, without training anything."""

import json
import math

import pytest


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
            "metrics": {"gap": 0.1, "test_accuracy": 0.9},
        }
        (folder / "result.json").write_text(json.dumps({**result, **more}))
        (folder / "report.html").write_text("page")
        return folder

    return write

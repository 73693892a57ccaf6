"""Procedures that are not one training: `experiment=diabetes_path` and its like."""

import importlib
import inspect
import json
from pathlib import Path


def run(config, directory: Path) -> float:
    """Run `kreg.experiments.<procedure>` and write what it found; returns the sweep's objective.

    Args:
        config: The checked configuration; `config.arguments` go to the procedure, and the whole
            of it to a procedure that has an argument `config`.
        directory: Where its tables and figures go.
    """
    module = importlib.import_module(f"kreg.experiments.{config.procedure}")
    directory.mkdir(parents=True, exist_ok=True)
    wanted = inspect.signature(module.run).parameters
    extra = {"config": config} if "config" in wanted else {}
    result = module.run(directory, **extra, **config.arguments)
    found = {"status": "done", "procedure": config.procedure, **result}
    (directory / "result.json").write_text(json.dumps(found, indent=1, default=float) + "\n")
    print(f"kreg: results in {directory}")
    return float(result.get("objective", 0.0))

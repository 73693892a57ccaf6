"""Procedures that are not one training: `experiment=diabetes_path` and its like."""

import importlib
import inspect
import json
from pathlib import Path
from typing import Any

from kreg.config.root import PROCEDURES, Config


def run(config: Config, directory: Path) -> dict[str, Any]:
    """Run the configuration's procedure; returns its `result.json`, of plain JSON values.

    Args:
        config: The checked configuration; `config.arguments` go to the procedure, and the whole
            of it to a procedure that has an argument `config`.
        directory: Where its tables and figures go.
    """
    module = importlib.import_module(PROCEDURES[config.procedure])
    wanted = inspect.signature(module.run).parameters
    extra = {"config": config} if "config" in wanted else {}
    result = module.run(directory, **extra, **config.arguments)
    found = {"status": "done", "procedure": config.procedure, **result}
    plain: dict[str, Any] = json.loads(json.dumps(found, default=float))
    return plain

"""All of a finished run that must not depend on interruptions; times, paths and names may."""

import json
import re
from pathlib import Path

import numpy as np

from kreg.runs import StateFile

# keys below which a clock, a path or a command line is written
TIMED = {
    "seconds", "training_seconds", "latency_ms", "created", "began", "ended", "command", "name",
    "pictures",  # how fast they were read
}  # fmt: skip
# as many as there were processes
COUNTED = r"tensorboard/|\.hydra/|state/epoch_\d{6}(_batch_\d{9})?\.npz$"
MODELS = ("best.keras", "compressed.keras")


def outcome(run: Path) -> dict:
    """Parts of a run by name; two runs of one command must have equal ones."""
    state = StateFile(run / "state").read()
    return {
        "variables": [a.tobytes() for group in state["variables"].values() for a in group],
        "history": (run / "history.csv").read_text(),
        "result": timeless(json.loads((run / "result.json").read_text())),
        "report": timeless(json.loads((run / "report.json").read_text())),
        "steps": tensorboard_steps(run),
        "files": files(run),
        **{name: weights(run / name) for name in MODELS if (run / name).exists()},
    }


def timeless(value):
    """JSON values without the keys of `TIMED`, at any depth."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in TIMED}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def weights(path: Path) -> list[bytes]:
    import kreg

    model = kreg.load_model(path, compile=False)
    return [np.asarray(values).tobytes() for values in model.get_weights()]


def files(run: Path) -> list[str]:
    """What lies in the directory, event files and states aside: nothing half-written may stay."""
    found = (str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())
    return sorted(name for name in found if not re.match(COUNTED, name))


def tensorboard_steps(run: Path) -> dict[str, list[int]]:
    """Every tag and its steps in the order of writing: no gap, no double."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    steps = {}
    for path in sorted((run / "tensorboard").glob("events*")):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                steps.setdefault(value.tag, []).append(event.step)
    return steps

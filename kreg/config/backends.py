"""Which backend Keras trains on, found before Keras is imported; what one cannot do is refused."""

import importlib.util
import os
import sys
from pathlib import Path

from kreg import check
from kreg.config.distributed import DATA_PARALLEL
from kreg.config.procedures import PROCEDURES
from kreg.config.root import Config
from kreg.foreign import json_text
from kreg.training.options import BACKENDS

TENSORFLOW = "tensorflow"
VARIABLE, HOME = "KERAS_BACKEND", "KERAS_HOME"
EXTRA = "pip install 'kreg[backends]'"
LAUNCHERS = ("kreg", "basic", "joblib", "ray", "submitit_local", "submitit_slurm")


def of_process() -> str:
    """The backend that Keras runs on, or will run on: from the places where Keras itself looks.

    Raises:
        ValueError: If it is none that kreg trains on.
    """
    keras = sys.modules.get("keras")
    if keras is not None:
        return known(keras.config.backend(), "the backend on which Keras runs")
    said = os.environ.get(VARIABLE)
    return known(said, VARIABLE) if said else of_file()


def of_file() -> str:
    """What `keras.json` says, among Keras's settings; TensorFlow where it says nothing."""
    home = Path.home()
    usual = (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"
    path = Path(os.environ.get(HOME) or usual) / "keras.json"
    said = (json_text.read_object(path) or {}).get("backend", TENSORFLOW)
    return known(said, f"`backend` in {path}")


def known(name: object, where: str) -> str:
    """A backend that kreg trains on.

    Raises:
        ValueError: With the names of those that there are.
    """
    found: str = check.choice(where, name, BACKENDS)
    return found


def the_backend_trains_this(config: Config) -> None:
    """JAX and PyTorch train one model at a time; what is TensorFlow's own is refused."""
    backend = config.trainer.backend
    if backend == TENSORFLOW:
        return
    if importlib.util.find_spec(backend) is None:
        raise ValueError(
            f"trainer.backend={backend} needs the package {backend}, which is not installed. "
            f"Install it with: {EXTRA}"
        )
    procedure = PROCEDURES.get(config.procedure)
    if procedure is not None and procedure.stack:
        what = f"experiment={config.procedure} trains {procedure.stack} as one stack, which"
        raise refused(backend, what)
    if config.distribute not in ("none", DATA_PARALLEL):
        raise refused(backend, f"distribute={config.distribute}")
    if backend == "torch" and config.trainer.jit_compile is True:
        raise refused(backend, "trainer.jit_compile=true", "Leave it out")


def refuse_sweep(backends: set[str], launcher: str) -> None:
    """A sweep has one backend, and a launcher that trains on it.

    Args:
        backends: Those of its jobs.
        launcher: The option of `hydra/launcher`.

    Raises:
        ValueError: With one sentence.
    """
    if len(backends) > 1:
        raise ValueError(
            f"trainer.backend={','.join(sorted(backends))}: Keras has one backend in a process. "
            "Start a sweep for each."
        )
    backend = next(iter(backends), TENSORFLOW)
    if backend != TENSORFLOW and launcher not in LAUNCHERS:
        raise refused(backend, f"hydra/launcher={launcher}", f"Choose {', '.join(LAUNCHERS)}")


def refused(backend: str, what: str, instead: str = "") -> ValueError:
    """The error of what needs TensorFlow, or was not tried on another backend."""
    told = instead or f"Say trainer.backend={TENSORFLOW}"
    return ValueError(f"{what} is not there with the backend {backend} of Keras. {told}.")

"""Keras started on the backend of a run, on the device that was asked for."""

import functools
import importlib.metadata
import os
import sys
from collections.abc import Callable
from typing import Any

from kreg.config.backends import TENSORFLOW
from kreg.training.options import TrainerOptions

ORDER_ON_GPUS = "--xla_gpu_deterministic_ops=true"
NO_GPU = (
    "trainer.device=gpu, but {backend} sees no GPU. Install the drivers and {package}, or train "
    "with trainer.device=auto."
)
PACKAGES = {
    "tensorflow": "`pip install 'kreg[gpu]'`",
    "jax": "`pip install 'jax[cuda13]'`",
    "torch": "PyTorch's build for them",
}


def start(cfg: TrainerOptions) -> Any:
    """Import Keras on the backend of the run; returns TensorFlow, whose `tf.data` feeds all three.

    Args:
        cfg: The checked `trainer` group.

    Raises:
        ValueError: If Keras already runs on another backend in this process.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = cfg.backend
        _prepare(cfg)
    import keras
    import tensorflow as tf

    running = keras.config.backend()
    if running != cfg.backend:
        raise ValueError(
            f"trainer.backend={cfg.backend}, but Keras runs on {running} in this process, and "
            "cannot change. Say KERAS_BACKEND before Keras is imported, or start a new process."
        )
    if cfg.backend != TENSORFLOW:  # which only feeds: the memory of the GPUs is the other's
        configure(lambda: tf.config.set_visible_devices([], "GPU"))
    return tf


def _prepare(cfg: TrainerOptions) -> None:
    """What JAX and PyTorch read from the environment, once, when they are imported."""
    if cfg.backend == "torch" and cfg.device == "cpu":
        os.environ["KERAS_TORCH_DEVICE"] = "cpu"
    if cfg.backend == "jax" and cfg.deterministic:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {ORDER_ON_GPUS}".strip()
    if cfg.backend == "torch" and cfg.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def in_order(cfg: TrainerOptions) -> None:
    """`trainer.deterministic`: the same operations in the same order."""
    if not cfg.deterministic:
        return
    if cfg.backend == TENSORFLOW:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif cfg.backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True)


def device(cfg: TrainerOptions) -> str:
    """Choose the device; returns its name, with that of the backend where it is not TensorFlow.

    Raises:
        ValueError: If a GPU was asked for and none is visible.
    """
    found = DEVICES[cfg.backend](cfg.device)
    if cfg.device == "gpu" and found != "gpu":
        raise ValueError(NO_GPU.format(backend=NAMES[cfg.backend], package=PACKAGES[cfg.backend]))
    return found if cfg.backend == TENSORFLOW else f"{found} ({NAMES[cfg.backend]})"


def _tensorflow(wanted: str) -> str:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if wanted == "cpu" and gpus:
        configure(lambda: tf.config.set_visible_devices([], "GPU"))
    for gpu in [] if wanted == "cpu" else gpus:
        grow = functools.partial(tf.config.experimental.set_memory_growth, gpu, True)
        configure(grow)
    return "cpu" if wanted == "cpu" or not gpus else "gpu"


def _jax(wanted: str) -> str:
    import jax

    if wanted == "cpu":
        jax.config.update("jax_default_device", jax.devices("cpu")[0])
    chosen = jax.config.jax_default_device
    return str(jax.default_backend() if chosen is None else getattr(chosen, "platform", chosen))


def _torch(wanted: str) -> str:
    import torch

    if wanted == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "gpu"
    return "mps" if torch.backends.mps.is_available() else "cpu"


DEVICES: dict[str, Callable[[str], str]] = {
    "tensorflow": _tensorflow, "jax": _jax, "torch": _torch
}  # fmt: skip
NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def configure(change: Callable[[], None]) -> None:
    """Device settings can change only before first use; a sweep's later jobs keep the first's."""
    try:
        change()
    except RuntimeError as error:
        if "initialized" not in str(error):
            raise


def version(backend: str) -> dict[str, str]:
    """The version of a backend by its name; TensorFlow, which feeds them, is named anyway."""
    if backend == TENSORFLOW:
        return {}
    return {backend: importlib.metadata.version(backend)}

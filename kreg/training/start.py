"""Start TensorFlow quietly, on the device and in the precision that were asked for."""

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

from kreg.quiet_start import quiet_start
from kreg.randomness import same_randomness, seed_globally
from kreg.training.options import TrainerOptions
from kreg.training.shared_steps import SharedSteps


def prepare(cfg: TrainerOptions, seed: int, steps: SharedSteps | None = None) -> str:
    """Set device, precision and seeds for one run; returns the device's name.

    Args:
        cfg: The checked `trainer` group.
        seed: The run's seed: Python, NumPy and Keras draw from it.
        steps: What this training shares with earlier ones of the process, or `None`.

    Raises:
        ValueError: If a GPU was asked for and none is visible.
    """
    with quiet_start(cfg.verbose != "debug"):
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices()
        tf.get_logger().setLevel("DEBUG" if cfg.verbose == "debug" else "ERROR")
    keras.utils.clear_session(free_memory=steps is None or not steps.is_light)
    keras.config.set_dtype_policy(cfg.precision)
    keras.utils.set_random_seed(seed)
    if cfg.deterministic:
        tf.config.experimental.enable_op_determinism()
    return _choose_device(cfg.device, tf)


def again(seed: int) -> None:
    """Names and random numbers as `prepare` leaves them, for another model of the same process."""
    import keras

    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)


@contextlib.contextmanager
def as_guest(cfg: TrainerOptions, seed: int) -> Iterator[str]:
    """`prepare` in somebody's own program: the same numbers, and afterwards nothing has changed.

    Keras's session is not cleared. The precision and the global random numbers are those of the
    run inside, and the program's own afterwards.

    Args:
        cfg: The checked `trainer` group.
        seed: The run's seed.

    Raises:
        ValueError: If a GPU was asked for and none is visible.
    """
    with quiet_start("tensorflow" not in sys.modules and cfg.verbose != "debug"):
        import keras
        import tensorflow as tf

        device = _choose_device(cfg.device, tf)
    if cfg.deterministic:
        tf.config.experimental.enable_op_determinism()
    theirs = keras.config.dtype_policy()
    with same_randomness():
        seed_globally(seed)
        keras.config.set_dtype_policy(cfg.precision)
        try:
            yield device
        finally:
            keras.config.set_dtype_policy(theirs)


def _choose_device(wanted: str, tf: ModuleType) -> str:
    gpus = tf.config.list_physical_devices("GPU")
    if wanted == "gpu" and not gpus:
        raise ValueError(
            "trainer.device=gpu, but TensorFlow sees no GPU. Install the drivers and "
            "`pip install 'kreg[gpu]'`, or train with trainer.device=auto."
        )
    if wanted == "cpu" and gpus:
        _configure(lambda: tf.config.set_visible_devices([], "GPU"))
    elif gpus:
        for gpu in gpus:
            grow = functools.partial(tf.config.experimental.set_memory_growth, gpu, True)
            _configure(grow)
    return "cpu" if wanted == "cpu" or not gpus else "gpu"


def _configure(change: Callable[[], None]) -> None:
    """Device settings can change only before first use; a sweep's later jobs keep the first's."""
    try:
        change()
    except RuntimeError as error:
        if "initialized" not in str(error):
            raise

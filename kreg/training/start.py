"""Start Keras quietly, on the backend, on the device and in the precision that were asked for."""

import contextlib
import sys
from collections.abc import Iterator

from kreg.quiet_start import for_good, quiet_start
from kreg.randomness import same_randomness, seed_globally
from kreg.training import backends
from kreg.training.options import TrainerOptions
from kreg.training.shared_steps import SharedSteps


def prepare(cfg: TrainerOptions, seed: int, steps: SharedSteps | None = None) -> str:
    """Set backend, device, precision and seeds for one run; returns the device's name.

    Args:
        cfg: The checked `trainer` group.
        seed: The run's seed: Python, NumPy and Keras draw from it.
        steps: What this training shares with earlier ones of the process, or `None`.

    Raises:
        ValueError: If a GPU was asked for and none is visible, or Keras runs on another backend.
    """
    with quiet_start(cfg.verbose != "debug"), for_good():
        tf = backends.start(cfg)
        import keras

        tf.config.list_physical_devices()
        tf.get_logger().setLevel("DEBUG" if cfg.verbose == "debug" else "ERROR")
    keras.utils.clear_session(free_memory=steps is None or not steps.is_light)
    keras.config.set_dtype_policy(cfg.precision)
    keras.utils.set_random_seed(seed)
    backends.in_order(cfg)
    return backends.device(cfg)


def again(seed: int) -> None:
    """Names and random numbers as `prepare` leaves them, for another model of the same process."""
    import keras

    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)


@contextlib.contextmanager
def as_guest(cfg: TrainerOptions, seed: int) -> Iterator[str]:
    """`prepare` in somebody's own program: the same numbers, and afterwards nothing has changed.

    Keras's session is not cleared. The precision and the global random numbers are those of the
    run inside, and the program's own afterwards. Nothing undoes `trainer.deterministic`, which an
    estimator therefore refuses.

    Args:
        cfg: The checked `trainer` group.
        seed: The run's seed.

    Raises:
        ValueError: If a GPU was asked for and none is visible, or Keras runs on another backend.
    """
    with quiet_start("tensorflow" not in sys.modules and cfg.verbose != "debug"):
        backends.start(cfg)
        import keras

        device = backends.device(cfg)
    backends.in_order(cfg)
    theirs = keras.config.dtype_policy()
    with same_randomness():
        seed_globally(seed)
        keras.config.set_dtype_policy(cfg.precision)
        try:
            yield device
        finally:
            keras.config.set_dtype_policy(theirs)

"""`trainer`: start TensorFlow quietly, on the device and in the precision that were asked for."""

from kreg.build import reuse
from kreg.build.quiet import quiet_start


def prepare(cfg, seed: int) -> str:
    """Set device, precision and seeds for one run; returns the device's name.

    Args:
        cfg: The checked `trainer` group.
        seed: The run's seed: Python, NumPy and Keras draw from it.

    Raises:
        ValueError: If a GPU was asked for and none is visible.
    """
    with quiet_start(cfg.verbose != "debug"):
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices()
        tf.get_logger().setLevel("DEBUG" if cfg.verbose == "debug" else "ERROR")
    keras.utils.clear_session(free_memory=not reuse.is_light())
    keras.config.set_dtype_policy(cfg.precision)
    keras.utils.set_random_seed(seed)
    if cfg.deterministic:
        tf.config.experimental.enable_op_determinism()
    return _choose_device(cfg.device, tf)


def _choose_device(wanted: str, tf) -> str:
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
            _configure(lambda gpu=gpu: tf.config.experimental.set_memory_growth(gpu, True))
    return "cpu" if wanted == "cpu" or not gpus else "gpu"


def _configure(change) -> None:
    """Device settings can change only before first use; a sweep's later jobs keep the first's."""
    try:
        change()
    except RuntimeError as error:
        if "initialized" not in str(error):
            raise


def jit_compile(cfg, model):
    """Keras's `jit_compile` argument; `"auto"` keeps XLA away from convolutions on a processor.

    A small CNN trained for six epochs took 29 s with XLA and 16 s without, a small residual network
    59 s and 45 s (two cores, compilation included). Dense networks gain from it.
    """
    if cfg.jit_compile != "auto" or not convolves(model):
        return cfg.jit_compile
    import tensorflow as tf

    on_gpu = cfg.device != "cpu" and tf.config.list_physical_devices("GPU")
    return "auto" if on_gpu else False


def convolves(model) -> bool:
    """Whether a layer of the model, or of a model in it, has a kernel that moves."""
    return any(
        getattr(layer, "kernel_size", None) or convolves(layer)
        for layer in getattr(model, "layers", ())
    )

"""The trainings of `bench_gpu.py`: which they are, and what a step of each takes.

Nothing in here is of one backend alone but the count of memory.
"""

import gc
import os
import time
from dataclasses import dataclass, field
from typing import Any

GROUP = 25  # steps in one call: the clock is read after each


@dataclass(frozen=True)
class Size:
    """How large the networks are, and for how many groups of steps each is timed."""

    units: int = 2048
    rows: int = 512
    filters: tuple[int, ...] = (128, 256, 512, 512)
    pictures: int = 256
    groups: int = 12
    epochs: int = 60


FULL, QUICK = Size(), Size(32, 32, (4, 4), 16, 4, 2)


@dataclass(frozen=True)
class Case:
    """One training: its optimizer and penalty by their names in kreg or Keras."""

    label: str
    penalty: str = ""
    package: str = "keras"
    network: str = "dense"
    beside: str = ""
    compile: dict[str, Any] = field(default_factory=dict)
    precision: str = "float32"


BARE, CONV = "dense, keras.Adam", "convolutions, keras.Adam"
MIXED = ("mixed_bfloat16", "mixed_float16")
CASES = (
    Case(BARE, compile={"jit_compile": True}),
    *(
        Case(f"dense, {package} {penalty}", penalty, package, "dense", BARE, {"jit_compile": True})
        for package, penalty in (
            ("keras", "L1"),
            ("keras", "L2"),
            ("kreg", "L1"),
            ("kreg", "L2"),
            ("kreg", "ElasticNet"),
            ("kreg", "GroupLasso"),
        )
    ),
    Case("dense, kreg L1, no XLA", "L1", "kreg", "dense", BARE, {"jit_compile": False}),
    *(
        Case(f"dense, kreg L1, {kind}", "L1", "kreg", "dense", BARE, {"jit_compile": True}, kind)
        for kind in MIXED
    ),
    Case(CONV, network="convolutions"),
    Case("convolutions, kreg L1", "L1", "kreg", "convolutions", CONV),
    Case("convolutions, kreg GroupLasso", "GroupLasso", "kreg", "convolutions", CONV),
    *(
        Case(f"convolutions, kreg L1, {kind}", "L1", "kreg", "convolutions", CONV, precision=kind)
        for kind in MIXED
    ),
)


# the device


def devices() -> list[str]:
    """The GPUs that the chosen backend sees, by name."""
    if backend() == "jax":
        import jax

        return [str(device.device_kind) for device in jax.devices() if device.platform == "gpu"]
    from kreg.quiet_start import quiet_start

    with quiet_start():
        import tensorflow as tf

        found = tf.config.list_physical_devices("GPU")
    for gpu in found:
        tf.config.experimental.set_memory_growth(gpu, True)  # the default run is a process beside
    return [tf.config.experimental.get_device_details(gpu).get("device_name", "") for gpu in found]


def backend() -> str:
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def forget_peak() -> None:
    """Begin the count of memory anew; JAX counts the whole process."""
    import keras

    keras.utils.clear_session()
    gc.collect()
    if backend() == "tensorflow" and devices():
        import tensorflow as tf

        tf.config.experimental.reset_memory_stats("GPU:0")


def peak() -> float | None:
    """The most MiB on the device since `forget_peak`; `None` on a processor."""
    if not devices():
        return None
    if backend() == "jax":
        import jax

        return jax.local_devices()[0].memory_stats()["peak_bytes_in_use"] / 2**20
    import tensorflow as tf

    return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20


# the trainings


def network(case: Case, size: Size) -> Any:
    """The model of a case. Its inputs lie in it, so that no row is copied to the device."""
    import keras

    class Resident(keras.layers.Layer):
        """The same rows for every batch: `call` takes their numbers and looks at none."""

        def __init__(self, *shape: int) -> None:
            super().__init__(trainable=False)
            self.rows = self.add_weight(shape=shape, initializer="random_normal")

        def compute_output_shape(self, numbers: Any) -> Any:
            return (None, *self.rows.shape[1:])

        def call(self, numbers: Any) -> Any:
            return self.rows + 0 * keras.ops.reshape(numbers, (-1, *[1] * (self.rows.ndim - 1)))

    rows = keras.Input((1,))
    if case.network == "dense":
        x = Resident(size.rows, 784)(rows)
        for _ in range(4):
            x = keras.layers.Dense(size.units, "relu", kernel_regularizer=penalty(case))(x)
    else:
        x = Resident(size.pictures, 32, 32, 3)(rows)
        for strides, filters in enumerate(size.filters):
            layer = keras.layers.Conv2D(
                filters, 3, 1 + strides % 2, "same", kernel_regularizer=penalty(case)
            )
            x = keras.layers.ReLU()(keras.layers.BatchNormalization()(layer(x)))
        x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(rows, keras.layers.Dense(10, dtype="float32")(x))


def penalty(case: Case) -> Any:
    import keras

    import kreg

    package = kreg if case.package == "kreg" else keras.regularizers
    strengths = (1e-5, 1e-5) if case.penalty == "ElasticNet" else (1e-5,)
    return getattr(package, case.penalty)(*strengths) if case.penalty else None


def compiled(case: Case, size: Size) -> Any:
    import keras

    import kreg

    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(case.precision)
    model = network(case, size)
    optimizers = kreg.optimizers if case.package == "kreg" else keras.optimizers
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizers.Adam(1e-3), loss, steps_per_execution=GROUP, **case.compile)
    keras.config.set_dtype_policy("float32")
    return model


def clock() -> Any:
    """A callback with the times at which the device was done with each group of steps."""
    import keras

    class Clock(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.times: list[float] = []

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            float(logs["loss"])  # waits for the device
            self.times.append(time.perf_counter())

    return Clock()


def timed(case: Case, size: Size) -> tuple[float, float | None]:
    """Milliseconds a step, without what comes first, and the most MiB on the device."""
    import numpy as np

    forget_peak()
    model, watch = compiled(case, size), clock()
    rows = size.rows if case.network == "dense" else size.pictures
    numbers = np.zeros((rows * GROUP * (size.groups + 1), 1), "float32")
    labels = np.arange(len(numbers)) % 10
    model.fit(numbers, labels, rows, 1, 0, [watch], shuffle=False)  # batch size, epochs, quiet
    groups = np.diff(watch.times)
    return 1e3 * float(np.median(groups)) / GROUP, peak()

"""The processor as two devices, so that distribution is tested without a second one."""

import contextlib

import tensorflow as tf


def split() -> None:
    """Split it, where TensorFlow does not run already."""
    with contextlib.suppress(RuntimeError):
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 2
        )

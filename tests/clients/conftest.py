"""Two logical CPUs, so that a program can train on two devices."""

import contextlib

import tensorflow as tf

with contextlib.suppress(RuntimeError):  # too late where TensorFlow runs already
    cpu = tf.config.list_physical_devices("CPU")[0]
    half = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(cpu, [half, half])

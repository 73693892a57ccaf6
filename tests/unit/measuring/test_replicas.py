"""Clean losses under MirroredStrategy: the same as on one device."""

import subprocess
import sys
import textwrap

CODE = """
import keras, numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
import kreg
from kreg.measuring.clean_loss import CleanEvaluator
rng = np.random.default_rng(0)
x = rng.normal(size=(64, 6)).astype("float32")
y = (x[:, 0] > 0).astype("int32")
def make():
    keras.utils.set_random_seed(1)
    layers = [keras.Input((6,)), keras.layers.Dense(8, "relu", kernel_regularizer="l2"),
              keras.layers.Dropout(0.3), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    return model
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    spread = make()
watch = kreg.Diagnostics((x[:47], y[:47]), (x[47:62], y[47:62]), adapt=False, verbose=0)
stop = kreg.EarlyStopping(patience=3, verbose=0)
spread.fit(x[:48], y[:48], validation_data=(x[48:], y[48:]), epochs=2, verbose=0, batch_size=16,
           callbacks=[watch, stop])
alone = make()
alone.fit(x, y, epochs=1, verbose=0)
alone.set_weights(spread.get_weights())
for side in (watch.train, watch.validation):
    a, b = CleanEvaluator(spread)(side), CleanEvaluator(alone)(side)
    np.testing.assert_allclose(a.loss, b.loss, rtol=1e-5)
    np.testing.assert_allclose(a.examples, b.examples, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(a.correct, b.correct)
    np.testing.assert_allclose(a.metrics["accuracy"], b.metrics["accuracy"], rtol=1e-6)
print("equal")
"""


def test_two_replicas_measure_what_one_does():
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CODE)], capture_output=True, text=True
    )
    assert "equal" in ran.stdout, ran.stderr[-2000:]

"""Under JAX and PyTorch, TensorFlow need not be there: only `kreg.augment` is made of it."""

import subprocess
import sys

import kreg

CODE = """
import importlib, sys
sys.modules["tensorflow"] = None  # as if it were not installed
import kreg
for name in {rooms}:
    room = importlib.import_module(f"kreg.{{name}}")
    for public in getattr(room, "__all__", ()):
        getattr(room, public)
for public in {names}:
    getattr(kreg, public)

import keras, numpy as np
x, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
layers = [keras.Input((3,)), kreg.Dropout(0.2), keras.layers.Dense(2)]
model = keras.Sequential(layers)
kreg.regularize(model, kreg.L1(1e-3))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(kreg.optimizers.Adam(), loss)
watch = kreg.Diagnostics((x[:30], y[:30]), (x[30:], y[30:]), verbose=0)
stop = kreg.EarlyStopping(patience=3, verbose=0)
model.fit(x[:30], y[:30], epochs=2, verbose=0, callbacks=[watch, stop])
print(watch.verdict.state, stop.stop_reason, kreg.mc_predict(model, x, samples=2).mean.shape)
"""


def test_everything_but_the_augmentation_works_without_tensorflow():
    rooms = [*(set(kreg.ROOMS) - {"augment"}), "gradients", "measuring", "tensorboard"]
    code = CODE.format(rooms=rooms, names=list(kreg.PUBLIC))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.strip().endswith("completed (40, 2)"), ran.stderr[-2000:]

"""
Exact zeros become a smaller network
====================================

A group lasso sets all weights that read one unit to zero. Nothing reads that unit any more, so it
can go, and the outputs stay the same. What is left is plain Keras.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import kreg

digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.data))
x, y = (digits.data[order] / 16).astype("float32"), digits.target[order]

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [keras.Input((64,)), keras.layers.Dense(128, "relu"), keras.layers.Dense(64, "relu"),
     keras.layers.Dense(10, "softmax")]
)  # fmt: skip
kreg.regularize(model, kreg.GroupLasso(2e-3, axis=-2))
model.compile(kreg.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
kreg.fit(model, x[:1200], y[:1200], validation_data=(x[1200:], y[1200:]), epochs=40, verbose=0)

smaller, report = kreg.compress(model, x[:100])
report

# %%
# The same answers from fewer parameters:

before, after = (m.predict(x[1200:], verbose=0) for m in (model, smaller))
print(f"{model.count_params():,} parameters, then {smaller.count_params():,}")
print(f"the largest difference of a probability is {np.abs(before - after).max():.1e}")
print(f"accuracy on held-out rows {np.mean(after.argmax(axis=1) == y[1200:]):.3f}")

# %%
# What each layer reads: a white column is a unit or an input that nothing needs.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=(64, 128))
for axis, layer in zip(axes, model.layers):
    axis.imshow(layer.kernel.numpy().T != 0, aspect="auto", cmap="Blues", interpolation="nearest")
    axis.set(title=layer.name, xlabel="what it reads", ylabel="its units")
figure.tight_layout()

# %%
# Production needs nothing of kreg: ``kreg.strip(smaller).save("production.keras")``.

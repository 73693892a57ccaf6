"""
The losses that Keras logs are biased
=====================================

``loss`` is a mean over an epoch in which the weights moved, with dropout on and with every penalty
in it. ``val_loss`` has no dropout, but the penalty. So their difference is not the gap between
training and new rows. kreg measures both again after each epoch, in inference mode, without
penalties, on fixed rows: ``clean_loss`` and ``val_clean_loss``.
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
layers = [
    keras.layers.Dense(128, "relu", kernel_regularizer=kreg.L2(3e-3)),
    keras.layers.Dropout(0.5),
    keras.layers.Dense(10, "softmax"),
]
model = keras.Sequential([keras.Input((64,)), *layers])
model.compile(kreg.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = kreg.fit(model, x, y, validation_split=0.3, epochs=20, early_stopping=False, verbose=0)

# %%
# Four curves of one training. By the logged ones the model seems to be *better* on validation rows
# than on those it has seen.

curves, epochs = history.history, range(1, 21)
figure, axis = plt.subplots(figsize=(8, 4))
for name in ("loss", "val_loss", "clean_loss", "val_clean_loss"):
    style = "-" if "clean" in name else ":"
    color = "C1" if name.startswith("val") else "C0"
    axis.plot(epochs, curves[name], style, color=color, label=name)
axis.set(xlabel="epoch", ylabel="cross-entropy", yscale="log")
axis.legend()
figure.tight_layout()

# %%
# The ledger takes the logged numbers apart: what is noise (dropout, and the mean over the epoch),
# what is penalty, and what is left.

entry = history.report().document["ledger"]["last"]
for side in ("train", "validation"):
    parts = {name: f"{value:.4f}" for name, value in entry[side].items()}
    print(side, parts)
print(
    f"gap by the logged losses {entry['logged_gap']:+.4f}, by the clean {entry['clean_gap']:+.4f}"
)

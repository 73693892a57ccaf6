"""
Which regularizer, and how much?
================================

Two seeds and one validation set tell little. ``kreg.search`` trains every setting on the same folds
from the same first weights, compares them pair by pair on held-out rows, and says what that many
rows can tell apart.
"""

import keras
import matplotlib.pyplot as plt
from sklearn.datasets import load_wine

import kreg

table = load_wine()
x = ((table.data - table.data.mean(axis=0)) / table.data.std(axis=0)).astype("float32")
y = table.target


def build():
    layers = [keras.layers.Dense(32, "relu"), keras.layers.Dense(3, "softmax")]
    model = keras.Sequential([keras.Input((13,)), *layers])
    model.compile(keras.optimizers.Adam(2e-2), "sparse_categorical_crossentropy")
    return model


settings = {"reg": ["none", "l1", "l2"], "strength": 1e-2}
found = kreg.search(build, x, y, settings, folds=2, epochs=20, verbose=0)
print(*found.answer, sep="\n")

# %%
# Each setting with its standard error over the folds. Where they overlap, a simpler one will do:
# ``choose="1se"`` takes it.

found.table

# %%
# Every training is a grey dot, a setting's mean the diamond.

runs = found.runs[found.runs["status"] == "done"].groupby("reg")["fold_clean_loss"]
figure, axis = plt.subplots(figsize=(7, 3))
for position, (_, losses) in enumerate(runs):
    axis.plot(losses, [position] * len(losses), "o", color="0.6")
    axis.plot(losses.mean(), position, "D", color="C0")
axis.set_yticks(range(len(runs)), [reg for reg, _ in runs])
axis.set(xlabel="loss of the held-out fold, without penalties")
figure.tight_layout()

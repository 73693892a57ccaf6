"""
Which columns matter, by name
=============================

A lasso chooses columns for a linear model. A network may need others: here the answer depends on
the *product* of two columns, which no linear model can see. ``kreg.select_features`` trains copies
of the network along a path of group lassos and returns the columns, ranked.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

import kreg

rng = np.random.default_rng(0)
names = ["age", "dose", *(f"noise {i}" for i in range(1, 15))]
x = rng.normal(size=(1200, len(names))).astype("float32")
y = (x[:, 0] * x[:, 1] > 0).astype("int32")
train, test = np.arange(800), np.arange(800, 1200)


def network(columns):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(32, "relu"), keras.layers.Dense(2, "softmax")]
    model = keras.Sequential([keras.Input((columns,)), *layers])
    model.compile(kreg.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
    return model


found = kreg.select_features(network(len(names)), x[train], y[train], features=2, steps=60)
print("chosen:", ", ".join(found.names(names)))
print("ranking:", ", ".join(names[i] for i in found.order[:5]))

# %%
# What the choice is worth: the same network with all columns and with the chosen ones, on rows that
# chose nothing. A lasso over all columns, a linear model, looks for what is not there.


def accuracy(columns):
    model = network(len(columns))
    kreg.fit(model, x[train][:, columns], y[train], validation_split=0.25, epochs=30, verbose=0)
    said = model.predict(x[test][:, columns], verbose=0).argmax(axis=1)
    return np.mean(said == y[test])


lasso = LogisticRegression(C=0.05, l1_ratio=1, solver="liblinear").fit(x[train], y[train])
right = {
    "lasso, all columns": lasso.score(x[test], y[test]),
    "network, all columns": accuracy(np.arange(len(names))),
    f"network, {' and '.join(found.names(names))}": accuracy(found.features),
}
figure, axis = plt.subplots(figsize=(7, 2.4))
bars = axis.barh(list(right), list(right.values()))
axis.bar_label(bars, fmt="%.3f", padding=4)
axis.axvline(0.5, color="0.5", linestyle=":")
axis.set(xlabel="accuracy on test rows (0.5 is guessing)", xlim=(0.4, 1.05))
figure.tight_layout()

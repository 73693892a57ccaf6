"""
What a model does not know: dropout as uncertainty
==================================================

Keep the dropout on while predicting, ask a hundred times, and look how much the answers differ
(Gal & Ghahramani, 2016). ``kreg.mc_predict`` does it for any Keras model: only the noise layers are
on, batch normalisation stays in inference mode, and nothing in the model changes.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import kreg

rng = np.random.default_rng(0)
x = np.concatenate([rng.uniform(-4, -1, 120), rng.uniform(1, 4, 120)])[:, None].astype("float32")
y = (np.sin(2 * x) + 0.1 * rng.normal(size=x.shape)).astype("float32")  # a gap between -1 and 1

keras.utils.set_random_seed(0)
plain = keras.Sequential(
    [keras.Input((1,)), keras.layers.Dense(128, "relu"), keras.layers.Dense(128, "relu"),
     keras.layers.Dense(1)]
)  # fmt: skip
model = kreg.with_dropout(plain, 0.1, seed=0)  # behind the hidden layers of a model that exists
model.compile(keras.optimizers.Adam(3e-3), "mse")
model.fit(x, y, epochs=150, batch_size=60, verbose=0)

grid = np.linspace(-6, 6, 200, dtype="float32")[:, None]
found = kreg.mc_predict(model, grid, samples=100, verbose=0)

# %%
# Where rows were, the samples agree; far away from them they do not.

mean, std = found.mean[:, 0], found.std[:, 0]
figure, axis = plt.subplots(figsize=(8, 4))
axis.scatter(x, y, s=6, color="0.5", label="training rows")
axis.plot(grid[:, 0], mean, label="mean")
axis.fill_between(grid[:, 0], mean - 2 * std, mean + 2 * std, alpha=0.25, label="two deviations")
axis.set(xlabel="x", ylabel="y", ylim=(-3, 3))
axis.legend()
figure.tight_layout()

inside = std[(abs(grid[:, 0]) > 1) & (abs(grid[:, 0]) < 4)].mean()
outside = std[abs(grid[:, 0]) > 5].mean()
print(f"deviation where rows were {inside:.3f}, beyond them {outside:.3f}")

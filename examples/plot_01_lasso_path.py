"""
L1 zeros are zeros: the lasso path of a Keras model
===================================================

Ten measurements of 442 diabetes patients, and how their disease went on. The lasso keeps few of
them. Which ones, at each strength? scikit-learn solves that problem by coordinate descent; a Keras
model with one dense unit, under an optimizer of kreg, has the same zeros: exact ones, in float32.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import lasso_path

import kreg

table = load_diabetes()
x = (table.data / table.data.std(axis=0)).astype("float32")
y = ((table.target - table.target.mean()) / table.target.std()).astype("float32")

# %%
# A linear model, a penalty on its kernel, and one call for the whole path. Keras's mean squared
# error is twice the loss of the lasso's formula, so a strength here is twice scikit-learn's
# ``alpha``.

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1, use_bias=False)])
kreg.regularize(model, kreg.L1(1e-3))
model.compile(kreg.optimizers.SGD(0.1, momentum=0.9), "mse")
strengths = np.geomspace(1.2, 0.01, 12)
path = kreg.path(model, x, y[:, None], strengths=strengths, steps=500, names=table.feature_names)

# %%
# The same strengths in scikit-learn, and both in one picture.

_, theirs, _ = lasso_path(x.astype(float), y, alphas=strengths / 2, tol=1e-8, max_iter=100_000)
ours = path.coefficients

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
for axis, weights, title in (
    (left, ours, "kreg, a Keras model"),
    (right, theirs.T, "scikit-learn"),
):
    for i, name in enumerate(table.feature_names):
        axis.plot(strengths, weights[:, i], marker="o", markersize=3, label=name)
    axis.set(xscale="log", title=title, xlabel="strength")
    axis.invert_xaxis()
left.set_ylabel("weight")
right.legend(fontsize=8, ncols=2)
figure.tight_layout()

# %%
# Where a line lies on zero it *is* zero. At every strength both keep the same columns:

same = [(a != 0).tolist() == (b != 0).tolist() for a, b in zip(ours, theirs.T)]
print(f"{sum(same)} of {len(same)} supports are the same")
print(f"the largest difference of a weight is {np.abs(ours - theirs.T).max():.1e}")
for strength, weights in zip(strengths[::3], ours[::3]):
    kept = [name for name, weight in zip(table.feature_names, weights) if weight != 0]
    print(f"{strength:6.3f}: {', '.join(kept) or 'none'}")

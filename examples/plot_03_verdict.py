"""
A verdict with a date
=====================

Is it overfitting, since when, and how sure is that? The answer is a word, an epoch, and the epochs
that cannot be told from it.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import kreg

rng = np.random.default_rng(0)
x = rng.normal(size=(400, 20)).astype("float32")
y = (x[:, 0] + x[:, 1] + rng.normal(size=400) > 0).astype(
    "int32"
)  # noisy: it can be learned by heart

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [keras.Input((20,)), keras.layers.Dense(128, "relu"), keras.layers.Dense(2, "softmax")]
)
model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
history = kreg.fit(model, x, y, validation_split=0.5, epochs=40, early_stopping=False, verbose=0)
verdict = history.verdict
print(verdict.headline)
print(verdict.meaning, verdict.action)

# %%
# The dots are the validation loss, the band what the rows alone make uncertain, the bar the epochs
# that cannot be told from the best stretch.

found = history.report().document
epochs = np.array(found["curves"]["epochs"])
loss, error = (
    np.array(found["curves"][k], float) for k in ("val_clean_loss", "val_standard_error")
)

figure, axis = plt.subplots(figsize=(8, 4))
axis.plot(epochs, found["curves"]["clean_loss"], label="clean_loss")
axis.plot(epochs, loss, "o-", markersize=3, label="val_clean_loss")
axis.fill_between(epochs, loss - error, loss + error, alpha=0.2, color="C1")
if verdict.onset is not None:
    axis.axvspan(
        *verdict.interval, color="C3", alpha=0.15, label="onset, or not to be told from it"
    )
    axis.axvline(verdict.onset, color="C3")
axis.set(xlabel="epoch", ylabel="cross-entropy", title=verdict.headline)
axis.legend()
figure.tight_layout()

# %%
# Where would stopping rules have stopped, and what would each have cost?

for rule in found["replay"]:
    if rule["error"] is None:
        print(f"{rule['rule']:12} stops at {rule['stop_epoch']}, keeps {rule['best_epoch']}, "
              f"regret {rule['regret']}")  # fmt: skip

# %%
# The whole report, as ``report.html`` of a run holds it:

history.report()

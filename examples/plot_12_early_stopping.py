"""
When to stop
============

Patience counts epochs; it does not ask whether a rise is more than chance. kreg's default rule
compares the latest validations with the best ones, row by row, and stops when the loss is worse
with 95 % probability. The rules can be replayed on a training that is over.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import kreg

rng = np.random.default_rng(1)
x = rng.normal(size=(500, 25)).astype("float32")
y = (x[:, :2].sum(axis=1) + rng.normal(size=500) > 0).astype("int32")


def network():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(64, "relu"), keras.layers.Dense(2, "softmax")]
    model = keras.Sequential([keras.Input((25,)), *layers])
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    return model


whole = kreg.fit(network(), x, y, validation_split=0.5, epochs=40, early_stopping=False, verbose=0)
print(whole.verdict.headline)

# %%
# Every rule on the same curve: where it stops, and how far its best epoch is from the best of all.

rules = "default,patience:3,patience:10,gl:2,paired:2"
report = kreg.report(whole.diagnostics, rules=rules)
loss = np.array(report.document["curves"]["val_clean_loss"])
figure, axis = plt.subplots(figsize=(8, 4))
axis.plot(range(1, len(loss) + 1), loss, color="0.3")
for i, rule in enumerate(report.document["replay"]):
    stop = rule["stop_epoch"] or len(loss)
    axis.plot(stop, loss[stop - 1], "o", color=f"C{i}", label=f"{rule['rule']}: epoch {stop}")
axis.set(xlabel="epoch", ylabel="val_clean_loss")
axis.legend()
figure.tight_layout()

# %%
# In a training the rule is a callback. The weights go back to the best epoch, and a sentence says
# why it stopped.

stopping = kreg.EarlyStopping(verbose=0)
kreg.fit(network(), x, y, validation_split=0.5, epochs=40, callbacks=[stopping], verbose=0)
print(stopping.sentence)

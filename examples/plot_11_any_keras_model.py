"""
Any Keras model, a penalty after it was built
=============================================

Keras ignores ``layer.kernel_regularizer = ...`` on a layer that is built. ``kreg.regularize``
reaches the variable, the configuration and the compiled step, and its zeros are exact under an
optimizer of kreg.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import kreg
from kreg.surgery import Rule, attached

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 30)).astype("float32")
y = (x[:, :3] @ [1.0, -1.0, 0.5] + 0.3 * rng.normal(size=600)).astype("float32")


def network():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((30,))
    hidden = keras.layers.Dense(32, "relu", name="first")(inputs)
    hidden = keras.layers.Dense(32, "relu", name="second")(hidden)
    hidden = keras.layers.Concatenate()([inputs, hidden])  # any graph will do
    return keras.Model(inputs, keras.layers.Dense(1, name="last")(hidden))


# %%
# One rule a layer, of which the last one that fits counts, or one penalty for all kernels.
# ``attached`` says what stands where.

model = network()
kreg.regularize(model, [Rule(kreg.L1(5e-3), layers="*"), Rule(kreg.L1(2e-3), layers="first")])
print(attached(model))
model.compile(kreg.optimizers.Adam(3e-3), "mse")
kreg.fit(model, x, y, validation_split=0.3, epochs=30, verbose=0)
kreg.sparsity(model)

# %%
# The same penalty as Keras has it: small weights, and no zero.

stock = network()
for layer in stock.layers:
    if hasattr(layer, "kernel"):
        layer.kernel_regularizer = keras.regularizers.L1(2e-3)
stock = keras.models.clone_model(stock)  # only a new model sees what was set
stock.compile(keras.optimizers.Adam(3e-3), "mse")
stock.fit(x, y, validation_split=0.3, epochs=30, verbose=0)

figure, axis = plt.subplots(figsize=(7, 3.4))
for name, one in (("kreg", model), ("Keras", stock)):
    size = np.sort(np.abs(one.get_layer("first").kernel.numpy().ravel()))
    axis.plot(np.maximum(size, 1e-9), label=f"{name}: {np.mean(size == 0):.0%} exact zeros")
axis.set(yscale="log", xlabel="weights of the first layer, sorted", ylabel="|weight|")
axis.legend()
figure.tight_layout()

# %%
# ``kreg.regularize(model, None)`` takes all of it off again; ``kreg.strip`` leaves plain Keras.

print(attached(kreg.strip(model)))

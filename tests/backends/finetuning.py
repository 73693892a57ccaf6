"""Fine-tuning in a script, the same numbers on every backend: `python -m ...finetuning OUT`."""

import sys
from pathlib import Path

import keras
import numpy as np

import kreg

RNG = np.random.default_rng(0)
X = RNG.normal(1.0, 1.0, (48, 6, 6, 1)).astype("float32")
Y = RNG.normal(size=(48, 2)).astype("float32")
ADAM = {"learning_rate": 1e-2, "use_ema": True, "ema_momentum": 0.9, "global_clipnorm": 1.0}
# name -> optimizer, rules, and what kreg.finetune is given
CASES = {
    "head": (lambda: kreg.optimizers.Adam(1e-2), kreg.L2(1e-3), {"how": "head"}),
    "gradual": (lambda: kreg.optimizers.Adam(**ADAM), kreg.L2SP(0.02), {"epochs": 2, "rate": 0.5}),
    "keras": (
        lambda: keras.optimizers.SGD(0.02, momentum=0.9, weight_decay=1e-2),
        keras.regularizers.L2(1e-3),
        {"epochs": 2, "layer_decay": 1, "norms": True},
    ),
    "scaled": (
        lambda: keras.mixed_precision.LossScaleOptimizer(kreg.optimizers.Adam(1e-2)),
        kreg.L1(1e-2),
        {"epochs": 1},
    ),
    "lora": (lambda: kreg.optimizers.Adam(1e-2), None, {"how": "lora", "rank": 3, "l1": 0.03}),
}


def pretrained():
    """A network whose weights are the same under every backend."""
    layers = [
        keras.Input((6, 6, 1)),
        keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
        keras.layers.BatchNormalization(name="norm"),
        keras.layers.Flatten(),
        keras.layers.Dense(8, activation="relu", name="hidden"),
        keras.layers.Dense(2, name="head"),
    ]
    return with_own_weights(keras.Sequential(layers))


def with_own_weights(model):
    rng = np.random.default_rng(1)
    for weight in model.weights:
        is_spread = weight.name in ("gamma", "moving_variance")
        drawn = (
            rng.uniform(0.5, 1.5, weight.shape) if is_spread else rng.normal(0, 0.3, weight.shape)
        )
        is_second = "lora" in weight.name and weight.name.endswith("b")  # which starts at zero
        weight.assign(np.zeros(weight.shape) if is_second else drawn)
    return model


class Weights(keras.callbacks.Callback):
    """The weights and the optimizer's state before, and at the end of each epoch."""

    def on_train_begin(self, logs=None):
        self.seen = [self.now()]

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.now())

    def now(self):
        found = {variable.path: np.array(variable) for variable in self.model.variables}
        return found | {f"of {v.path}": np.array(v) for v in self.model.optimizer.variables}


def fitted(case, epochs=4, more=(), first=0):
    """The model, its logs, and its weights epoch by epoch."""
    optimizer, rules, how = CASES[case]
    model, watch = pretrained(), Weights()
    model.compile(optimizer(), "mse")
    callback = kreg.finetune(model, rules, **how)
    if how.get("how") == "lora":
        with_own_weights(model)
    callbacks = [callback, watch, keras.callbacks.History(), *more]
    history = model.fit(
        X, Y, batch_size=16, shuffle=False, epochs=epochs, initial_epoch=first, verbose=0,
        callbacks=callbacks,
    )  # fmt: skip
    return model, history.history, watch.seen


def in_numbers(case):
    """What two backends are compared by."""
    model, logs, _ = fitted(case)
    plain = kreg.strip(model) if case == "lora" else model
    answers = plain.predict(X[:8], verbose=0)
    return {"loss": np.array(logs["loss"]), "answers": answers, "weights": flat(model)}


def flat(model):
    return np.concatenate([np.ravel(np.array(weight)) for weight in model.weights])


if __name__ == "__main__":
    found = {f"{case} {k}": v for case in CASES for k, v in in_numbers(case).items()}
    np.savez(Path(sys.argv[1]), **found)

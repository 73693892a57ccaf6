"""A small training with everything that Keras forgets when it is killed. Also a program: see main.

python tests/faults/training.py RUN_DIRECTORY VARIANT [KILL_AT_BATCH]
"""

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from kreg.callbacks.saver import Saver
from kreg.data import Split, epoch_stream, steps_per_epoch
from kreg.launch.compose import compose_job
from kreg.runs import Checkpoint, RunDirectory

ROWS, WIDTH, BATCH = 90, 8, 16  # a ragged last batch
STEPS = steps_per_epoch(ROWS, BATCH)
EPOCHS = 6
VARIANTS = {
    "plain": {},
    "noise": {"dropout": True, "normalise": True, "augment": True, "schedule": True},
    "early_stopping": {"dropout": True, "stop": True, "rate": 0.3},
    "average": {"dropout": True, "ema": True, "plateau": True},
    "accumulate": {"dropout": True, "accumulate": 4},
    "everything": {
        "dropout": True, "normalise": True, "augment": True, "stop": True, "plateau": True,
        "ema": True,
    },
}  # fmt: skip


def rows(seed=0):
    generator = np.random.default_rng(seed)
    truth = np.random.default_rng(9).standard_normal((WIDTH, 1))
    x = generator.standard_normal((ROWS, WIDTH)).astype(np.float32)
    y = (x @ truth + generator.standard_normal((ROWS, 1))).astype(np.float32)
    return Split(x, y)


def augment(x, y, weight=None, *, index, epoch):
    """Noise that is a pure function of (row, epoch)."""
    key = tf.stack([epoch, tf.reduce_sum(index)])
    return x + 0.1 * tf.random.stateless_normal(tf.shape(x), key), y


def make_model(options, seed):
    """A new model; another seed gives other weights, and other noise until it is restored."""
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((WIDTH,)), keras.layers.Dense(8, "relu", kernel_regularizer="l2")]
    if options.get("normalise"):
        layers.append(keras.layers.BatchNormalization())
    if options.get("dropout"):
        layers.append(keras.layers.Dropout(0.5))
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(make_optimizer(options), "mse", jit_compile=False)
    return model


def make_optimizer(options):
    rate = options.get("rate", 0.02)
    if options.get("schedule"):
        rate = keras.optimizers.schedules.ExponentialDecay(rate, 5, 0.9)
    return keras.optimizers.Adam(
        rate,
        use_ema=options.get("ema", False),
        ema_overwrite_frequency=None,
        gradient_accumulation_steps=options.get("accumulate"),
    )


def make_callbacks(options, store, faults=(), every=0.0):
    callbacks = [keras.callbacks.History(), *faults]
    if options.get("plateau"):
        callbacks.append(keras.callbacks.ReduceLROnPlateau("val_loss", patience=1, factor=0.5))
    if options.get("stop"):
        stop = keras.callbacks.EarlyStopping("val_loss", patience=1, restore_best_weights=True)
        callbacks.append(stop)
    callbacks.append(Saver(store, callbacks, every))
    return callbacks


def train(variant, store, seed=1, faults=(), epochs=EPOCHS, every=0.0):
    """Train to the end, from wherever `store` is; the bytes that must not depend on the past."""
    options = VARIANTS[variant]
    model = make_model(options, seed)
    state = store.read() or {"epoch": 0, "stopped": False}
    stream = epoch_stream(
        rows(),
        batch_size=BATCH,
        seed=5,
        first_epoch=state["epoch"],
        augment=augment if options.get("augment") else None,
    )
    held = rows(1)
    callbacks = make_callbacks(options, store, faults, every)
    history = model.fit(
        stream,
        validation_data=(held.x, held.y),
        shuffle=False,  # the stream has its own order
        steps_per_epoch=STEPS,
        initial_epoch=state["epoch"],
        epochs=state["epoch"] if state["stopped"] else epochs,
        callbacks=callbacks,
        verbose=0,
    )
    return outcome(model, history)


def outcome(model, history) -> dict:
    variables = [*model.variables, *model.optimizer.variables]
    values = {f"{i:02d}": keras.ops.convert_to_numpy(v) for i, v in enumerate(variables)}
    curves = {f"curve {name}": np.array(values) for name, values in history.history.items()}
    return {**values, **curves, "epochs": np.array(history.epoch)}


class Fault(keras.callbacks.Callback):
    """Something happens after so many batches of this process."""

    def __init__(self, batch, action):
        super().__init__()
        self.left, self.action = batch, action

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            self.action(self)


def kill(callback):
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder, variant, fault="0"):
    tf.config.experimental.enable_op_determinism()
    with RunDirectory(folder) as run:
        run.write_json("config.json", compose_job([]).to_dict())  # by it a run is kreg's
        store = Checkpoint(run, warn=lambda sentence: print(sentence, file=sys.stderr))
        result = train(variant, store, faults=[Fault(int(fault), kill)])
        np.savez(run.file("final.npz"), **result)
        run.write_json("result.json", {"status": "done", "epochs": result["epochs"].tolist()})
    print(json.dumps({"epochs": len(result["epochs"])}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Image classification from a folder, after Keras's example image_classification_from_scratch.

The files are read class by class: `shuffle=False`, as for a confusion matrix.
"""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import keras
import numpy as np

import kreg

NOTES = ["sorted by class"]
SIZE, CLASSES, FILES = (16, 16), 3, 32


@functools.cache
def folder():
    root = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, root)
    rng = np.random.default_rng(0)
    for label in range(CLASSES):
        (root / f"class{label}").mkdir()
        for i in range(FILES):
            image = rng.integers(0, 120, (*SIZE, 3)) + 40 * label
            keras.utils.save_img(
                root / f"class{label}" / f"{i}.png", image.astype("uint8"), scale=False
            )
    return root


@functools.cache
def data():
    """In class order, so the split is by hand: every second batch of a class validates."""
    everything = keras.utils.image_dataset_from_directory(
        folder(), shuffle=False, image_size=SIZE, batch_size=8
    )
    numbered = everything.enumerate()
    train = numbered.filter(lambda i, batch: i % 2 == 0).map(without_number)
    validation = numbered.filter(lambda i, batch: i % 2 == 1).map(without_number)
    return train, validation


def without_number(i, batch):
    return batch


def make_model():
    inputs = keras.Input((*SIZE, 3))
    x = keras.layers.RandomFlip("horizontal")(inputs)
    x = keras.layers.Rescaling(1.0 / 255)(x)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same")(x)
    x = keras.layers.BatchNormalization(momentum=0.5)(x)
    x = keras.layers.Activation("relu")(x)
    x = keras.layers.SeparableConv2D(16, 3, padding="same", activation="relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.25)(x)
    model = keras.Model(inputs, keras.layers.Dense(CLASSES)(x))
    kreg.regularize(model, kreg.L1(1e-3))
    model.compile(
        kreg.optimizers.Adam(3e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def train(callbacks):
    model, (train, validation) = make_model(), data()
    model.fit(
        train.shuffle(8), validation_data=validation, epochs=3, callbacks=callbacks, verbose=0
    )
    return model


def callbacks():
    train, validation = data()
    return [kreg.Diagnostics(train=train, validation=validation), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    """What `evaluate` says on all rows, without the penalty."""
    penalty = float(sum(model.losses))
    sides = [model.evaluate(side, verbose=0, return_dict=True) for side in data()]
    return {
        "clean_loss": sides[0]["loss"] - penalty,
        "val_clean_loss": sides[1]["loss"] - penalty,
        "clean_accuracy": sides[0]["accuracy"],
        "penalty": penalty,
    }


def sample():
    return np.random.default_rng(1).uniform(0, 255, (4, *SIZE, 3)).astype("float32")

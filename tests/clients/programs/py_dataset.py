"""Rows that are read batch by batch, a `PyDataset` of pictures of some weight."""

import keras
import numpy as np

import kreg

NOTES = ["MB"]
LIMIT_MB = 900  # 400 MB of validation rows are read by `fit`, a few hundred are kept


class Pictures(keras.utils.PyDataset):
    """White pictures and black ones of 256 x 256, in turn, 50 MB a batch."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        y = np.arange(64) % 2
        return np.zeros((64, 256, 256, 3), "float32") + y[:, None, None, None], y


def make_model():
    model = keras.Sequential(
        [
            keras.Input((256, 256, 3)),
            keras.layers.MaxPooling2D(32),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    kreg.regularize(model, kreg.L1(1e-4))
    model.compile(kreg.optimizers.SGD(1e-3), "sparse_categorical_crossentropy")
    return model


def train(callbacks):
    model = make_model()
    model.fit(Pictures(2), validation_data=Pictures(8), epochs=2, callbacks=callbacks, verbose=0)
    return model


def callbacks():
    return [
        kreg.Diagnostics(train=Pictures(2), validation=Pictures(8)),
        kreg.EarlyStopping(patience=3),
    ]


def by_hand(model):
    """However many rows were measured: half of them are white."""
    x, y = Pictures(1)[0]
    chances = np.asarray(model(x[:2], training=False))
    loss = -np.log(chances[[0, 1], y[:2]]).mean()
    return {"clean_loss": loss, "val_clean_loss": loss}


def sample():
    return Pictures(1)[0][0][:2]

"""MLP-Mixer, after Keras's example mlp_image_classification: layers of one's own, AdamW."""

import keras
import numpy as np

import kreg

rng = np.random.default_rng(0)
y = rng.integers(0, 3, 96)
x = (rng.normal(size=(96, 8, 8, 1)) + y[:, None, None, None]).astype("float32")
train_rows, val_rows = (x[:48], y[:48]), (x[48:], y[48:])


@keras.saving.register_keras_serializable("clients")
class MixerBlock(keras.layers.Layer):
    def __init__(self, patches, units, **kwargs):
        super().__init__(**kwargs)
        self.patches, self.units = patches, units
        self.across = keras.Sequential(
            [keras.layers.Dense(patches, "gelu"), keras.layers.Dense(patches)]
        )
        self.along = keras.Sequential(
            [keras.layers.Dense(units, "gelu"), keras.layers.Dense(units)]
        )
        self.normalize = keras.layers.LayerNormalization(epsilon=1e-6)

    def build(self, shape):
        self.across.build((shape[0], shape[2], shape[1]))
        self.along.build(shape)
        self.normalize.build(shape)

    def call(self, inputs):
        channels = keras.ops.transpose(self.normalize(inputs), axes=(0, 2, 1))
        x = inputs + keras.ops.transpose(self.across(channels), axes=(0, 2, 1))
        return x + self.along(self.normalize(x))

    def get_config(self):
        return {**super().get_config(), "patches": self.patches, "units": self.units}


def make_model():
    normalization = keras.layers.Normalization(axis=None)
    normalization.adapt(train_rows[0])
    inputs = keras.Input((8, 8, 1))
    h = normalization(inputs)
    h = keras.layers.Conv2D(6, 4, strides=4, name="patches")(h)
    h = keras.layers.Reshape((4, 6))(h)
    h = MixerBlock(4, 6)(h)
    h = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling1D()(h))
    model = keras.Model(inputs, keras.layers.Dense(3)(h))
    kreg.regularize(model, kreg.L1(1e-3))
    model.compile(
        kreg.optimizers.AdamW(5e-3, weight_decay=1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseTopKCategoricalAccuracy(2, name="top2")],
    )
    return model


def train(callbacks):
    model = make_model()
    reduce = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=1)
    model.fit(
        *train_rows, validation_data=val_rows, epochs=3, batch_size=16,
        callbacks=[*callbacks, reduce], verbose=0,
    )  # fmt: skip
    return model


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(x, y):
        z = np.asarray(model(x, training=False))
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean()

    kernels = [np.asarray(v) for v in model.trainable_variables if v.name == "kernel"]
    penalty = 1e-3 * sum(np.abs(k).sum() for k in kernels)
    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows), "penalty": penalty}


def sample():
    return x[:4]

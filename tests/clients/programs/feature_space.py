"""Structured data, after Keras's example of FeatureSpace.

The model's inputs are the encoded features, which are inner tensors; prediction reads strings.
"""

import functools
import warnings

import keras
import numpy as np
import tensorflow as tf

import kreg

rng = np.random.default_rng(0)
table = {
    "age": rng.integers(30, 70, 96).astype("float32"),
    "sex": rng.integers(0, 2, 96).astype("int64"),
    "thal": rng.choice(["fixed", "normal", "reversible"], 96),
}
labels = ((table["age"] > 50) ^ (rng.random(96) < 0.1)).astype("int32")
raw = tf.data.Dataset.from_tensor_slices((table, labels)).batch(24)


@functools.cache
def feature_space():
    space = keras.utils.FeatureSpace(
        features={
            "age": keras.utils.FeatureSpace.float_normalized(),
            "sex": "integer_categorical",
            "thal": "string_categorical",
        },
        output_mode="concat",
    )
    space.adapt(raw.map(lambda x, y: x))
    return space


@functools.cache
def data():
    space = feature_space()
    encoded = raw.map(lambda x, y: (space(x), y))
    return encoded.take(2), encoded.skip(2)


def make_model():
    encoded_features = feature_space().get_encoded_features()
    x = keras.layers.Dense(16, activation="relu")(encoded_features)
    x = keras.layers.Dropout(0.5)(x)
    predictions = keras.layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs=encoded_features, outputs=predictions)
    kreg.regularize(model, kreg.L1(1e-3))
    model.compile(kreg.optimizers.Adam(1e-2), "binary_crossentropy", metrics=["accuracy"])
    return model


def train(callbacks):
    train, validation = data()
    model = make_model()
    model.fit(train, validation_data=validation, epochs=3, callbacks=callbacks, verbose=0)
    return model


def callbacks():
    train, validation = data()
    return [kreg.Diagnostics(train=train, validation=validation), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    def loss(batches):
        losses = []
        for x, y in batches:
            p, t = np.asarray(model(x, training=False))[:, 0], np.asarray(y)
            losses.append(-(t * np.log(p) + (1 - t) * np.log(1 - p)))
        return np.concatenate(losses).mean()

    train, validation = data()
    return {"clean_loss": loss(train), "val_clean_loss": loss(validation)}


def saved(model):
    """The trained network, and the one that reads the raw table."""
    inputs = feature_space().get_inputs()
    whole = keras.Model(inputs, model(feature_space().get_encoded_features()))
    encoded, _ = next(iter(data()[1]))
    return [
        (model, np.asarray(encoded)),
        (whole, {k: tf.constant(v[:4, None]) for k, v in table.items()}),
    ]


def also(model, watched):
    """The layer table is there, and the model that reads strings becomes a smaller one."""
    assert watched.document["layers"]
    whole, inputs = saved(model)[1]
    model.layers[1].set_weights(
        [np.where(np.arange(16) < 8, 0.0, w) for w in model.layers[1].get_weights()]
    )
    with warnings.catch_warnings(action="ignore"):  # Keras's, of inputs as a FeatureSpace has them
        smaller, report = kreg.compress(whole, inputs)
        np.testing.assert_allclose(smaller(inputs), whole(inputs), atol=1e-5)
    assert report.after.parameters < report.before.parameters

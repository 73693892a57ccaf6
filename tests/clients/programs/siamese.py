"""Triplets, after Keras's example siamese_network: three inputs, no target, own steps."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

import kreg

rng = np.random.default_rng(0)
anchors = rng.normal(size=(96, 6)).astype("float32")
positives = anchors + rng.normal(0, 0.3, anchors.shape).astype("float32")
negatives = rng.normal(size=(96, 6)).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices((anchors, positives, negatives))
train_batches, val_batches = dataset.take(48).batch(16), dataset.skip(48).batch(24)


@keras.saving.register_keras_serializable("clients")
class DistanceLayer(keras.layers.Layer):
    def call(self, anchor, positive, negative):
        return ops.sum(ops.square(anchor - positive), -1), ops.sum(
            ops.square(anchor - negative), -1
        )


class SiameseModel(keras.Model):
    def __init__(self, siamese_network, margin=0.5):
        super().__init__()
        self.siamese_network = siamese_network
        self.margin = margin
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def call(self, inputs):
        return self.siamese_network(inputs)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = self._compute_loss(data)
        gradients = tape.gradient(loss, self.siamese_network.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.siamese_network.trainable_weights))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data):
        self.loss_tracker.update_state(self._compute_loss(data))
        return {"loss": self.loss_tracker.result()}

    def _compute_loss(self, data):
        near, far = self.siamese_network(data)
        return ops.mean(ops.maximum(near - far + self.margin, 0.0))

    @property
    def metrics(self):
        return [self.loss_tracker]


def make_model():
    embedding = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(4)],
        name="embedding",
    )
    inputs = [keras.Input((6,), name=name) for name in ("anchor", "positive", "negative")]
    network = keras.Model(inputs, DistanceLayer()(*map(embedding, inputs)))
    model = SiameseModel(network)
    kreg.regularize(model, kreg.L1(3e-3))
    model.compile(kreg.optimizers.Adam(1e-2), weighted_metrics=[])
    return model


def train(callbacks):
    model = make_model()
    model.fit(train_batches, validation_data=val_batches, epochs=3, callbacks=callbacks, verbose=0)
    return model


def callbacks():
    return [
        kreg.Diagnostics(train=train_batches, validation=val_batches),
        kreg.EarlyStopping(patience=3),
    ]


def by_hand(model):
    """The example's own loss never holds the penalty, so nothing may be taken off `val_loss`."""
    embed = model.siamese_network.get_layer("embedding")

    def loss(part):
        a, p, n = (np.asarray(embed(side[part])) for side in (anchors, positives, negatives))
        near, far = np.square(a - p).sum(-1), np.square(a - n).sum(-1)
        return np.maximum(near - far + 0.5, 0).mean()

    return {"clean_loss": loss(slice(48)), "val_clean_loss": loss(slice(48, None))}


def saved(model):
    return [(model.siamese_network, [anchors[:4], positives[:4], negatives[:4]])]

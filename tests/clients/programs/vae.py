"""A variational autoencoder, after Keras's example vae: own `train_step`, no `call`."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

import kreg

digits = np.random.default_rng(0).uniform(0, 1, (64, 16)).round().astype("float32")
batches = tf.data.Dataset.from_tensor_slices(digits).batch(16)

NOTES = ["NO VALIDATION", "cannot be measured"]


@keras.saving.register_keras_serializable("clients")
class Sampling(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        mean, log_var = inputs
        return mean + ops.exp(0.5 * log_var) * keras.random.normal(
            ops.shape(mean), seed=self.seed_generator
        )


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
        self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.total_loss_tracker, self.kl_loss_tracker]

    def train_step(self, data):
        with tf.GradientTape() as tape:
            mean, log_var, z = self.encoder(data)
            reconstruction = self.decoder(z)
            data_loss = ops.mean(
                ops.sum(
                    keras.losses.binary_crossentropy(data[..., None], reconstruction[..., None]),
                    axis=1,
                )
            )
            kl_loss = -0.5 * ops.mean(
                ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=1)
            )
            total_loss = data_loss + kl_loss
        grads = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        self.total_loss_tracker.update_state(total_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {"loss": self.total_loss_tracker.result(), "kl_loss": self.kl_loss_tracker.result()}


def make_model():
    inputs = keras.Input((16,))
    x = keras.layers.Dense(8, activation="relu")(inputs)
    mean, log_var = keras.layers.Dense(2, name="mean")(x), keras.layers.Dense(2, name="log_var")(x)
    encoder = keras.Model(inputs, [mean, log_var, Sampling()([mean, log_var])], name="encoder")
    latent = keras.Input((2,))
    outputs = keras.layers.Dense(16, activation="sigmoid")(
        keras.layers.Dense(8, activation="relu")(latent)
    )
    vae = VAE(encoder, keras.Model(latent, outputs, name="decoder"))
    kreg.regularize(vae, kreg.L1(1e-2))
    vae.compile(kreg.optimizers.Adam(1e-2))
    return vae


def train(callbacks):
    vae = make_model()
    vae.fit(batches, epochs=4, callbacks=callbacks, verbose=0)
    return vae


def callbacks():
    return [kreg.Diagnostics(train=batches), kreg.EarlyStopping(monitor="loss", patience=4)]


def by_hand(model):
    """No loss of Keras's own: there is nothing clean. The penalty is that of both networks."""
    kernels = [np.asarray(v) for v in model.trainable_variables if len(v.shape) == 2]
    zeros = sum((k == 0).sum() for k in kernels) / sum(k.size for k in kernels)
    return {"penalty": 1e-2 * sum(np.abs(k).sum() for k in kernels), "sparsity": zeros}


def saved(vae):
    """Without the random `z`, which is another one at each call."""
    mean_and_variance = keras.Model(vae.encoder.inputs[0], vae.encoder.outputs[:2])
    return [(mean_and_variance, digits[:4]), (vae.decoder, np.ones((3, 2), "float32"))]

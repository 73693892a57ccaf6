"""A GAN, after Keras's example dcgan_overriding_train_step: two optimizers, no loss."""

import keras
import numpy as np
import tensorflow as tf

import kreg

real = np.random.default_rng(0).normal(2.0, 0.5, (64, 4)).astype("float32")
batches = tf.data.Dataset.from_tensor_slices(real).batch(16)

NOTES = ["NO VALIDATION"]


class GAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator, self.generator, self.latent_dim = discriminator, generator, latent_dim
        self.seed_generator = keras.random.SeedGenerator(1337)

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real):
        size = tf.shape(real)[0]
        noise = keras.random.normal((size, self.latent_dim), seed=self.seed_generator)
        combined = tf.concat([self.generator(noise), real], axis=0)
        labels = tf.concat([tf.ones((size, 1)), tf.zeros((size, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(combined))
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights))
        noise = keras.random.normal((size, self.latent_dim), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            g_loss = self.loss_fn(tf.zeros((size, 1)), self.discriminator(self.generator(noise)))
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))
        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


def make_model():
    discriminator = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(16),
            keras.layers.LeakyReLU(0.2),
            keras.layers.Dense(1),
        ]
    )
    generator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(4)]
    )
    gan = GAN(discriminator, generator, latent_dim=3)
    kreg.regularize(gan.discriminator, kreg.L1(1e-2))
    gan.compile(
        kreg.optimizers.Adam(1e-2),
        keras.optimizers.Adam(1e-2),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    return gan


def train(callbacks):
    gan = make_model()
    gan.fit(batches, epochs=3, callbacks=callbacks, verbose=0)
    return gan


def callbacks():
    return [kreg.Diagnostics()]


def by_hand(model):
    kernels = [np.asarray(v) for v in model.weights if v.name == "kernel"]
    ours = [np.asarray(v) for v in model.discriminator.weights if v.name == "kernel"]
    return {
        "penalty": 1e-2 * sum(np.abs(k).sum() for k in ours),
        "sparsity": sum((k == 0).sum() for k in kernels) / sum(k.size for k in kernels),
    }


def saved(model):
    return [(model.discriminator, real[:4]), (model.generator, np.ones((4, 3), "float32"))]

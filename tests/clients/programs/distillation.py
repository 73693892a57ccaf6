"""Knowledge distillation, after Keras's example knowledge_distillation: own `compute_loss`."""

import keras
import numpy as np
from keras import ops

import kreg

rng = np.random.default_rng(0)
x = rng.normal(size=(120, 8)).astype("float32")
y = (x[:, 0] + 0.3 * rng.normal(size=120) > 0).astype("int32")
train_rows, val_rows = (x[:60], y[:60]), (x[60:], y[60:])


class Distiller(keras.Model):
    def __init__(self, student, teacher, alpha=0.1, temperature=3):
        super().__init__()
        self.teacher, self.student = teacher, student
        self.teacher.trainable = False
        self.alpha, self.temperature = alpha, temperature
        self.student_loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.distillation_loss_fn = keras.losses.KLDivergence()

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False, training=True
    ):
        teacher_pred = self.teacher(x, training=False)
        student_loss = self.student_loss_fn(y, y_pred)
        soft = [ops.softmax(p / self.temperature, axis=1) for p in (teacher_pred, y_pred)]
        distillation_loss = self.distillation_loss_fn(*soft) * self.temperature**2
        return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

    def call(self, x):
        return self.student(x)


def network(width):
    return keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(width, activation="relu"), keras.layers.Dense(2)]
    )


def make_model():
    distiller = Distiller(student=network(6), teacher=network(12))
    kreg.regularize(distiller.student, kreg.L1(3e-3))
    distiller.compile(
        kreg.optimizers.Adam(1e-2), metrics=[keras.metrics.SparseCategoricalAccuracy()]
    )
    return distiller


def train(callbacks):
    distiller = make_model()
    distiller.fit(
        *train_rows,
        validation_data=val_rows,
        epochs=4,
        batch_size=20,
        callbacks=callbacks,
        verbose=0,
    )
    return distiller


def callbacks():
    return [kreg.Diagnostics(train=train_rows, validation=val_rows), kreg.EarlyStopping(patience=3)]


def by_hand(model):
    """`compute_loss` as it stands above, which leaves the penalties out."""

    def log_softmax(z):
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    def loss(x, y):
        teacher, student = np.asarray(model.teacher(x)), np.asarray(model.student(x))
        hard = -log_softmax(student)[np.arange(len(y)), y].mean()
        p, q = log_softmax(teacher / 3), log_softmax(student / 3)
        return 0.1 * hard + 0.9 * 9 * (np.exp(p) * (p - q)).sum(axis=1).mean()

    return {"clean_loss": loss(*train_rows), "val_clean_loss": loss(*val_rows)}


def saved(model):
    return [(model.student, x[:4])]

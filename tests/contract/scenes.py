"""Small real trainings, each scripted through data, labels and learning rate to end in one word.

Most of them are linear least squares on orthogonal inputs under gradient descent: weight k goes
from where it starts to the target of its training rows, at a speed of its own, and the validation
rows say where it should have gone.
"""

import functools
import warnings

import keras
import numpy as np

import kreg

EPOCHS = 30
KNOWN = 5.0  # what a target owes to the input that is passed on, in units of noise and of weights


def rows(targets, scales, spread, count=40, seed=0):
    """`count` rows for each weight: x = scale e_k, y = scale target + noise without any slope.

    The last input is no weight's: the model passes it on, and it is a part of each target. So the
    model is better than guessing, whatever its weights do.
    """
    rng = np.random.default_rng(seed)
    x = np.repeat(np.diag(np.asarray(scales, float)), count, axis=0)
    noise = rng.normal(size=(len(targets), count))
    noise = spread * (noise - noise.mean(axis=1, keepdims=True))
    y = np.repeat(np.multiply(scales, targets), count) + noise.ravel()
    known = KNOWN * spread * rng.choice([-1, 1], size=len(y)) + KNOWN * rng.normal(size=len(y))
    x = np.concatenate([x, known[:, None]], axis=1)
    return x.astype("float32"), (y + known)[:, None].astype("float32")


def descend(train, validation, start, rate, *, epochs=EPOCHS, l2=0.0, **watching):
    """Full-batch gradient descent of a linear model; returns its `kreg.Diagnostics`."""
    width = train[0].shape[1] - 1
    penalty = keras.regularizers.L2(l2) if l2 else None
    layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=penalty, name="only")
    inputs = keras.Input((width + 1,))
    outputs = keras.layers.Add()([layer(inputs[:, :-1]), inputs[:, -1:]])
    model = keras.Model(inputs, outputs)
    layer.kernel.assign(np.reshape(np.asarray(start, "float32"), (width, 1)))
    model.compile(keras.optimizers.SGD(rate), "mse")
    return fit(model, train, validation, epochs, **watching)


def fit(model, train, validation, epochs, batch_size=None, **watching):
    watch = kreg.Diagnostics(train, validation, verbose=0, adapt=False, validate=True, **watching)
    batch_size = batch_size or len(train[0])
    callbacks = [watch]
    model.fit(*train, epochs=epochs, batch_size=batch_size, verbose=0, callbacks=callbacks)
    return watch


# --- words ----------------------------------------------------------------------------------------


def learning():
    """In the middle of a training; at its end a few more steps would say UNDER-TRAINED."""
    sides = rows([1], [1], 0.1), rows([1], [1], 0.2, seed=1)
    return descend(*sides, [0], 0.02, probe_training=False)


def memorising():
    return descend(rows([1], [1], 0.1), rows([0], [0], 1.0, seed=1), [0], 0.02)


def overfitting():
    return descend(rows([1], [1], 0.1), rows([0.4], [1], 0.3, seed=1), [0], 0.05)


def late_gain():
    train = rows([0, 0], [1, 0], 0.1)
    return descend(train, rows([0, 0], [1, 1], 0.2, seed=1), [0, 1], 0.02, l2=0.5)


def converged():
    return descend(rows([1, -1], [1, 1], 0.05), rows([1, -1], [1, 1], 0.1, seed=1), [1, -1], 0.05)


def low_rank():
    """The same, as `finetune=lora` tells it of itself."""
    sides = rows([1], [1], 0.1), rows([0.4], [1], 0.3, seed=1)
    settings = {"finetune": {"kind": "lora", "rank": 8, "l1": 1e-3}}
    return descend(*sides, [0], 0.05, settings=settings)


def head_alone():
    """A straight line through a parabola, below which everything is frozen."""
    return underfitting(settings={"finetune": {"kind": "head"}})


def underfitting(**watching):
    """A straight line through a parabola; the nearest neighbours know better."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(400, 1)).astype("float32")
    y = (4 * x**2 + x).astype("float32")
    x = np.concatenate([x, np.ones_like(x), np.zeros_like(x)], axis=1)
    train, validation = ((x[p], y[p]) for p in (slice(200), slice(200, None)))
    return descend(train, validation, [1, 4 / 3], 0.05, **watching)


def under_trained():
    """A rate so small that nothing moves: the same steps at another rate learn at once."""
    return descend(rows([1, -1], [1, 1], 0.1), rows([1, -1], [1, 1], 0.1, seed=1), [0.5, 0], 1e-5)


def schedule_ended():
    """The rate falls to zero before the weight has arrived, and nobody looks further."""
    rate = keras.optimizers.schedules.CosineDecay(0.05, 15)
    sides = rows([1], [1], 0.1), rows([1], [1], 0.2, seed=1)
    return descend(*sides, [0], rate, probe_training=False)


def guessing():
    """The inputs say nothing about the targets."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 3)), rng.normal(size=(400, 1))
    x = np.pad(x, ((0, 0), (0, 1)))  # nothing is passed on
    train, validation = ((x[p], y[p]) for p in (slice(200), slice(200, None)))
    return descend(train, validation, [0, 0, 0], 0.05)


def drift():
    return descend(rows([1], [1], 10.0), rows([0], [10], 10.0, seed=1), [0], 0.02)


def settling():
    return descend(rows([1], [1], 0.3), rows([0], [1], 1.5, seed=1), [1], 0.005, l2=2.0)


def too_strong():
    return descend(rows([3], [1], 0.3), rows([0], [0], 2.0, seed=1), [3], 0.005, l2=2.0)


def unstable():
    return descend(rows([1], [1], 0.1), rows([1], [1], 0.2, seed=1), [1.1], 1.03)


def no_validation():
    return descend(rows([1], [1], 0.1), None, [0], 0.02)


def non_finite():
    return descend(rows([1], [1], 0.1), rows([1], [1], 0.2, seed=1), [0], 1e30, epochs=10)


def too_early():
    return descend(rows([1], [1], 0.1), rows([1], [1], 0.2, seed=1), [0], 0.02, epochs=5)


def suspicious():
    return descend(rows([1], [1], 1.0), rows([1], [1], 0.1, seed=1), [0], 0.02)


def overconfident():
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 1.0], size=(400, 1)).astype("float32")
    y = (x > 0).astype("float32")
    wrong = np.where(np.arange(200) < 30, 1 - y[200:, 0], y[200:, 0])[:, None]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(2.0), keras.losses.BinaryCrossentropy(from_logits=True))
    probes = {"probes": ("sharpness",)}
    return fit(model, (x[:200], y[:200]), (x[200:], wrong), EPOCHS, **probes)


def undecided():
    validation = rows([0], [1], 5.0, count=16, seed=1)
    return descend(rows([2.5], [1], 0.1), validation, [0], 0.02)


WORDS = {
    "LEARNING": learning, "MEMORISING": memorising, "OVERFITTING": overfitting,
    "LATE GAIN": late_gain, "CONVERGED": converged, "UNDERFITTING": underfitting, "DRIFT": drift,
    "UNDER-TRAINED": under_trained, "SCHEDULE ENDED": schedule_ended, "GUESSING": guessing,
    "SETTLING": settling, "TOO STRONG": too_strong, "UNSTABLE": unstable,
    "NO VALIDATION": no_validation, "NON-FINITE": non_finite, "TOO EARLY": too_early,
    "SUSPICIOUS": suspicious, "OVERCONFIDENT": overconfident, "UNDECIDED": undecided,
}  # fmt: skip


# --- at the level of guessing, for every task -----------------------------------------------------

X = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
SIDES = (slice(40), slice(40, None))
CLASS = (np.arange(60) % 3).astype("int32")


def idle(outputs, loss, y):
    """A model that starts at a constant and hardly moves: it is never better than guessing."""
    inputs = keras.Input((4,))
    heads = [keras.layers.Dense(n, kernel_initializer="zeros", name=f"head_{n}") for n in outputs]
    tensors = [head(inputs) for head in heads]
    model = keras.Model(inputs, tensors if len(tensors) > 1 else tensors[0])
    model.compile(keras.optimizers.SGD(1e-7), loss)
    first, rest = (keras.tree.map_structure(lambda a, p=p: a[p], y) for p in SIDES)
    return fit(model, (X[SIDES[0]], first), (X[SIDES[1]], rest), 10)


def idle_classes():
    return idle([3], keras.losses.SparseCategoricalCrossentropy(from_logits=True), CLASS)


def idle_binary():
    return idle([1], keras.losses.BinaryCrossentropy(from_logits=True), (CLASS == 1).astype(float))


def idle_regression():
    return idle([1], "huber", X[:, 0] - X[:, 1])


def idle_outputs():
    losses = [keras.losses.SparseCategoricalCrossentropy(from_logits=True), "mse"]
    return idle([3, 1], losses, [CLASS, X[:, 0]])


IDLE = [idle_classes, idle_binary, idle_regression, idle_outputs]


# --- advice ---------------------------------------------------------------------------------------


def penalised():
    """The penalty of an idle weight falls on, while the clean loss has its minimum early."""
    train = rows([1, 0], [1, 0], 0.1)
    return descend(train, rows([0.4, 0], [1, 0], 0.3, seed=1), [0, 10], 0.1, l2=0.02)


def outliers():
    """Three rows of a hundred hold most of the training loss."""
    x, y = rows([1], [1], 0.02, count=300)
    y[:6] += np.array([3.0, -3.0] * 3, "float32")[:, None]
    return descend((x, y), rows([0.4], [1], 0.3, count=300, seed=1), [0], 0.05)


def wide():
    """Everything is regularized, and there are more weights than rows."""
    train, validation = rows([1], [1], 0.1), rows([0.4], [1], 0.3, seed=1)
    train, validation = ((np.pad(x, ((0, 0), (99, 0))), y) for x, y in (train, validation))
    return descend(train, validation, [0] * 100, 0.05, l2=1e-6)


def second_valley():
    """A fast weight that helps, one that hurts, and a slow one that helps again."""
    scales = [3.0, 1.0, 0.3]
    validation = rows([1, -0.5, 1], [1, 2.5, 4.0], 0.3, seed=1)
    return descend(rows([1, 1, 1], scales, 0.1), validation, [0, 0, 0], 0.15, epochs=60)


def lagging_averages():
    """Batch normalization whose moving averages are far behind."""
    rng = np.random.default_rng(0)
    x = (5 + 3 * rng.normal(size=(200, 4))).astype("float32")
    y = (x[:, :1] - 5).astype("float32")
    layers = [keras.layers.BatchNormalization(momentum=0.999), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return fit(model, (x[:100], y[:100]), (x[100:], y[100:]), 12)


def collapsed():
    """A penalty so strong that the weights are zero, and inputs that tell all."""
    x = np.random.default_rng(0).normal(size=(400, 3)).astype("float32")
    x[:, 2] = 0  # nothing is passed on
    y = x[:, :1]
    return descend((x[:200], y[:200]), (x[200:], y[200:]), [0, 0], 0.005, l2=50.0)


def diverged():
    """Hidden units that a first step has killed: only the last bias is trained any more."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(400, 4)).astype("float32")
    y = np.square(x[:, :1])
    layers = [keras.layers.Dense(16, "relu", name="hidden"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    layers[0].bias.assign(np.full(16, -100.0))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return fit(model, (x[:200], y[:200]), (x[200:], y[200:]), EPOCHS)


def frozen():
    """A layer that is not trained, far from where it should be."""
    x, y = rows([1], [1], 0.1)
    layer = keras.layers.Dense(1, trainable=False)
    model = keras.Sequential([keras.Input(x.shape[1:]), layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The model does not have any trainable weights")
        return fit(model, (x, y), rows([1], [1], 0.1, seed=1), 12)


def shifted():
    """Validation rows from elsewhere."""
    x, y = rows([1], [1], 0.2, seed=1)
    moved = np.array([0.0, 40.0], "float32")
    return descend(rows([1], [1], 0.1), (x + moved, y + 40.0), [0], 0.02)


def early():
    """Zeros that come late, and a stop that goes back to before them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 10)).astype("float32")
    y = x[:, :1] + 0.1 * rng.normal(size=(60, 1)).astype("float32")
    layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=kreg.L1(2.0))
    model = keras.Sequential([keras.Input((10,)), layer])
    layer.kernel.assign(np.reshape([1.0] + [0.05] * 9, (10, 1)))
    model.compile(kreg.optimizers.SGD(0.02), "mse")
    train, validation = (x[:40], y[:40]), (x[40:], y[40:])
    watch = kreg.Diagnostics(train, validation, verbose=0, adapt=False, validate=True)
    stop = kreg.EarlyStopping(patience=40, restore_best=True, verbose=0)
    model.fit(*train, epochs=20, batch_size=40, verbose=0, callbacks=[watch, stop])
    return watch


def too_sure():
    """One large weight from the start: right in 85 % of the rows, and sure of far more."""
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 1.0], size=(400, 1)).astype("float32")
    y = np.where(np.arange(400) % 20 < 3, x[:, 0] < 0, x[:, 0] > 0).astype("float32")[:, None]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.set_weights([np.full((1, 1), 6.0), np.zeros(1)])
    model.compile(keras.optimizers.SGD(1e-4), keras.losses.BinaryCrossentropy(from_logits=True))
    return fit(model, (x[:200], y[:200]), (x[200:], y[200:]), 4)


ADVICE = {
    "look_at_the_data": shifted, "train_longer": under_trained, "early_zeros": early,
    "without_regularization": collapsed, "another_rate": diverged, "dead_layer": diverged,
    "nothing_trains": frozen,
    "nothing_learned": guessing, "more_capacity": underfitting,
    "restore": overfitting, "bare_layers": overfitting, "decay_first": overfitting,
    "less_noise": too_strong, "calm_down": unstable, "leak": suspicious,
    "overconfident": overconfident, "larger_validation": undecided,
    "watch_the_clean_loss": penalised, "hard_tail": outliers, "more_data": wide,
    "calibrate": too_sure, "second_descent": second_valley, "batch_statistics": lagging_averages,
    "lower_the_rank": low_rank, "train_more_layers": head_alone,
}  # fmt: skip


@functools.cache
def played(scene):
    """The finished `kreg.Diagnostics` of a scene, trained once."""
    return scene()

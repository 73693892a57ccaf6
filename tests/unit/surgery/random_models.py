"""Random graphs of the layers that `compress` knows and of some that it must keep whole.

`random_model(seed)` is a pure function of the seed: its test prints the seed of what fails.
"""

import keras
import numpy as np
from keras import layers

ACTIVATIONS = (None, "relu", "gelu", "tanh", "sigmoid", "selu", "softplus", "elu", "silu")
RANKS = (0, 1, 2, 2, 2, 3)
SIDE = 6


@keras.saving.register_keras_serializable(package="kreg_tests")
def plus_one(x):
    """What a `Lambda` of the random models does: a name lets its file be loaded again."""
    return x + 1.0


class Builder:
    """Adds random layers to a pool of tensors of one spatial rank."""

    def __init__(self, rng, rank: int):
        self.rng = rng
        self.rank = rank

    def width(self) -> int:
        return int(self.rng.integers(1, 7))

    def one_of(self, options):
        return options[int(self.rng.integers(len(options)))]

    def activation(self):
        return self.one_of(ACTIVATIONS)

    def padding(self):
        return self.one_of(("same", "valid"))

    def grow(self, pool: list) -> None:
        """Put one new tensor into the pool, made from what is there."""
        x = pool[-1] if self.rng.random() < 0.7 else self.one_of(pool)
        common = [
            self.dense,
            self.normalize,
            self.elementwise,
            self.noise,
            self.merge,
            self.barrier,
        ]
        spatial = [
            self.convolve,
            self.depthwise,
            self.separable,
            self.pool,
            self.pad,
            self.upsample,
        ]
        maker = self.one_of(common + (2 * spatial if self.rank else 2 * [self.dense]))
        result = maker(x, pool)
        if result is not None:
            pool.append(result)

    def layer(self, name: str, *args, **kwargs):
        return getattr(layers, name.format(self.rank))(*args, **kwargs)

    def large(self, x, size: int = 3) -> bool:
        return min(x.shape[1:-1]) >= size

    def dense(self, x, pool):
        activation = self.one_of((*ACTIVATIONS, "softmax"))
        width = self.width() + (activation == "softmax")  # Keras warns of a softmax over one
        return layers.Dense(width, activation, use_bias=self.rng.random() < 0.7)(x)

    def convolve(self, x, pool):
        if not self.large(x):
            return None
        options = {"padding": self.padding(), "activation": self.activation()}
        if self.rank == 1 and self.rng.random() < 0.3:
            options["padding"] = "causal"
        options["use_bias"] = self.rng.random() < 0.6
        options[self.one_of(("strides", "dilation_rate"))] = int(self.rng.integers(1, 3))
        size = 1 if options.get("dilation_rate") == 2 else self.one_of((1, 2, 3))
        groups = 2 if self.rng.random() < 0.15 and x.shape[-1] % 2 == 0 else 1
        width = 2 * self.width() if groups == 2 else self.width()
        return self.layer("Conv{}D", width, size, groups=groups, **options)(x)

    def depthwise(self, x, pool):
        if self.rank == 3 or not self.large(x):
            return None
        options = {"padding": self.padding(), "activation": self.activation()}
        options["depth_multiplier"] = self.one_of((1, 1, 2))
        return self.layer("DepthwiseConv{}D", 3, **options)(x)

    def separable(self, x, pool):
        if self.rank == 3 or not self.large(x):
            return None
        options = {"padding": self.padding(), "activation": self.activation()}
        options["depth_multiplier"] = self.one_of((1, 1, 2))
        return self.layer("SeparableConv{}D", self.width(), 3, **options)(x)

    def pool(self, x, pool):
        name = self.one_of(("MaxPooling{}D", "AveragePooling{}D"))
        return self.layer(name, 2, padding=self.padding())(x) if self.large(x) else None

    def pad(self, x, pool):
        return self.layer("ZeroPadding{}D", 1)(x) if not self.large(x, 9) else None

    def upsample(self, x, pool):
        if self.large(x, 5):
            return self.layer("Cropping{}D", 1)(x)
        return self.layer("UpSampling{}D", 2)(x)

    def normalize(self, x, pool):
        options = {"scale": self.rng.random() < 0.8, "center": self.rng.random() < 0.8}
        return layers.BatchNormalization(**options)(x)

    def elementwise(self, x, pool):
        shared = tuple(range(1, len(x.shape) - 1)) or None
        makers = (
            lambda: layers.Activation(self.activation() or "linear"),
            lambda: layers.ReLU(max_value=self.one_of((None, 6.0)), threshold=0.1),
            lambda: layers.LeakyReLU(0.3),
            lambda: layers.ELU(0.7),
            lambda: layers.Rescaling(1.5, offset=self.one_of((0.0, 0.2))),
            lambda: layers.PReLU("uniform", shared_axes=self.one_of((None, shared))),
        )
        return self.one_of(makers)()(x)

    def noise(self, x, pool):
        makers = (
            lambda: layers.Dropout(0.3),
            lambda: layers.GaussianNoise(0.2),
            lambda: layers.GaussianDropout(0.2),
            lambda: layers.Identity(),
        )
        return self.one_of(makers)()(x)

    def merge(self, x, pool):
        space = [y for y in pool if y.shape[1:-1] == x.shape[1:-1] and y is not x]
        same = [y for y in space if y.shape[-1] == x.shape[-1]]
        if space and self.rng.random() < 0.4:
            return layers.Concatenate()([x, self.one_of(space), x])
        if not same:
            same = [layers.Dense(x.shape[-1])(self.one_of(pool[-1:]) if not self.rank else x)]
        name = self.one_of(("Add", "Subtract", "Average", "Maximum", "Minimum", "Multiply"))
        return getattr(layers, name)()([x, self.one_of(same)])

    def barrier(self, x, pool):
        makers = (
            lambda: layers.LayerNormalization()(x),
            lambda: layers.Softmax()(x) if x.shape[-1] > 1 else None,
            lambda: keras.ops.tanh(x) * 2.0,
            lambda: self.nested(x)(x),
            lambda: self.shared(x),
            lambda: layers.Lambda(plus_one, output_shape=x.shape[1:])(x),
        )
        return self.one_of(makers)()

    def nested(self, x):
        inputs = keras.Input(x.shape[1:])
        y = layers.Dense(self.width(), "relu")(inputs)
        y = layers.BatchNormalization()(y)
        return keras.Model(inputs, layers.Dense(self.width())(y))

    def shared(self, x):
        layer = layers.Dense(x.shape[-1], "tanh")
        return layer(layer(x))

    def head(self, x):
        """From what there is to a vector."""
        if self.rank:
            pooling = self.one_of(("GlobalAveragePooling{}D", "GlobalMaxPooling{}D"))
            makers = (
                lambda: layers.Flatten()(x),
                lambda: layers.Reshape((-1,))(x),
                lambda: self.layer(pooling)(x),
                lambda: layers.Flatten()(layers.Reshape((-1, x.shape[-1]))(x)),
            )
            x = self.one_of(makers)()
        x = layers.Dense(self.width(), self.activation())(x)
        return layers.Dense(2, self.one_of((None, "softmax")))(x)


def random_model(seed: int):
    """A model with random groups of zeros; the same for the same seed."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    rank = RANKS[int(rng.integers(len(RANKS)))]
    builder = Builder(rng, rank)
    inputs = [keras.Input((SIDE,) * rank + (int(rng.integers(1, 5)),))]
    if rng.random() < 0.2:
        inputs.append(keras.Input((SIDE,) * rank + (int(rng.integers(1, 5)),)))
    pool = list(inputs)
    for _ in range(int(rng.integers(3, 14))):
        builder.grow(pool)
    outputs = [builder.head(pool[-1])]
    for extra in inputs[1:]:
        outputs.append(builder.head(extra))
    if rng.random() < 0.2:
        outputs.append(pool[-1])
    model = keras.Model(inputs, outputs)
    spoil(model, rng)
    return model


def spoil(model, rng) -> None:
    """Random statistics and biases; random rows and columns of zeros, now and then all of them."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            spoil(layer, rng)
            continue
        for weight in layer.weights:
            if weight.name != "seed_generator_state":
                weight.assign(spoiled(weight, rng))


def spoiled(weight, rng) -> np.ndarray:
    shape = tuple(weight.shape)
    if weight.name in ("moving_variance", "alpha"):
        return rng.uniform(0.5, 1.5, shape)
    if len(shape) == 1:
        values = rng.normal(size=shape)
        return values * (rng.random(shape) < (0.6 if weight.name in ("gamma", "beta") else 0.8))
    values = rng.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))
    rate = (0.0, 0.3, 0.5, 1.0)[int(rng.choice(4, p=(0.2, 0.4, 0.37, 0.03)))]
    rows = rng.random(shape[-2]) < rate
    columns = rng.random(shape[-1]) < rate * (len(shape) != 2 or shape[-1] > 2)
    return np.where(rows[:, None] | columns, 0.0, values)

"""The `.keras` files of a version: every penalty, optimizer and noise layer, one step from here."""

import json
from pathlib import Path

import keras
import numpy as np
from keras import layers

import kreg

SEED = 3
ROWS = 12


def write_all(folder: Path) -> None:
    """Each model of `MODELS` and each optimizer; `NAME.keras` beside `NAME.npz`."""
    for name, make in MODELS.items():
        keras.utils.set_random_seed(SEED)
        write(make(), folder, name)
    for name in OPTIMIZERS:
        keras.utils.set_random_seed(SEED)
        write(optimized(name), folder, f"optimizer_{name.lower()}")


def write(model: keras.Model, folder: Path, name: str) -> None:
    """Train a little, save, and write what the loaded model must say and do."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(SEED)
    x = generator.normal(size=(ROWS, *model.input_shape[1:])).astype("float32")
    y = generator.normal(size=(ROWS, *model.output_shape[1:])).astype("float32")
    if model.compiled:
        for _ in range(3):
            model.train_on_batch(x, y)
    path = folder / f"{name}.keras"
    model.save(path)
    outputs, penalty = model.predict(x, verbose=0), sum(map(float, model.losses))
    expected = {"x": x, "y": y, "outputs": outputs, "penalty": penalty}
    np.savez(folder / f"{name}.npz", **expected, **one_step(path, x, y))


def one_step(path: Path, x, y) -> dict:
    """The loss of one more step from the file, and the weights after it."""
    model = kreg.load_model(path)
    if not model.compiled:
        return {}
    loss = model.train_on_batch(x, y)
    return {"loss": loss, **{f"weight_{i:03d}": w for i, w in enumerate(model.get_weights())}}


def functional(inputs, outputs) -> keras.Model:
    """Compiled with kreg's Adam under a learning-rate schedule."""
    model = keras.Model(inputs, outputs)
    rate = keras.optimizers.schedules.CosineDecay(0.01, 20)
    model.compile(kreg.optimizers.Adam(rate), "mse")
    return model


def penalties() -> keras.Model:
    """The penalties of 0.1, strengths as numbers and as each kind of schedule."""
    ramp = {"start": 0.0, "end": 0.02, "duration": 8}
    chosen = [
        kreg.L1(0.01),
        kreg.L2(0.01),
        kreg.ElasticNet(0.01, 0.02),
        kreg.GroupLasso(0.01, axis=-2),
        kreg.GroupLasso(0.01, axis=-1, adaptive=1.0),
        kreg.SparseGroupLasso(0.005, 0.01, axis=-1),
        kreg.L2SP(0.1),
        kreg.L1(schedule("linear", **ramp)),
        kreg.L2(schedule("cosine", **ramp)),
        kreg.ElasticNet(
            schedule("exponential", start=0.001, end=0.02, duration=8),
            schedule("piecewise", values=[0.001, 0.002, 0.003], boundaries=[2, 4]),
        ),
    ]
    return under(chosen)


def bounds_and_unshrunk() -> keras.Model:
    """The penalties since 0.2: what they keep they do not shrink, or they are sets."""
    chosen = [
        kreg.L0(1e-4, gamma=0.5),
        kreg.AdaptiveL1(0.01, gamma=0.5),
        kreg.MCP(0.01, gamma=4.0),
        kreg.SCAD(0.01, gamma=4.0),
        kreg.GroupMCP(0.01, gamma=4.0, axis=-1),
        kreg.GroupSCAD(0.01, gamma=4.0),
        kreg.NuclearNorm(0.01, every=3),
        kreg.MaxNorm(0.9),
        kreg.UnitNorm(),
        kreg.NonNegative(),
        kreg.Box(-0.5, 0.6),
        kreg.Constrained(kreg.L1(schedule("linear", start=0.0, end=0.02, duration=8)),
                         [kreg.NonNegative(), kreg.MaxNorm(0.9)]),
    ]  # fmt: skip
    return under(chosen)


def under(chosen: list) -> keras.Model:
    """A layer for each penalty."""
    x = inputs = keras.Input((6,))
    for penalty in chosen:
        x = layers.Dense(6, "tanh", kernel_regularizer=penalty)(x)
    return functional(inputs, layers.Dense(2)(x))


def schedule(kind: str, **values) -> kreg.Schedule:
    return kreg.Schedule.from_config({"kind": kind, **values})


def regularized() -> keras.Model:
    """A plain model that `kreg.regularize` has put penalties on."""
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, "relu"), layers.Dense(2)])
    kreg.regularize(model, kreg.L1(0.02))
    model.compile(kreg.optimizers.Adam(0.01), "mse")
    return model


def vectors() -> keras.Model:
    """Noise on vectors: all kinds, a scheduled rate, a learned rate, dropped weights."""
    noise, inputs = kreg.layers, keras.Input((6,))
    x = layers.Dense(8, "selu")(inputs)
    x = noise.AlphaDropout(0.2, seed=1)(x)
    x = noise.GaussianDropout(0.2, seed=2)(x)
    x = noise.Dropout(schedule("linear", start=0.0, end=0.5, duration=6), seed=3)(x)
    x = layers.Add()([x, noise.StochasticDepth(0.3, seed=4)(layers.Dense(8)(x))])
    x = noise.DropConnect(layers.Dense(8, kernel_regularizer=kreg.L1(0.01)), 0.3, seed=5)(x)
    x = noise.ConcreteDropout(0.1, layers.Dense(8), seed=6)(x)
    return functional(inputs, layers.Dense(2)(noise.ConcreteDropout(0.2, seed=7)(x)))


def maps() -> keras.Model:
    """Noise on feature maps of one, two and three dimensions."""
    noise, inputs = kreg.layers, keras.Input((64,))
    places = (
        ((64, 1), noise.SpatialDropout1D, noise.DropBlock1D),
        ((8, 8, 1), noise.SpatialDropout2D, noise.DropBlock2D),
        ((4, 4, 4, 1), noise.SpatialDropout3D, noise.DropBlock3D),
    )
    ends = []
    for shape, spatial, block in places:
        x = layers.Reshape(shape)(inputs)
        x = spatial(0.2, seed=len(shape))(layers.Dense(3)(x))
        x = block(0.3, block_size=2, seed=len(shape))(x)
        ends.append(layers.Flatten()(x))
    return functional(inputs, layers.Dense(2)(layers.Concatenate()(ends)))


def forest() -> keras.Model:
    made = kreg.models.forest((6,), 2, "regression", depth=2, trees=3, dropout=0.1)
    return functional(made.input, made.output)


def transformer() -> keras.Model:
    made = kreg.models.transformer((6,), 2, "regression", depth=1, width=4, heads=2, dropout=0.1)
    return functional(made.input, made.output)


def converted() -> keras.Model:
    """Keras's own optimizer, converted."""
    model = regularized()
    optimizer = kreg.optimizers.proximal(keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True))
    model.compile(optimizer, "mse")
    return model


def stripped() -> keras.Model:
    """Plain Keras: no name of kreg is in the file."""
    model = kreg.strip(regularized())
    if "kreg" in json.dumps(model.get_config()):
        raise ValueError("The stripped model still names kreg.")
    return model


MODELS = {
    made.__name__: made
    for made in (
        penalties, bounds_and_unshrunk, regularized, vectors, maps, forest, transformer, converted,
        stripped,
    )
}  # fmt: skip
OPTIMIZERS = (
    "SGD", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Lamb", "Lion", "Muon", "Nadam",
    "RMSprop",
)  # fmt: skip


def optimized(name: str) -> keras.Model:
    """A small model after a few steps of one of kreg's optimizers."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, kernel_regularizer=kreg.L1(0.01))])
    model.compile(getattr(kreg.optimizers, name)(learning_rate=0.01), "mse")
    return model

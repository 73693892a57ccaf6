"""The frozen part of a model: its outputs, the features, can be computed once for all epochs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kreg import private_keras
from kreg.measuring.own_loss import has_activity

ATTRIBUTE = "_kreg_frozen"
KNOWN = ("keras", "keras_hub", "kreg")  # packages whose layers say by their state what they do
STEADY = (keras.layers.BatchNormalization, keras.layers.Normalization)  # while they are frozen


class NotSteadyError(ValueError):
    """What lies below the head gives other outputs from one step to the next: a sentence says."""


@dataclass(frozen=True, eq=False)
class Frozen:
    """A model in two parts, which are made of its own layers.

    Args:
        trunk: From the inputs to the features; nothing in it is trained, and nothing draws.
        rest: From the features to the outputs.
    """

    trunk: keras.Model
    rest: keras.Model

    @property
    def row_bytes(self) -> int:
        """What the features of a row weigh."""
        feature = self.trunk.outputs[0]
        return int(np.prod(feature.shape[1:])) * np.dtype(self.dtype).itemsize

    @property
    def dtype(self) -> str:
        """What the features are kept in: NumPy has no bfloat16, which float32 holds exactly."""
        own = str(self.trunk.outputs[0].dtype)
        return "float32" if own == "bfloat16" else own

    def features(self, x: Any) -> np.ndarray:
        """The features of a batch, `(rows, ...)`."""
        return np.asarray(self.trunk.predict_on_batch(x), self.dtype)

    @contextmanager
    def measured_with(self, model: keras.Model) -> Iterator[None]:
        """In the block the clean losses of `model` are computed from features, each row's once."""
        object.__setattr__(model, ATTRIBUTE, self)  # past Keras's tracking: no part of a file
        try:
            yield
        finally:
            object.__delattr__(model, ATTRIBUTE)


def known(model: keras.Model) -> Frozen | None:
    """The parts of a model whose features are kept now."""
    found: Frozen | None = vars(model).get(ATTRIBUTE)
    return found


def parted(model: keras.Model) -> Frozen:
    """The model's parts above and below the place where its features are taken.

    That is the input of the head, the last layer with weights; or, if there is noise between them,
    of the first layer that draws any.

    Raises:
        NotSteadyError: If what lies below varies by more than the weights of the head, or cannot be
            told from it.
    """
    if not isinstance(model, keras.Sequential) and not hasattr(model, "operations"):
        raise NotSteadyError(f"{model.name!r} has no graph of layers")
    if private_keras.overrides(model, "train_step", "compute_loss", "test_step"):
        raise NotSteadyError(f"{model.name!r} has a training step of its own")
    head = [layer for layer in model.layers if layer.weights][-1]
    try:
        place = below_noise(model, head)
        inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]  # given as an array
        found = Frozen(keras.Model(inputs, place), keras.Model(place, model.outputs))
    except (ValueError, AttributeError, TypeError) as error:
        raise NotSteadyError(f"no single tensor enters {head.name!r}") from error
    refuse_unsteady(found.trunk)
    if [layer for layer in found.rest.layers if layer.weights] != [head]:
        raise NotSteadyError("noise lies between frozen layers")
    if None in found.trunk.outputs[0].shape[1:]:
        raise NotSteadyError("the features of two rows may differ in shape")
    found.trunk.jit_compile = False  # XLA is slow at convolutions on a CPU
    return found


def below_noise(model: keras.Model, head: keras.Layer) -> keras.KerasTensor:
    """What enters the head, before any noise that is put between."""
    made = {id(output(layer)): layer for layer in model.layers if not layer.weights}
    place = tensor = head.input
    while id(tensor) in made and not isinstance(made[id(tensor)], keras.layers.InputLayer):
        layer = made[id(tensor)]
        tensor = layer.input
        if varies(layer):
            place = tensor
    return place


def output(layer: keras.Layer) -> Any:
    """What a layer returns in the one place where it is called; itself, if there are several."""
    try:
        return layer.output
    except (AttributeError, ValueError):
        return layer


def varies(layer: keras.Layer) -> bool:
    """Whether a layer, or one in it, has a state that it writes to or draws from."""
    return any(
        private_keras.states_of(one) and not isinstance(one, STEADY)
        for one in private_keras.all_layers(layer)
    )


def refuse_unsteady(trunk: keras.Model) -> None:
    """Refuse layers whose outputs may be others in the next step, though nothing is trained."""
    for layer in private_keras.all_layers(trunk):
        told = f"{layer.name!r} ({type(layer).__name__})"
        if private_keras.states_of(layer) and not isinstance(layer, STEADY):
            raise NotSteadyError(f"{told} draws noise or keeps a state")
        if has_activity(layer):
            raise NotSteadyError(f"{told} has a penalty on its outputs")
        own_code = isinstance(layer, keras.layers.Lambda)
        if own_code or type(layer).__module__.partition(".")[0] not in KNOWN:
            raise NotSteadyError(f"nobody knows what {told} does from step to step")

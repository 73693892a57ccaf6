"""A scaling of the scores as stock layers behind a model that gives logits or probabilities."""

from typing import Any

import keras
import numpy as np

from kreg.calibrating.scaling import Scaling
from kreg.measuring.predictions import PredictionReader
from kreg.surgery.graph import input_of

NAME = "calibration"
NO_GRAPH = (
    "A calibration is a layer behind a Functional or Sequential model, and {!r} is none. Wrap it: "
    "`keras.Model(inputs, model(inputs))`."
)
NO_SCORES = (
    "The last layer {!r} gives probabilities, and the scores behind them cannot be seen. Let it be "
    "a layer with activation='softmax' or 'sigmoid', or let the model give logits."
)


def with_scaling(model: keras.Model, scaling: Scaling, reader: PredictionReader) -> keras.Model:
    """A new model with the layers of `model`, the scaling, and the squashing that was there.

    Args:
        model: A Functional or Sequential model with one output.
        scaling: What is done to the scores.
        reader: How the output is read.
    """
    if not isinstance(model, keras.Sequential) and not getattr(model, "inputs", None):
        raise ValueError(NO_GRAPH.format(model.name))
    layer = rescaling(model, scaling)
    if reader.from_logits:
        scaled = layer(model.outputs[0])
    else:
        squash = "sigmoid" if reader.kind == "binary" else "softmax"
        scores = scores_of(model, squash)
        scaled = keras.layers.Activation(squash, dtype="float32", name="chances")(layer(scores))
    return keras.Model(input_of(model), scaled, name=model.name)


def rescaling(model: keras.Model, scaling: Scaling) -> keras.layers.Rescaling:
    """`Rescaling(1 / T)`, or of lists for a vector; a second calibration has another name."""
    scale, offset = (plain(value) for value in (scaling.scale, scaling.offset))
    taken = {layer.name for layer in model.layers}
    name = next(n for n in (NAME, *(f"{NAME}_{i}" for i in range(1, 99))) if n not in taken)
    return keras.layers.Rescaling(scale, offset, dtype="float32", name=name)


def plain(value: float | np.ndarray) -> float | list[float]:
    """What JSON has a word for."""
    found: float | list[float] = np.asarray(value, np.float64).tolist()
    return found


def scores_of(model: keras.Model, squash: str) -> Any:
    """The tensor that the last softmax or sigmoid reads; of a layer's own activation a linear twin.

    The twin has copies of the layer's weights; all layers before it are shared.
    """
    last = model.layers[-1]
    if isinstance(last, keras.layers.Softmax):
        return last.input
    function = getattr(last, "activation", None)
    if getattr(function, "__name__", "") != squash or last.output is not model.outputs[0]:
        raise ValueError(NO_SCORES.format(last.name))
    if isinstance(last, keras.layers.Activation):
        return last.input
    twin = type(last).from_config({**last.get_config(), "activation": "linear"})
    scores = twin(last.input)
    twin.set_weights(last.get_weights())
    return scores

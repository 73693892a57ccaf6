"""What a model costs: parameters, floating-point operations, measured time."""

import statistics
import time
from typing import Any

import keras
import numpy as np

from kreg.surgery import graph, verify
from kreg.surgery.graph import Call, Shape, Shapes

layers = keras.layers
CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)


def flops(model: keras.Model) -> int:
    """Multiplications and additions of all dense and convolutional layers, for one example.

    A multiplication and an addition count two. Axes of open size count as one place; other layers
    are not counted, nor is what a subclassed layer does inside.
    """
    found = graph.read(model)
    return sum(flops_of(call, found.shapes) for call in found.calls)


def flops_of(call: Call, shapes: Shapes) -> int:
    layer = call.layer
    if graph.is_graph(layer):
        return flops(layer)
    if not call.outputs:
        return 0
    places = places_of(shapes[call.outputs[0]], getattr(layer, "data_format", None))
    if isinstance(layer, layers.Dense):
        return 2 * places * size(layer.kernel)
    if isinstance(layer, DEPTHWISE) or type(layer) in CONVOLUTIONS:
        return 2 * places * size(layer.kernel)
    if isinstance(layer, SEPARABLE):
        return 2 * places * (size(layer.depthwise_kernel) + size(layer.pointwise_kernel))
    return 0


def places_of(shape: Shape, data_format: str | None) -> int:
    """In how many places the kernel is applied."""
    space = shape[2:] if data_format == "channels_first" else shape[1:-1]
    return int(np.prod([1 if n is None else n for n in space], dtype="int64"))


def size(variable: keras.Variable) -> int:
    return int(np.prod(variable.shape))


def latency(model: keras.Model, inputs: Any = None, repeats: int = 20) -> float:
    """Median time of one compiled prediction of one batch, in milliseconds.

    Args:
        model: A built `keras.Model`; the measurement compiles a view on it, not the model itself.
        inputs: A batch; `None` for a random batch of 8 examples.
        repeats: Whole number >= 1 of timed predictions, after three that are not timed.
    """
    view = graph.view(model)
    inputs = verify.random_inputs(model) if inputs is None else inputs
    for _ in range(3):
        view.predict_on_batch(inputs)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        view.predict_on_batch(inputs)
        times.append(time.perf_counter() - start)
    return 1000.0 * statistics.median(times)

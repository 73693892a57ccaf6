"""Remove what exact zeros have made superfluous: a smaller model with the same outputs."""

from typing import Any

import keras
import numpy as np

from kreg import check, weight_names
from kreg.surgery import cost, factors, graph, shrink, verify
from kreg.surgery.analysis import Analysis, Step
from kreg.surgery.compression_report import CompressionReport, LayerChange, Size
from kreg.surgery.shrink import Analysed
from kreg.surgery.stripping import kreg_left


def compress(
    model: keras.Model,
    data: Any = None,
    *,
    select_inputs: bool = False,
    tolerance: float | None = None,
    latency: bool = True,
) -> tuple[keras.Model, CompressionReport]:
    """A smaller model with the same outputs, and a report of what was removed.

    A unit goes when nothing reads it (its rows in all consumers are exactly zero) or when it is a
    constant (its own column is zero) that its consumers' biases can take over. Units that are tied
    together, by a residual addition say, go together or not at all. Layers whose channels depend
    on each other are kept whole. Sources: Chen et al., OTO, 2021; Fang et al., DepGraph, 2023.

    A dense layer whose kernel has a low rank, as `kreg.NuclearNorm` makes it, becomes two layers
    where these have fewer numbers than the kernel has that are not zero. The rank is the number of
    singular values above rounding; to count them takes seconds for kernels above 2000 x 2000.

    The outputs are those of inference, up to the order of float additions; this is checked on
    random inputs and on `data` before the model is returned. In further training a unit that was
    removed as a constant no longer takes part.

    Args:
        model: A built Functional or Sequential `keras.Model`, nested models included. It is not
            changed.
        data: A batch of inputs to check the outputs on, besides random numbers; or `None`.
        select_inputs: `True` removes unused features (last axis) from the inputs as well: the new
            model reads `x[..., report.features[name]]`. Defaults to `False`: same inputs.
        tolerance: Number >= 0, the largest allowed `max |difference| / max |output|`. Defaults to
            1e-5 in float32 and to more in half precision.
        latency: Whether to measure the time of a prediction before and after.

    Returns:
        The new model (plain Keras, not compiled, same names) and a `CompressionReport`. A layer of
        kreg that Keras has no counterpart for stays; the report's notes name it.

    Raises:
        ValueError: If the model is subclassed or not built, or the outputs differ.

    >>> model = keras.Sequential([keras.Input((3,), name="x"), keras.layers.Dense(4, "relu"),
    ...                           keras.layers.Dense(1)])
    >>> first = np.array([[1.0, 0, 2, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    >>> model.set_weights([first, np.ones(4), np.array([[1.0], [1], [1], [0]]), np.zeros(1)])
    >>> smaller, report = compress(model, latency=False)
    >>> smaller.layers[0].units, report.features
    (2, {'x': array([0, 1])})
    """
    graph.checked(model)
    check.flag("latency", latency)
    analyses = shrink.analyse_all(model, check.flag("select_inputs", select_inputs))
    first = analyses[0][1]
    shrunk = shrink.shrunk(model, shrink.changes(analyses), shrink.widths_of(first))
    smaller, in_two = factors.factorized(shrunk)
    batches = verify.batches(model, data)
    columns = columns_of(first, select_inputs)
    pairs = [(batch, verify.narrowed(model, batch, columns)) for batch in batches]
    difference = verify.check_same(
        model, smaller, pairs, verify.checked_tolerance(tolerance, model)
    )
    before, after = pairs[-1]
    return smaller, CompressionReport(
        before=size_of(model, before, latency),
        after=size_of(smaller, after, latency),
        layers=layer_changes(model, shrunk, in_two),
        features=features_of(first),
        barriers=barriers_of(analyses),
        notes=(*notes_of(model, smaller, analyses), *map(str, in_two.values())),
        difference=difference,
    )


def columns_of(analysis: Analysis, select_inputs: bool) -> dict[str, np.ndarray]:
    """By input the features that the new model reads, where they are not all of them."""
    if not select_inputs:
        return {}
    return {ref.layer: np.flatnonzero(analysis.kept[ref]) for ref in analysis.graph.inputs}


def size_of(model: keras.Model, batch: Any, measure: bool) -> Size:
    milliseconds = cost.latency(model, batch) if measure else None
    return Size(weight_names.parameters(model), cost.flops(model), milliseconds)


def layer_changes(
    model: keras.Model, smaller: keras.Model, in_two: dict[int, factors.Factors]
) -> tuple[LayerChange, ...]:
    rows: list[LayerChange] = []
    for old, new in zip(model.layers, smaller.layers, strict=True):
        if isinstance(old, keras.Model) and isinstance(new, keras.Model):
            rows += layer_changes(old, new, in_two)
        elif weight_names.parameters(old) and weight_names.parameters(new):
            rows.append(layer_change(old, new, in_two.get(id(new))))
    return tuple(rows)


def layer_change(old: keras.Layer, new: keras.Layer, two: factors.Factors | None) -> LayerChange:
    return LayerChange(
        layer=old.name,
        kind=type(old).__name__,
        shape=tuple(old.weights[0].shape),
        new_shape=two.shape if two else tuple(new.weights[0].shape),
        parameters=weight_names.parameters(old),
        new_parameters=weight_names.parameters(new) - (two.saved if two else 0),
    )


def features_of(analysis: Analysis) -> dict[str, np.ndarray]:
    """By input the indices of the features that the outputs are computed from."""
    return {ref.layer: np.flatnonzero(analysis.live[ref]) for ref in analysis.graph.inputs}


def barriers_of(analyses: list[Analysed]) -> dict[str, str]:
    """Why layers were kept whole; a nested model is not one: it is compressed inside."""
    steps = [step for _, analysis in analyses for step in analysis.steps]
    found = {step.call.layer: step.obstacle for step in steps if step.obstacle}
    return {layer.name: reason for layer, reason in found.items() if not graph.is_graph(layer)}


def notes_of(model: keras.Model, smaller: keras.Model, analyses: list[Analysed]) -> tuple[str, ...]:
    notes = []
    if weight_names.parameters(smaller) == weight_names.parameters(model):
        notes.append("There is nothing to remove: no unit is unused or constant.")
    left = kreg_left(smaller)
    if left:
        names = ", ".join(left)
        notes.append(f"Plain Keras has no {names}: load the file with `kreg.load_model`.")
    for _, analysis in analyses:
        for step in analysis.steps:
            if emptied(step, analysis):
                notes.append(f"No unit of {step.call.layer.name!r} is needed; one was kept.")
    return tuple(notes)


def emptied(step: Step, analysis: Analysis) -> bool:
    """Whether a layer with units of its own has none that is needed."""
    has_units = hasattr(step.call.layer, "units") or hasattr(step.call.layer, "filters")
    return has_units and not step.behaviour.barrier and not analysis.live[step.output].any()

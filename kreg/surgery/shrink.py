"""The smaller model: the same graph with narrower layers and the weights that are left."""

from typing import TypeAlias

import keras
import numpy as np

from kreg.surgery import copying, graph, stripping
from kreg.surgery.analysis import Analysis, Step, analyse
from kreg.surgery.channels.base import Resized

Analysed: TypeAlias = tuple[keras.Model, Analysis]


def analyse_all(model: keras.Model, select_inputs: bool = False) -> list[Analysed]:
    """`(model, analysis)` of the model and of every model nested in it, each once.

    A nested model keeps its inputs and outputs whatever happens inside, so it is a barrier for the
    graph around it and a graph of its own within.
    """
    found = {id(model): (model, analyse(model, select_inputs))}
    for layer in model.layers:
        if graph.is_graph(layer):
            found |= {id(inner): (inner, result) for inner, result in analyse_all(layer)}
    return list(found.values())


def changes(analyses: list[Analysed]) -> dict[int, Resized]:
    """By `id` of the layer what becomes of it; layers that stay as they are have no entry."""
    found = {}
    counted = count_graphs(analyses)
    for _, analysis in analyses:
        for step in analysis.steps:
            if counted[id(step.call.layer)] == 1 and touches(step, analysis):
                found[id(step.call.layer)] = resized(step, analysis)
    return {key: change for key, change in found.items() if change is not None}


def count_graphs(analyses: list[Analysed]) -> dict[int, int]:
    """In how many of the graphs each layer is called."""
    counted: dict[int, int] = {}
    for _, analysis in analyses:
        for key in {id(step.call.layer) for step in analysis.steps}:
            counted[key] = counted.get(key, 0) + 1
    return counted


def touches(step: Step, analysis: Analysis) -> bool:
    """Whether anything is removed from what the call reads or makes."""
    if step.behaviour.barrier:
        return False
    refs = (*step.call.inputs, *step.call.outputs)
    return not all(analysis.live[ref].all() and analysis.kept[ref].all() for ref in refs)


def resized(step: Step, analysis: Analysis) -> Resized | None:
    constants = [analysis.constants[ref] for ref in step.call.inputs]
    live, kept = analysis.masks(step, analysis.live), analysis.masks(step, analysis.kept)
    return step.behaviour.resized(live, kept, constants)


def widths_of(analysis: Analysis) -> dict[str, int]:
    """By input how many features stay, where some go."""
    kept = {ref.layer: analysis.kept[ref] for ref in analysis.graph.inputs}
    return {name: int(mask.sum()) for name, mask in kept.items() if not mask.all()}


def shrunk(model: keras.Model, changed: dict[int, Resized], widths: dict[str, int]) -> keras.Model:
    """A new plain Keras model with the changes made; `model` stays as it is."""

    def make(layer: keras.Layer) -> keras.Layer:
        change = changed.get(id(layer))
        return stripping.plain_layer(layer, change.config if change else None)

    smaller, pairs = copying.rebuild(model, make, widths=widths)
    for old, new in pairs:
        transfer(old, new, changed.get(id(old)))
    return smaller


def transfer(old: keras.Layer, new: keras.Layer, change: Resized | None) -> None:
    if change is not None and change.weights:
        new.set_weights([np.asarray(w) for w in change.weights])
    else:
        stripping.copy_plain_weights(old, new)

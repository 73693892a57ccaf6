"""Which channels of a graph are constant, which are needed, and which must stay."""

from dataclasses import dataclass
from typing import TypeAlias

import keras
import numpy as np

from kreg.surgery.channels.base import UNKNOWN, Behaviour, Masks
from kreg.surgery.channels.registry import behaviour
from kreg.surgery.graph import Call, Graph, Ref, read

Channels: TypeAlias = dict[Ref, np.ndarray]  # a number or a mask for each channel of a tensor


@dataclass
class Step:
    """A call with the behaviour of its layer; `obstacle` says why it is a barrier, if it is."""

    call: Call
    behaviour: Behaviour
    obstacle: str

    @property
    def output(self) -> Ref:
        """The tensor that the masks speak of: the only output of what is no barrier."""
        return self.call.outputs[0]


@dataclass
class Analysis:
    """What is known of every tensor, along its last axis.

    Args:
        graph: The graph.
        steps: Its calls with their behaviours, in running order.
        constants: Values of channels that do not depend on the input; NaN elsewhere.
        live: Channels that the outputs of the model are computed from.
        kept: Channels that stay: the live ones, and what cannot be removed without them.
    """

    graph: Graph
    steps: list[Step]
    constants: Channels
    live: Channels
    kept: Channels

    def masks(self, step: Step, of: Channels) -> Masks:
        return Masks([of[ref] for ref in step.call.inputs], of[step.output])


def analyse(model: keras.Model, select_inputs: bool = False) -> Analysis:
    """Constants forwards, needs backwards, then the fix-point of what is tied together.

    Args:
        model: A built Functional or Sequential model.
        select_inputs: Whether features of the inputs may go as units do.
    """
    graph = read(model)
    steps = [Step(call, *behaviour(call, graph)) for call in graph.calls]
    constants = propagate_constants(graph, steps)
    live = find_live(graph, steps, constants)
    fixed = [*([] if select_inputs else graph.inputs), *graph.outputs, *rigid(steps)]
    kept = close_under_ties(steps, live, fixed)
    return Analysis(graph, steps, constants, live, kept)


def channels(graph: Graph, ref: Ref) -> int:
    return graph.channels(ref) or 0


def propagate_constants(graph: Graph, steps: list[Step]) -> Channels:
    constants = {ref: np.full(channels(graph, ref), UNKNOWN) for ref in graph.shapes}
    for step in steps:
        if not step.behaviour.barrier:
            inputs = [constants[ref] for ref in step.call.inputs]
            constants[step.output] = step.behaviour.constants(inputs)
    return constants


def find_live(graph: Graph, steps: list[Step], constants: Channels) -> Channels:
    """Backwards from the outputs of the model; a barrier needs all that it reads."""
    live = {ref: np.zeros(channels(graph, ref), bool) for ref in graph.shapes}
    for ref in graph.outputs:
        live[ref][:] = True
    for step in reversed(steps):
        if step.behaviour.mixes:
            for ref in step.call.outputs:
                live[ref][:] = True
        needed = needs(step, live, constants)
        for ref, mask in zip(step.call.inputs, needed, strict=True):
            live[ref] |= mask
    return live


def needs(step: Step, live: Channels, constants: Channels) -> list[np.ndarray]:
    mask = live[step.output] if step.call.outputs else np.zeros(0, bool)
    return step.behaviour.needs(mask, [constants[ref] for ref in step.call.inputs])


def close_under_ties(steps: list[Step], live: Channels, fixed: list[Ref]) -> Channels:
    """The smallest masks above `live` in which all layers fit together, none of them empty."""
    kept = {ref: first_if_empty(mask) for ref, mask in live.items()}
    for ref in fixed:
        kept[ref][:] = True
    while True:
        grew = [spread(step, kept) for step in steps]
        if not any(grew):
            return kept


def rigid(steps: list[Step]) -> list[Ref]:
    """The tensors at barriers: nothing of them can be removed."""
    barriers = [step.call for step in steps if step.behaviour.barrier]
    return [ref for call in barriers for ref in (*call.inputs, *call.outputs)]


def first_if_empty(mask: np.ndarray) -> np.ndarray:
    """A layer must have a channel: where none is needed the first one stays."""
    result = mask.copy()
    if not mask.any():
        result[:1] = True
    return result


def spread(step: Step, kept: Channels) -> bool:
    """Let one call pull its tensors up to masks that it can work with; whether any grew."""
    if step.behaviour.barrier:
        return False
    refs = [*step.call.inputs, step.output]
    wanted = step.behaviour.spread(Masks([kept[ref] for ref in step.call.inputs], kept[refs[-1]]))
    grew = False
    for ref, mask in zip(refs, [*wanted.inputs, wanted.output], strict=True):
        larger = kept[ref] | mask
        grew |= bool((larger != kept[ref]).any())
        kept[ref] = larger
    return grew

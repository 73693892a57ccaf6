"""A model as a list of calls in the order in which they run, read from its own configuration.

The configuration is Keras's file format: public, and as stable as saved files. Every call names the
tensors that it reads as `(layer, call, output)`, with their shapes.
"""

import warnings
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import keras

from kreg import check


class Ref(NamedTuple):
    """A tensor of the graph: output `output` of call number `call` of the layer `layer`."""

    layer: str
    call: int
    output: int


Shape: TypeAlias = tuple[int | None, ...]  # batch axis included
Shapes: TypeAlias = dict[Ref, Shape]  # of every tensor


@dataclass
class Call:
    """One call of a layer or of a `keras.ops` operation.

    Args:
        layer: The layer or operation.
        inputs: The tensors that it reads.
        outputs: The tensors that it makes, as far as anybody uses them.
        shared: Whether the layer is called more than once.
    """

    layer: keras.Operation
    inputs: tuple[Ref, ...]
    outputs: list[Ref] = field(default_factory=list)
    shared: bool = False


@dataclass
class Graph:
    """Calls in running order; `shapes` has the shape of every tensor, batch axis included."""

    calls: list[Call]
    inputs: list[Ref]
    outputs: list[Ref]
    shapes: Shapes

    def channels(self, ref: Ref) -> int | None:
        """The size of the last axis, where there is one besides the batch and it is known."""
        shape = self.shapes[ref]
        return shape[-1] if len(shape) > 1 else None


def read(model: keras.Model) -> Graph:
    """The graph of a Functional or Sequential model, nested models being single calls.

    Raises:
        ValueError: If the model is of another kind, or not built.
    """
    view = keras.Model(checked(model).inputs, model.outputs)
    config = config_of(view)
    operations = {operation.name: operation for operation in view.operations}
    shapes: Shapes = {}
    calls: dict[tuple[str, int], Call] = {}
    for entry in config["layers"]:
        calls |= calls_of(entry, operations[entry["name"]], shapes)
    outputs = [Ref(*ref) for ref in config["output_layers"]]
    inputs = [Ref(*ref) for ref in config["input_layers"]]
    shapes |= {ref: tuple(t.shape) for ref, t in zip(outputs, view.outputs, strict=True)}
    shapes |= {ref: tuple(t.shape) for ref, t in zip(inputs, view.inputs, strict=True)}
    number_calls(calls, shapes)
    return Graph(in_running_order(calls, inputs), inputs, outputs, shapes)


def input_names(model: keras.Model) -> list[str]:
    """The names of the model's inputs in flat order: those of the `Input` layers.

    An `Input` without a name has a layer called `input_layer` and a tensor called `keras_tensor`;
    the layer's name is the one that users see in `summary`.
    """
    flat = keras.Model(model.inputs, model.outputs)
    return [Ref(*ref).layer for ref in config_of(flat)["input_layers"]]


def checked(model: Any) -> keras.Model:
    """`model`, if its graph can be read; a subclassed model hides it in Python code."""
    if not isinstance(model, keras.Model):
        raise check.invalid("model", "a keras.Model", model)
    if isinstance(model, keras.Sequential) and not model.built:
        raise ValueError(f"The model {model.name!r} is not built. Give it an `Input` first.")
    if not is_graph(model):
        raise ValueError(
            f"The model {model.name!r} is subclassed: its layers are joined by Python code, not by "
            "a graph that can be read and rebuilt. Write it with the functional API "
            "(`keras.Model(inputs, outputs)`) or as `keras.Sequential`, and copy its weights over."
        )
    return model


def calls_of(entry: dict[str, Any], operation: Any, shapes: Shapes) -> dict[tuple[str, int], Call]:
    """The calls of one layer of the configuration, by `(layer name, position)`."""
    nodes = entry["inbound_nodes"]
    found = {}
    for position, node in enumerate(nodes):
        tensors = tensors_in((node["args"], node["kwargs"]))
        refs = tuple(Ref(*tensor["keras_history"]) for tensor in tensors)
        shapes |= {ref: tuple(t["shape"]) for ref, t in zip(refs, tensors, strict=True)}
        found[entry["name"], position] = Call(operation, refs, shared=len(nodes) > 1)
    return found


def tensors_in(value: Any) -> list[dict[str, Any]]:
    """The configurations of all tensors inside serialised arguments, in order."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [value["config"]]
        value = value.values()
    elif not isinstance(value, list | tuple):
        return []
    return [tensor for part in value for tensor in tensors_in(part)]


def number_calls(calls: dict[tuple[str, int], Call], shapes: Shapes) -> None:
    """Give each call the tensors that refer to it; a nested Functional counts its calls from 1."""
    first: dict[str, int] = {}
    for ref in shapes:
        first[ref.layer] = min(ref.call, first.get(ref.layer, ref.call))
    for (name, position), call in calls.items():
        number = position + first.get(name, 0)
        call.outputs = sorted(r for r in shapes if r.layer == name and r.call == number)


def in_running_order(calls: dict[tuple[str, int], Call], inputs: list[Ref]) -> list[Call]:
    """Every call after those whose outputs it reads."""
    known = set(inputs)
    waiting = list(calls.values())
    ordered = []
    while waiting:
        ready = [call for call in waiting if known.issuperset(call.inputs)]
        if not ready:
            raise ValueError("The graph of the model cannot be followed from its inputs.")
        known.update(ref for call in ready for ref in call.outputs)
        ordered += ready
        waiting = [call for call in waiting if call not in ready]
    return ordered


def is_graph(layer: Any) -> bool:
    """Whether `layer` is a Functional or Sequential model: a graph of layers that Keras saves."""
    if not isinstance(layer, keras.Model):
        return False
    if isinstance(layer, keras.Sequential):
        return True
    return bool(getattr(layer, "operations", None)) and hasattr(layer, "inputs")


def config_of(layer: keras.Layer) -> dict[str, Any]:
    """`layer.get_config()`; nothing is written to a file, so a `lambda` inside is no danger."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The object being serialized includes a `lambda`")
        return layer.get_config()


def input_of(model: keras.Model) -> Any:
    """The inputs of a graph model in the structure in which it is called.

    `Model.input` has it, except for a Sequential model that nobody has called yet.
    """
    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input


def view(model: keras.Model) -> keras.Model:
    """An uncompiled model on the same layers: the graph without class, compilation and state."""
    output = model.outputs[0] if isinstance(model, keras.Sequential) else model.output
    return keras.Model(input_of(model), output, name=model.name)

"""The private corners of Keras that surgery needs, in one place.

`Layer._flatten_layers` is the only way to see the sublayers of a composite layer (the projections
of an attention layer, the cell of a recurrent one): `Model.layers` stops above them. And only
`Layer._trainable_variables` tells the kernel of a frozen layer from a moving average. The tests of
this file fail when Keras changes them.
"""

import gc
import warnings

import keras


def all_layers(layer) -> list:
    """`layer` and everything inside it, composite layers and nested models included, once each."""
    return list(dict.fromkeys(layer._flatten_layers(include_self=True, recursive=True)))


def own_weights(layer) -> list:
    """The weights that `layer` itself made for training, frozen or not, without its sublayers'."""
    return list(layer._trainable_variables)


def is_graph(layer) -> bool:
    """Whether `layer` is a Functional or Sequential model: a graph of layers that Keras saves."""
    if not isinstance(layer, keras.Model):
        return False
    if isinstance(layer, keras.Sequential):
        return True
    return bool(getattr(layer, "operations", None)) and hasattr(layer, "inputs")


def config_of(layer) -> dict:
    """`layer.get_config()`; nothing is written to a file, so a `lambda` inside is no danger."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The object being serialized includes a `lambda`")
        return layer.get_config()


def input_of(model):
    """The inputs of a graph model in the structure in which it is called.

    `Model.input` has it, except for a Sequential model that nobody has called yet.
    """
    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input


def view(model):
    """An uncompiled model on the same layers: the graph without class, compilation and state."""
    output = model.outputs[0] if isinstance(model, keras.Sequential) else model.output
    return keras.Model(input_of(model), output, name=model.name)


def models_with(weights) -> list:
    """All living compiled models that have one of these weights.

    A layer does not know the models around it. The garbage collector knows every object, and one
    look through its list takes about 0.1 s. (`type(m)`, as a proxy may lie about `__class__`.)
    """
    wanted = {id(weight) for weight in weights}
    models = [
        m
        for m in gc.get_objects()
        if issubclass(type(m), keras.Model) and getattr(m, "compiled", False)
    ]
    return [m for m in models if any(id(weight) in wanted for weight in m.weights)]

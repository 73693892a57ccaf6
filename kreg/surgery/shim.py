"""The private corners of Keras that surgery needs, in one place.

`Layer._flatten_layers` is the only way to see the sublayers of a composite layer (the projections
of an attention layer, the cell of a recurrent one): `Model.layers` stops above them. And only
`Layer._trainable_variables` tells the kernel of a frozen layer from a moving average. The tests of
this file fail when Keras changes them.
"""

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

"""The one private name of Keras that this room needs: the walk over all layers of a model."""


def all_layers(model) -> list:
    """The model and every layer below it, also inside nested models, wrappers and attributes.

    Keras has no public way to see the layers that a layer holds as attributes (the `Dropout` inside
    a `MultiHeadAttention`, say). `tests/unit/layers/test_shim.py` fails when this one changes.
    """
    return model._flatten_layers()

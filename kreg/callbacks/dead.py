"""Units that are never active: ReLU outputs that are zero on every measured row."""

import keras
from keras import ops

from kreg.diagnostics import weights as measure

ROWS = 256


def dead_units(model, rows) -> dict[str, float]:
    """Layer name to the share of its units that are zero on the first 256 rows.

    Only for layers with a ReLU in Sequential and functional models.

    Args:
        model: A built model.
        rows: The `Rows` to look at.
    """
    if not hasattr(model, "inputs") or model.inputs is None:
        return {}
    layers = [layer for layer in model.layers if _is_relu(layer)]
    if not layers:
        return {}
    inner = keras.Model(model.inputs, [layer.output for layer in layers])
    outputs = inner(keras.tree.flatten(rows.head(ROWS).x), training=False)
    found = zip(layers, keras.tree.flatten(outputs), strict=True)
    return {layer.name: measure.dead_units(ops.convert_to_numpy(out)) for layer, out in found}


def _is_relu(layer) -> bool:
    activation = getattr(layer, "activation", None)
    return isinstance(layer, keras.layers.ReLU) or activation is keras.activations.relu

"""Which columns of a table a model reads, and with what weights: `features` in `result.json`."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kreg.models.options import FEATURES

if TYPE_CHECKING:
    import keras

    from kreg.data import Data

Plain: TypeAlias = dict[str, Any]
LENGTH = "the length of the column's weights in the first layer, for one deviation of the column"

SCALED_LENGTH = "the column's learned scale times the length of its weights in the first layer"


def of(model: "keras.Model", data: "Data") -> Plain | None:
    """For a table whose columns have names: those that an output depends on, the largest first.

    Args:
        model: With its final weights.
        data: What it was trained on.

    Returns:
        `total` and `count` of the columns, `linear`, `weight_is` (a sentence on what the weights
        are), and `selected`: dicts with `name`, `weight` (of a linear model in the user's own
        units; one a class or target where there are several) and `size`, for one deviation of the
        column. `None` for images.
    """
    names = data.feature_names
    if data.is_image or not names:
        return None
    from kreg.surgery import selected_features

    found: Any = selected_features(model)
    chosen = np.asarray(found, int)
    kernel, linear = first_kernel(model, len(names)), is_linear(model)
    sizes = np.zeros(len(names)) if kernel is None else np.linalg.norm(kernel, axis=1)
    told = weights(kernel, data) if linear and kernel is not None else None
    order = chosen[np.argsort(-sizes[chosen], kind="stable")]
    return {
        "total": len(names),
        "count": len(chosen),
        "linear": linear,
        "weight_is": meaning(data) if linear else length(model, kernel),
        "selected": [
            {
                "name": names[column],
                "weight": told[column] if told else rounded(sizes[column]) if sizes.any() else None,
                "size": rounded(sizes[column]),
            }
            for column in order
        ],
    }


def length(model: "keras.Model", kernel: np.ndarray | None) -> str | None:
    """What the size of a column is in a network."""
    if kernel is None:
        return None
    return LENGTH if learned_scale(model, len(kernel)) is None else SCALED_LENGTH


def is_linear(model: "keras.Model") -> bool:
    """Whether one layer holds all the weights, with nothing bent before or after it."""
    import keras

    held = [layer for layer in model.layers if layer.weights]
    plain = len(held) == 1 and isinstance(held[0], keras.layers.Dense)
    return plain and held[0].activation is keras.activations.linear


def first_kernel(model: "keras.Model", columns: int) -> np.ndarray | None:
    """Weights `(columns, units)` of the first dense layer, if it reads the columns themselves."""
    import keras

    dense = next((layer for layer in model.layers if isinstance(layer, keras.layers.Dense)), None)
    if dense is None or dense.kernel.shape[0] != columns:
        return None
    kernel = np.asarray(keras.ops.convert_to_numpy(dense.kernel), "float64")
    scale = learned_scale(model, columns)
    return kernel if scale is None else kernel * scale[:, None]


def learned_scale(model: "keras.Model", columns: int) -> np.ndarray | None:
    """What each column is multiplied by before the first dense layer, or `None`."""
    import keras

    found = [layer for layer in model.layers if layer.name == FEATURES and layer.weights]
    if not found or tuple(found[0].kernel.shape) != (columns,):
        return None
    return np.asarray(keras.ops.convert_to_numpy(found[0].kernel), "float64")


def weights(kernel: np.ndarray, data: "Data") -> list[Any]:
    """Of a linear model, in the user's own units: a number a column, or one a class or target."""
    from kreg.data.own_units import units

    _, scale = units(data.preprocessing, len(kernel))
    own = kernel / scale[:, None] * np.asarray(data.target_scale or [1.0])
    names = data.target_names or data.class_names
    if own.shape[1] == 1:
        return [rounded(value) for value in own[:, 0]]
    return [{n: rounded(v) for n, v in zip(names, row, strict=True)} for row in own]


def rounded(value: float) -> float:
    """Six digits: what a float32 knows."""
    return float(f"{value:.6g}")


def meaning(data: "Data") -> str:
    """What a weight of a linear model is."""
    each = "for one unit of the column, in the column's own unit"
    if data.task == "regression":
        return f"the change of {'each' if data.target_names else 'the'} target {each}"
    if data.task == "binary":
        return f"the change of the log odds of `{data.class_names[-1]}` {each}"
    return f"the change of each class's logit {each}"

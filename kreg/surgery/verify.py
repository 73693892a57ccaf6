"""The same outputs, or an error: a wrong model is never returned."""

from typing import Any

import keras
import numpy as np

from kreg import check
from kreg.surgery import graph

RELATIVE = {"float64": 1e-10, "float32": 1e-5, "bfloat16": 5e-2, "float16": 5e-3}
EXAMPLES = 8
FREE_SIZE = 32  # of an axis whose size the model leaves open
SEED = 0


def difference(model: keras.Model, other: keras.Model, inputs: Any, other_inputs: Any) -> float:
    """`max |a - b| / max |a|` over the outputs, each measured by its own largest value."""
    pairs = zip(outputs(model, inputs), outputs(other, other_inputs), strict=True)
    return max(relative(a, b) for a, b in pairs)


def outputs(model: keras.Model, inputs: Any) -> list[np.ndarray]:
    found = keras.tree.flatten(model(inputs, training=False))
    return [keras.ops.convert_to_numpy(x).astype("float64") for x in found]


def relative(a: np.ndarray, b: np.ndarray) -> float:
    if a.shape != b.shape or not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return float("inf")
    finite = np.isfinite(a)
    if not finite.any():
        return 0.0
    scale = max(np.abs(a[finite]).max(), np.finfo("float32").tiny)
    return float(np.abs(a[finite] - b[finite]).max() / scale)


def tolerance_of(model: keras.Model) -> float:
    """What float reassociation may cost in the coarsest arithmetic that the model uses."""
    dtypes = {layer.compute_dtype for layer in model.layers}
    return max([RELATIVE.get(dtype, 0.0) for dtype in dtypes], default=RELATIVE["float32"])


def random_inputs(model: keras.Model, seed: int = SEED) -> Any:
    """A small batch that fits the model's inputs: normal numbers, small whole numbers, truth."""
    rng = np.random.default_rng(seed)
    return keras.tree.map_structure(lambda x: random_array(rng, x), graph.input_of(model))


def batches(model: keras.Model, data: Any = None) -> list[Any]:
    """What a model is checked on: random inputs, and the user's own.

    Raises:
        ValueError: If the model reads strings, which nobody can draw, and there are no data.
    """
    given = [] if data is None else [data]
    leaves = keras.tree.flatten(graph.input_of(model))
    if not any(keras.backend.standardize_dtype(leaf.dtype) == "string" for leaf in leaves):
        return [random_inputs(model), *given]
    if not given:
        raise ValueError("Pass `data=` to check a model that reads strings.")
    return given


def random_array(rng: np.random.Generator, tensor: Any) -> np.ndarray:
    shape = [EXAMPLES, *(FREE_SIZE if n is None else n for n in tensor.shape[1:])]
    if tensor.shape[0] is not None:
        shape[0] = tensor.shape[0]
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    if "int" in dtype or dtype == "bool":
        return rng.integers(0, 2, shape).astype(dtype)
    return rng.normal(size=shape).astype("float32")


def narrowed(model: keras.Model, inputs: Any, features: dict[str, np.ndarray]) -> Any:
    """The batch `inputs` of `model` with the given features only, by name of the input."""
    named = zip(graph.input_names(model), keras.tree.flatten(inputs), strict=True)
    parts = [array[..., features[name]] if name in features else array for name, array in named]
    return keras.tree.pack_sequence_as(graph.input_of(model), parts)


def check_same(
    model: keras.Model, other: keras.Model, batches: list[tuple[Any, Any]], tolerance: float
) -> float:
    """The largest difference over the batches.

    Args:
        model: The model.
        other: What should do the same.
        batches: Pairs of inputs, one for each model.
        tolerance: The largest difference allowed.

    Raises:
        ValueError: If it is above the tolerance.
    """
    found = max(difference(model, other, *pair) for pair in batches)
    if found > tolerance:
        raise ValueError(
            f"The compressed model differs from {model.name!r} by {found:.1e} of its largest "
            f"output, more than the tolerance of {tolerance:.0e}; it is not returned. Pass a "
            "larger `tolerance=` if the arithmetic explains it; otherwise please report the model."
        )
    return found


def checked_tolerance(value: Any, model: keras.Model) -> float:
    if value is None:
        return tolerance_of(model)
    return check.number("tolerance", value, low=0)

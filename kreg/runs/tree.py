"""A nested state as JSON plus arrays: what one `.npz` can hold without pickle."""

import numpy as np

ARRAY = "__array__"
TUPLE = "__tuple__"


def flatten(state) -> tuple[object, list[np.ndarray]]:
    """`(skeleton, arrays)`: JSON values with each array replaced by its number.

    Raises:
        TypeError: For anything that is neither a JSON value nor a numeric array; it names where.
    """
    arrays: list[np.ndarray] = []
    return _flat(state, arrays, "state"), arrays


def _flat(value, arrays, where: str):
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biuf" and value.dtype.itemsize <= 8:
        return value.item()
    if isinstance(value, dict):
        _check_keys(value, where)
        return {key: _flat(item, arrays, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_flat(item, arrays, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, tuple):
        return {TUPLE: [_flat(item, arrays, f"{where}[{i}]") for i, item in enumerate(value)]}
    return {ARRAY: _number(value, arrays, where)}


def _check_keys(value: dict, where: str) -> None:
    for key in value:
        if not isinstance(key, str) or key in (ARRAY, TUPLE):
            raise TypeError(f"{where} has the key {key!r}; a state's keys are plain strings.")


def _number(value, arrays, where: str) -> int:
    if not hasattr(value, "__array__"):
        raise TypeError(f"{where} is a {type(value).__name__}; a state holds JSON and arrays only.")
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise TypeError(f"{where} is an array of objects; a state holds numeric arrays only.")
    arrays.append(array)
    return len(arrays) - 1


def restore(skeleton, arrays):
    """The inverse of `flatten`."""
    if isinstance(skeleton, list):
        return [restore(item, arrays) for item in skeleton]
    if not isinstance(skeleton, dict):
        return skeleton
    if ARRAY in skeleton:
        return arrays[skeleton[ARRAY]]
    if TUPLE in skeleton:
        return tuple(restore(item, arrays) for item in skeleton[TUPLE])
    return {key: restore(item, arrays) for key, item in skeleton.items()}

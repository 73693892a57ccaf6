"""A nested state as one uncompressed `.npz`: arrays as bytes, a JSON header, a checksum over all.

The file is a zip, so that NumPy and `unzip` open it, and every member has a CRC-32. Reading never
unpickles, never inflates and never allocates more than the file's own size.
"""

import json
import zlib
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypedDict

import numpy as np

from kreg.files import AnyPath, replacing
from kreg.foreign import json_text, npz
from kreg.foreign.content import DamagedError as DamagedError
from kreg.foreign.npz import UNREADABLE
from kreg.foreign.schema import conform

State: TypeAlias = dict[str, Any]  # JSON values, tuples and arrays, nested

FORMAT = "kreg-state"
VERSION = 1
HEADER = "header"
# keys of the header's JSON that stand for what JSON has not
ARRAY, TUPLE = "__array__", "__tuple__"


class Described(TypedDict):
    """An array in the header."""

    shape: list[int]
    dtype: str


class Header(TypedDict):
    """The header's JSON."""

    format: str
    version: int
    arrays: list[Described]
    checksums: list[int]
    state: dict[str, Any]


def save(path: AnyPath, state: State) -> Path:
    """Write a state to `path`, the whole or nothing; see `write`."""
    with replacing(path) as temporary, open(temporary, "wb") as file:
        write(file, state)
    return Path(path)


def write(file: BinaryIO, state: State) -> None:
    """Write a nested state of JSON values and arrays to an open binary file.

    Raises:
        TypeError: For anything that is neither a JSON value nor a numeric array; it names where.
    """
    skeleton, arrays = flatten(state)
    header = {
        "format": FORMAT,
        "version": VERSION,
        # bfloat16 and float8 are not NumPy's own: bytes with a dtype's name are
        "arrays": [{"shape": list(a.shape), "dtype": a.dtype.name} for a in arrays],
        "checksums": [zlib.crc32(_bytes(a).data) for a in arrays],
        "state": skeleton,
    }
    members = {HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8)}
    members |= {f"array_{i:05d}": _bytes(a) for i, a in enumerate(arrays)}
    np.savez(file, allow_pickle=False, **members)


def _bytes(array: np.ndarray) -> np.ndarray:
    return np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)


def read(path: AnyPath) -> State:
    """The state that `write` wrote.

    Raises:
        DamagedError: With the reason, for anything else that the file may hold.
    """
    try:
        return _unpack(npz.arrays(path, stored=True))
    except DamagedError:
        raise
    except UNREADABLE as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from error


def _unpack(members: dict[str, np.ndarray]) -> State:
    if HEADER not in members:
        raise DamagedError("it is not a state of kreg")
    header = json_text.parse(members[HEADER].tobytes(), dict[str, Any], HEADER)
    if header.get("format") != FORMAT:
        raise DamagedError("it is not a state of kreg")
    if header.get("version") != VERSION:
        raise DamagedError(f"its version is {header.get('version')}; this kreg reads {VERSION}")
    conform(header, Header, HEADER)
    described = zip(header["arrays"], header["checksums"], strict=True)
    arrays = [
        _array(members[f"array_{i:05d}"], shape, checksum)
        for i, (shape, checksum) in enumerate(described)
    ]
    state: State = restore(header["state"], arrays)
    return state


def _array(raw: np.ndarray, described: dict[str, Any], checksum: int) -> np.ndarray:
    if zlib.crc32(raw.data) != checksum:
        raise DamagedError("an array does not match its checksum")
    return np.frombuffer(raw.tobytes(), _dtype(described["dtype"])).reshape(described["shape"])


def _dtype(name: str) -> np.dtype:
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes  # a dependency of both Keras and TensorFlow

        found: np.dtype = np.dtype(getattr(ml_dtypes, name))
        return found


def flatten(state: object) -> tuple[object, list[np.ndarray]]:
    """`(skeleton, arrays)`: JSON values with each array replaced by its number."""
    arrays: list[np.ndarray] = []
    return _flat(state, arrays, "state"), arrays


def _flat(value: object, arrays: list[np.ndarray], where: str) -> object:
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


def _check_keys(value: dict[Any, Any], where: str) -> None:
    for key in value:
        if not isinstance(key, str) or key in (ARRAY, TUPLE):
            raise TypeError(f"{where} has the key {key!r}; a state's keys are plain strings.")


def _number(value: object, arrays: list[np.ndarray], where: str) -> int:
    if not hasattr(value, "__array__"):
        raise TypeError(f"{where} is a {type(value).__name__}; a state holds JSON and arrays only.")
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise TypeError(f"{where} is an array of objects; a state holds numeric arrays only.")
    arrays.append(array)
    return len(arrays) - 1


def restore(skeleton: Any, arrays: list[np.ndarray]) -> Any:
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

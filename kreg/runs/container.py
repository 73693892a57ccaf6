"""One state as one uncompressed `.npz`: arrays as bytes, a JSON header, a checksum over all.

The file is a zip, so that NumPy and `unzip` open it, and every member has a CRC-32. Reading never
unpickles, never inflates and never allocates more than the file's own size.
"""

import json
import zipfile
import zlib

import numpy as np

from kreg.runs import tree

FORMAT = "kreg-state"
VERSION = 1
HEADER = "header"


class DamagedError(Exception):
    """A file that is truncated, changed, or was never written by kreg."""


def write(file, state: dict) -> None:
    """Write a nested state of JSON values and arrays to an open binary file."""
    skeleton, arrays = tree.flatten(state)
    header = {
        "format": FORMAT,
        "version": VERSION,
        # bfloat16 and float8 are not NumPy's own: bytes with a dtype's name are
        "arrays": [{"shape": list(a.shape), "dtype": a.dtype.name} for a in arrays],
        "checksums": [zlib.crc32(_bytes(a)) for a in arrays],
        "state": skeleton,
    }
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    members = {f"array_{i:05d}": _bytes(a) for i, a in enumerate(arrays)}
    np.savez(file, **{HEADER: text}, **members)


def _bytes(array: np.ndarray) -> np.ndarray:
    return np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)


def read(path) -> dict:
    """The state that `write` wrote.

    Raises:
        DamagedError: With the reason, for anything else that the file may hold.
    """
    try:
        _refuse_compressed(path)
        with np.load(path, allow_pickle=False) as archive:
            return _unpack(archive)
    except DamagedError:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        TypeError,
        IndexError,
        AttributeError,
    ) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise DamagedError(str(error)) from error


def _refuse_compressed(path) -> None:
    """A bomb needs compression; kreg writes none."""
    with zipfile.ZipFile(path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise DamagedError("it is compressed, and kreg writes no compressed state")


def _unpack(archive) -> dict:
    header = json.loads(archive[HEADER].tobytes().decode())
    if header.get("format") != FORMAT:
        raise DamagedError("it is not a state of kreg")
    if header["version"] != VERSION:
        raise DamagedError(f"its version is {header['version']}; this kreg reads {VERSION}")
    arrays = [
        _array(archive[f"array_{i:05d}"], shape, checksum)
        for i, (shape, checksum) in enumerate(
            zip(header["arrays"], header["checksums"], strict=True)
        )
    ]
    return tree.restore(header["state"], arrays)


def _array(raw: np.ndarray, described: dict, checksum: int) -> np.ndarray:
    if zlib.crc32(raw) != checksum:
        raise DamagedError("an array does not match its checksum")
    return np.frombuffer(raw.tobytes(), _dtype(described["dtype"])).reshape(described["shape"])


def _dtype(name: str) -> np.dtype:
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes  # a dependency of both Keras and TensorFlow

        return np.dtype(getattr(ml_dtypes, name))

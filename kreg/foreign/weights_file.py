"""The weights in a `.keras`, `.weights.h5` or `.h5` file, by layer, without building its model."""

import io
import zipfile
from typing import Any, TypeAlias

from kreg.files import AnyPath
from kreg.foreign import keras_file, memory
from kreg.foreign.content import DamagedError, opened
from kreg.foreign.npz import UNREADABLE

Arrays: TypeAlias = list[Any]  # of one layer, trainable ones first
ENDINGS = (".keras", ".weights.h5", ".h5")
INSIDE = "model.weights.h5"
LEGACY = "layer_names"


def layers(path: AnyPath) -> dict[str, Arrays]:
    """Name of each layer that has weights -> its weights.

    Where two layers have one name, the first one in the file counts.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is none of these files, or claims more than it holds.
    """
    keras_file.check(path)
    with open(opened(path), "rb") as file:
        try:
            return _layers(file)
        except DamagedError as error:
            raise DamagedError(f"{path}: {error}.") from error
        except UNREADABLE as error:
            raise DamagedError(
                f"{path} holds no weights of Keras ({type(error).__name__}: {error})."
            ) from error


def _layers(file: Any) -> dict[str, Arrays]:
    import h5py  # a dependency of Keras

    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            file = io.BytesIO(archive.read(INSIDE))
    size = file.seek(0, io.SEEK_END)
    with h5py.File(file, "r") as weights:
        claimed = sum(map(keras_file.claimed_bytes, keras_file.datasets(weights)))
        if claimed > size + keras_file.SLACK:
            raise DamagedError(f"it claims {claimed:,} bytes of weights and has {size:,}")
        memory.refuse(claimed, "its weights have")
        inner = weights.get("model_weights", weights)  # a whole model in the old format
        return _legacy(inner) if LEGACY in inner.attrs else dict(_groups(weights))


def _legacy(weights: Any) -> dict[str, Arrays]:
    found = {}
    for name in map(_text, weights.attrs[LEGACY]):
        group = weights[name]
        arrays = [group[_text(key)][()] for key in group.attrs["weight_names"]]
        if arrays:
            found[name] = arrays
    return found


def _groups(weights: Any) -> dict[str, Arrays]:
    """What Keras 3 has written: every group `vars` is a layer's, and says its name."""
    paths: list[str] = []
    weights.visit(paths.append)
    found: dict[str, Arrays] = {}
    for path in paths:
        group = weights[path]
        name = group.attrs.get("name") if path.endswith("/vars") else None
        if name is not None and len(group) and not path.startswith("optimizer/"):
            arrays = [group[str(place)][()] for place in range(len(group))]
            found.setdefault(_text(name), arrays)
    return found


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)

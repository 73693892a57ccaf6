"""NumPy archives, never unpickled: `x` and `y`, or `x_train, y_train, x_test, y_test`.

`y` is a column of numbers or classes, one-hot rows, several columns of 0 and 1 (multi-label), or,
with `task="regression"`, any several numbers.

Further arrays are understood: `class_names`, `feature_names` (else the columns are called x0, x1,
..., as scikit-learn does), `sample_weight` (or `weight`), and,
for coded tables, `is_categorical` with `categories` (a JSON list of levels a column; -1 or NaN is
missing). Any other array of one value a row can be named as `data.group` or `data.time`; what
nothing reads is said.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kreg import check
from kreg.data.column_types import FEW
from kreg.data.dataset import Array, Raw, classes_task
from kreg.data.disk import statistics
from kreg.data.disk.arrays import stored, where
from kreg.data.preprocessing import Columns, Standard, numbered_columns
from kreg.data.sources import array_files, npz_arrays
from kreg.data.targets import MOST_CLASSES, are_labels, looks_like_classes
from kreg.foreign import json_text
from kreg.foreign.array_file import ArrayFile

if TYPE_CHECKING:
    import pandas as pd

Arrays = dict[str, Array]

AUTO = array_files.AUTO
COLOURS = (1, 3, 4)  # channels of pictures as they usually are


def npz(
    path: str,
    *,
    task: str = "auto",
    group: str | None = None,
    time: str | None = None,
    max_categories: int = 100,
    cache: str = AUTO,
) -> Raw:
    """The rows of an archive, or of a folder of arrays.

    Args:
        path: A `.npz` file, or a folder with `x.npy`, `y.npy` and further arrays.
        task: As in `table.from_frame`.
        group: Name of the array whose rows stay together, or `None`.
        time: Name of the array that orders the rows, or `None`.
        max_categories: As in `table.from_frame`.
        cache: `"memory"`; `"disk"`: inputs are read where they lie; or `"auto"`: so if they have
            more than 2 GiB. An archive must not be compressed for that.
    """
    file = array_files.place(path)
    arrays = array_files.read(file, check.choice("data.cache", cache, array_files.CACHES))
    x, y = (_first(arrays, file, names) for names in (("x", "x_train"), ("y", "y_train")))
    own = _first(arrays, file, ("y_test",)) if "x_test" in arrays else None
    names = _texts(arrays.get("class_names"))
    labels = task != "regression" and _has_labels(y)
    y, own, classes = _labels(y, own) if labels else _targets(y, own, names, task)
    number = classes_task(len(classes)) if classes else "regression"
    raw = Raw(
        name=file.stem if file.stem != "data" else file.parent.name,
        x=x,
        y=y,
        task="multilabel" if labels else number,
        class_names=classes,
        target_names=names if labels else [],
        feature_names=_texts(arrays.get("feature_names")) or numbered_columns(x),
        test=None if own is None else (arrays["x_test"], own),
        weight=npz_arrays.weights(arrays, len(y)),
        group=_column(arrays, "data.group", group, len(y)),
        time=_column(arrays, "data.time", time, len(y)),
        suspects={name: _plain(a) for name, a in arrays.items() if _is_column(name, a, len(y))},
    )
    raw.reading = {"kind": "array", "names": raw.feature_names, "levels": None, "target": []}
    raw.warnings += [f"{raw.name}: {told}" for told in npz_arrays.unused(arrays, (group, time))]
    return _inputs(raw, x, arrays, max_categories)


def _first(arrays: Arrays, file: Path, names: tuple[str, ...]) -> Array:
    found = next((arrays[name] for name in names if name in arrays), None)
    if found is None or not found.ndim:
        raise ValueError(
            f"{file} has no array named {' or '.join(names)}; it has {', '.join(arrays) or 'none'}."
        )
    return found


def _texts(array: Array | None) -> list[str]:
    return [] if array is None else [str(name) for name in _plain(array).tolist()]


def _plain(array: Array) -> Array:
    """Bytes as text; everything else as it is."""
    return np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array


def _targets(
    y: Array, own: Array | None, names: list[str], task: str
) -> tuple[Array, Array | None, list[str]]:
    """Class ids and names, or targets without names; the test rows' own targets are coded alike.

    Classes may be numbers from anywhere on, words, or rows with a single 1 (one-hot).
    """
    import pandas as pd

    y, own = _plain(y), None if own is None else _plain(own)
    hot = task != "regression" and _is_one_hot(y)
    if not (hot or names) or task == "regression":
        series = pd.Series(y.reshape(len(y), -1)[:, 0]).infer_objects()
        if task == "regression" or (task == "auto" and not looks_like_classes(series)):
            return y, own, []
    known = np.arange(max(y.shape[1], len(names))) if hot else np.unique(_one_column("y", y))
    if len(known) > MOST_CLASSES:
        raise ValueError(f"The target has {len(known)} classes. Say data.task=regression.")
    if names:
        words = known.dtype.kind in "US"
        known = np.array(names) if words else np.arange(len(names))
    codes = _codes("y", y, known)
    return (
        codes,
        None if own is None else _codes("y_test", own, known),
        names or [str(name) for name in known.tolist()],
    )


def _is_one_hot(y: Array) -> bool:
    """Several columns of 0 and 1, with a single 1 in each row."""
    return _is_binary(y) and bool((y.sum(axis=1) == 1).all())


def _is_binary(y: Array) -> bool:
    return y.ndim == 2 and y.shape[1] > 1 and are_labels(y)


def _has_labels(y: Array) -> bool:
    """Several columns of 0 and 1, of which a row may have any: multi-label."""
    return _is_binary(y) and not _is_one_hot(y)


def _labels(y: Array, own: Array | None) -> tuple[Array, Array | None, list[str]]:
    """Labels of 0 and 1, those of the source's own test rows too; no classes."""
    if own is not None and (own.shape[1:] != y.shape[1:] or not are_labels(own)):
        raise ValueError(
            f"y holds {y.shape[1]} labels of 0 and 1 a row, but y_test of shape {own.shape} does "
            "not. Labels of training and test rows must be coded alike."
        )
    return y.astype(np.float32), None if own is None else own.astype(np.float32), []


def _one_column(name: str, y: Array) -> Array:
    if y.size == len(y):
        return y.reshape(-1)
    raise ValueError(
        f"{name} of shape {y.shape} is no column of classes and no columns of 0 and 1; its first "
        f"row is {y[0].tolist()}. Say data.task=regression, or code the classes."
    )


def _codes(name: str, y: Array, known: Array) -> Array:
    """The place of each label among the `known` ones, which are sorted or named in their order."""
    labels = y.argmax(axis=1) if _is_one_hot(y) else _one_column(name, y)
    order = np.argsort(known)
    if labels.dtype.kind in "US" and known.dtype.kind not in "US":
        known, order = known.astype(str), np.argsort(known.astype(str))
    place = order[np.searchsorted(known, labels, sorter=order).clip(max=len(known) - 1)]
    strange = known[place] != labels
    if strange.any():
        raise ValueError(
            f"{name} holds {labels[strange].tolist()[0]!r}, which is none of the classes "
            f"{', '.join(map(repr, known.tolist()[:FEW]))}. Labels of training and test rows must "
            "be coded alike."
        )
    return place


def _is_column(name: str, array: Array, rows: int) -> bool:
    unknown = name not in npz_arrays.UNDERSTOOD
    return array.shape == (rows,) and unknown and array.dtype.kind in "iuSU"


def _column(arrays: Arrays, key: str, name: str | None, rows: int) -> Array | None:
    if name is None:
        return None
    columns = [n for n, a in arrays.items() if a.shape == (rows,) and n not in ("y", "y_train")]
    return _plain(arrays[check.choice(key, name, columns)])


def _inputs(raw: Raw, x: Array, arrays: Arrays, max_categories: int) -> Raw:
    """`raw` with its inputs, those of its own test rows too, as images, a frame or an array."""
    if isinstance(x, ArrayFile):
        return _stored(raw, arrays)
    convert: Callable[[Array], Array | pd.DataFrame] = np.asarray
    if x.ndim >= 3:
        raw.is_image, convert = True, pictures
        raw.warnings += _channels_first(raw.name, x.shape)
    elif x.ndim != 2:
        raise ValueError(f"{raw.name}: x must be a table or images, not of shape {x.shape}.")
    elif {"is_categorical", "categories"} <= arrays.keys() or _has_gaps(x):
        raw.reading["levels"] = levels = _levels(arrays)
        convert = lambda rows: coded_frame(rows, raw.feature_names, levels)  # noqa: E731
        raw.preprocess = lambda rows: Columns.fit(rows, max_categories)
    else:
        raw.preprocess = lambda rows: Standard.fit(rows, raw.feature_names)
    raw.x = convert(x)
    raw.test = raw.test and (convert(arrays["x_test"]), raw.test[1])
    return raw


def _stored(raw: Raw, arrays: Arrays) -> Raw:
    """`raw` whose inputs stay on the disk, those of its own test rows too."""
    if {"is_categorical", "categories"} <= arrays.keys():
        raise ValueError(
            f"{raw.name}: a table of codes is not read from the disk. Say data.cache=memory, or "
            "store it as Parquet."
        )
    place: Any = arrays["x"] if "x" in arrays else arrays["x_train"]
    raw.x = stored(place)
    test: Any = arrays.get("x_test")
    raw.test = raw.test and (stored(test), raw.test[1])
    raw.is_image = place.ndim > 2
    if not raw.is_image:
        raw.preprocess = lambda rows: statistics.standard(rows, raw.feature_names)
    told = [where(place), *(_channels_first(raw.name, place.shape) if raw.is_image else [])]
    raw.warnings += [f"{raw.name}: {told[0]}", *told[1:]]
    return raw


def pictures(x: Array) -> Array:
    """`(rows, height, width, channels)`, bytes or float32."""
    x = x[..., None] if x.ndim == 3 else x
    return x if x.dtype == np.uint8 else x.astype(np.float32)


def _channels_first(name: str, shape: tuple[int, ...]) -> list[str]:
    """A sentence about pictures whose channels seem to stand before height and width."""
    if len(shape) != 4 or shape[1] not in COLOURS or shape[3] in COLOURS:
        return []
    return [
        f"{name}: x of shape {shape} is read as pictures of {shape[1]} x {shape[2]} pixels with "
        f"{shape[3]} channels. If the channels come first, store x.transpose(0, 2, 3, 1)."
    ]


def _has_gaps(x: Array) -> bool:
    return x.dtype.kind == "f" and bool(np.isnan(x).any())


def _levels(arrays: Arrays) -> list[Any] | None:
    """The level names of each column of a coded table, `None` for a numeric one."""
    if not {"is_categorical", "categories"} <= arrays.keys():
        return None
    return [
        json_text.parse(text, list[Any], "categories") if coded else None
        for text, coded in zip(_texts(arrays["categories"]), arrays["is_categorical"], strict=True)
    ]


def _level(known: list[Any], code: int) -> Any:
    """The level of a code; one that nobody has named is its number, and `None` is missing."""
    if code < 0:
        return None
    return known[code] if code < len(known) else str(code)


def coded_frame(x: Array, names: list[str], levels: list[Any] | None) -> "pd.DataFrame":
    """Codes become level names, numbers stay numbers; -1 and NaN are missing.

    Columns without names are called 0, 1, ..., as in runs of 0.1.
    """
    import pandas as pd

    names = names or [str(i) for i in range(x.shape[1])]
    columns = {}
    for i, name in enumerate(names):
        known = levels[i] if levels else None
        values = x[:, i].astype(np.float64)
        if known is not None:
            codes = np.where(np.isnan(values), -1, values).astype(int)
            values = np.array([_level(known, code) for code in codes.tolist()], object)
        elif levels:
            values = np.where(values == -1, np.nan, values) if x.dtype.kind == "i" else values
        columns[name] = values
    return pd.DataFrame(columns)

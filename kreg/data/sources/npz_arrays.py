"""What the arrays of an archive are for: the weights of the rows, and a word on those unused."""

from collections.abc import Collection, Mapping

import numpy as np

from kreg import check
from kreg.data.dataset import Array

WEIGHTS = ("sample_weight", "sample_weights", "weight", "weights")  # scikit-learn's and Keras's
TABLES = ("feature_names", "is_categorical", "categories")
UNDERSTOOD = (
    "x", "y", "x_train", "y_train", "x_test", "y_test", "class_names", *TABLES, *WEIGHTS,
)  # fmt: skip
NAMED = 6


def weights(arrays: Mapping[str, Array], rows: int) -> Array | None:
    """One number >= 0 a row, or `None`.

    Args:
        arrays: The arrays by lower-case name.
        rows: How many there must be.

    Raises:
        ValueError: If there are two such arrays, or one that is no column of numbers >= 0.
    """
    names = [name for name in WEIGHTS if name in arrays]
    if len(names) > 1:
        raise ValueError(f"The arrays {' and '.join(names)} both weigh the rows. Keep one of them.")
    if not names:
        return None
    found = arrays[names[0]]
    numbers = found.dtype.kind in "biuf" and np.isfinite(found).all() and (found >= 0).all()
    if found.size != rows or not numbers or not found.any():
        raise check.invalid(
            names[0], f"{rows} numbers >= 0, one for each row, not all zero", found.shape
        )
    return found.reshape(-1).astype(np.float32)


def unused(arrays: Mapping[str, Array], named: Collection[str | None]) -> list[str]:
    """A sentence about the arrays that nothing reads.

    Args:
        arrays: The arrays by lower-case name.
        named: Those that the configuration names.

    >>> unused({"x": np.ones(3), "sex": np.ones(3)}, ())
    ["the array 'sex' (3) is not used. Known are x, y, their _train and _test, class_names, \
feature_names and sample_weight; data.group and data.time name one value a row."]
    """
    ours = (*UNDERSTOOD, *named)
    left = [f"{name!r} ({'×'.join(map(str, array.shape)) or 'a single value'})"
            for name, array in arrays.items() if name not in ours]  # fmt: skip
    if not left:
        return []
    more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
    told = f"arrays {', '.join(left[:NAMED])}{more} are" if len(left) > 1 else f"array {left[0]} is"
    return [
        f"the {told} not used. Known are x, y, their _train and _test, class_names, "
        "feature_names and sample_weight; data.group and data.time name one value a row."
    ]

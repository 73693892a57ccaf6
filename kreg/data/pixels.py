"""Mean 0 and deviation 1 for pixels, as the two numbers of a `keras.layers.Rescaling`."""

from typing import TYPE_CHECKING

import numpy as np

from kreg import check
from kreg.data.preprocessing import Standard

if TYPE_CHECKING:
    from kreg.data.dataset import Split

ROWS = 4096  # pictures that are looked at, spread over all
HOW = ("channel", "pixel")

Numbers = float | list[float] | list[list[list[float]]]


def standardising(split: "Split", by: str = "channel") -> tuple[Numbers, Numbers]:
    """`(scale, offset)` so that `scale * x + offset` has mean 0 and deviation 1 on the rows.

    A channel or pixel that is constant has scale 1 and becomes 0. Of more than 4,096 pictures so
    many are looked at, at even distances.

    Args:
        split: Training rows, `(height, width, channels)` each.
        by: `"channel"`: one pair for each channel, plain numbers where there is but one.
            `"pixel"`: one for each value of a picture.

    >>> from kreg.data import Split
    >>> x = np.array([[[[0.0]]], [[[4.0]]]], "float32")
    >>> standardising(Split(x, np.zeros(2)))
    (0.5, -1.0)
    """
    check.choice("by", by, HOW)
    part = split.spread(ROWS) if len(split) > ROWS else split
    rows = np.asarray(part.in_memory().x)
    shape = np.shape(rows)[1:]
    table = np.reshape(rows, (-1, shape[-1]) if by == "channel" else (len(rows), -1))
    fitted = Standard.fit(table)
    scale, offset = 1 / fitted.scale, -fitted.mean / fitted.scale
    if by == "pixel":
        return scale.reshape(shape).tolist(), offset.reshape(shape).tolist()
    if shape[-1] == 1:
        return float(scale[0]), float(offset[0])
    return scale.tolist(), offset.tolist()

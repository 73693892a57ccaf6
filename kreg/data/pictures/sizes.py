"""Pictures of many sizes become pictures of one: which size, and how."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kreg import check

STRETCH, CROP, PAD = HOW = ("stretch", "crop", "pad")
AUTO = "auto"
LARGEST_SIDE = 4096
SHORT_SIDE = 224  # what `auto` brings larger pictures to: what most networks are made for
STEP = 8  # a size of `auto` is a multiple of it: it can be halved three times

Size = tuple[int, int]


class Placing(NamedTuple):
    """Where a picture goes.

    Args:
        box: The part that is taken, `(left, top, right, bottom)` in its own pixels.
        inner: `(height, width)` that this part becomes.
        canvas: `(height, width)` in whose middle it stands, on black.
        scaled: `(height, width)` that the whole picture would become.
    """

    box: tuple[float, float, float, float]
    inner: Size
    canvas: Size
    scaled: Size

    def on_canvas(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The pixels, `(*inner, channels)`, with black around them where there is room."""
        if self.inner == self.canvas:
            return pixels
        whole = np.zeros((*self.canvas, pixels.shape[2]), np.uint8)
        top, left = ((c - i) // 2 for c, i in zip(self.canvas, self.inner))
        whole[top : top + self.inner[0], left : left + self.inner[1]] = pixels
        return whole


def placing(size: Size, wanted: Size, how: str) -> Placing:
    """How a picture of one size becomes one of another.

    Args:
        size: `(height, width)` of the picture.
        wanted: The same of the result.
        how: `"stretch"` changes the ratio of the sides, `"crop"` cuts the longer side at both
            ends, `"pad"` puts black on both sides of the shorter one.

    >>> placing((100, 200), (50, 50), "crop").box
    (50.0, 0.0, 150.0, 100.0)
    >>> placing((100, 200), (50, 50), "pad").inner
    (25, 50)
    """
    (height, width), (tall, wide) = size, wanted
    whole = (0.0, 0.0, float(width), float(height))
    if how == STRETCH:
        return Placing(whole, wanted, wanted, wanted)
    ratios = tall / height, wide / width
    scale = max(ratios) if how == CROP else min(ratios)
    scaled = (max(1, round(height * scale)), max(1, round(width * scale)))
    if how == PAD:
        return Placing(whole, scaled, wanted, scaled)
    left, top = (width - wide / scale) / 2, (height - tall / scale) / 2
    return Placing((left, top, width - left, height - top), wanted, wanted, scaled)


def checked(size: Sequence[int] | str | None) -> Size | str | None:
    """`data.size` as it was said, or a sentence."""
    if size is None or size == AUTO:
        return size if size is None else AUTO
    if not isinstance(size, list | tuple) or len(size) != 2:
        raise check.invalid("data.size", "[height, width], auto or null", size)
    height, width = (check.integer("data.size", side, low=1, high=LARGEST_SIDE) for side in size)
    return height, width


def offered(heights: NDArray[np.int64], widths: NDArray[np.int64]) -> Size:
    """A size for all: the only one there is, else the medians, in multiples of 8.

    The shorter side is at most 224.

    >>> offered(np.array([28, 28]), np.array([28, 28]))
    (28, 28)
    >>> offered(np.array([3000, 4000]), np.array([4000, 3000]))
    (224, 224)
    >>> offered(np.array([480, 480, 333]), np.array([640, 640, 500]))
    (224, 296)
    """
    height, width = float(np.median(heights)), float(np.median(widths))
    shrink = min(1.0, SHORT_SIDE / min(height, width))
    if shrink == 1 and np.ptp(heights) == 0 and np.ptp(widths) == 0:
        return int(height), int(width)
    sides = (math.floor(side * shrink / STEP + 0.5) * STEP for side in (height, width))
    tall, wide = (min(max(STEP, side), LARGEST_SIDE) for side in sides)
    return tall, wide

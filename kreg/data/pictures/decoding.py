"""One picture file to bytes: what its header says, and its pixels upright, resized, grey or colour.

Pillow reads all formats, by their content and not by their names. Alpha is dropped, as Keras does;
of an animation the first frame is taken; EXIF says which side is up.
"""

import contextlib
import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kreg.data.pictures import sizes

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm",
    ".pgm", ".pbm",
)  # fmt: skip
FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM")
MAX_PIXELS = 50_000_000  # of one picture: more is a mistake, or a decompression bomb
GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N")
DEEP = GREY[4:]  # grey with more than eight bits
DEEPEST = 16
DEEP_COLOUR = -1  # in place of a peak: Pillow reads the upper eight of sixteen bits a channel
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # EXIF: of these, height and width are exchanged


class PictureError(ValueError):
    """A file is no picture that kreg can read; the sentence says why, without the file's name."""


class Header(NamedTuple):
    """What is known of a picture before its pixels are.

    Args:
        height: Of the upright picture.
        width: Of the upright picture.
        grey: Whether it can hold no colour.
        peak: The largest value of a grey picture with more than eight bits, `DEEP_COLOUR` of a
            colour one, else 0.
    """

    height: int
    width: int
    grey: bool
    peak: int


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How pixels become `(height, width, channels)` bytes.

    Args:
        size: `(height, width)`; pictures of another size are resized (bilinear, antialiased).
        channels: `1` or `3`.
        resize: One of `sizes.HOW`.
        bits: Of a value in the grey pictures that have more than eight.
    """

    size: tuple[int, int]
    channels: int = 3
    resize: str = sizes.STRETCH
    bits: int = DEEPEST

    @property
    def shape(self) -> tuple[int, int, int]:
        return (*self.size, self.channels)


def header(path: Path, max_pixels: int = MAX_PIXELS) -> Header:
    """The header of a file.

    Raises:
        PictureError: If it is none of a picture, or of one with too many pixels.
    """
    try:
        with _opened(path) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise PictureError(
                    f"has {width} x {height} pixels; at most {max_pixels:,} are read"
                )
            _refuse_numbers(image)
            peak = _peak(image)
            grey = image.mode in GREY or _has_grey_palette(image)
            if _orientation(image) in TURNED:
                width, height = height, width
            return Header(height, width, grey, peak)
    except PictureError:
        raise
    except Exception as error:  # whatever a decoder raises on bytes of somebody else
        raise PictureError(f"is not an image that kreg can read: {_reason(error)}") from error


def decode(content: bytes | Path, recipe: Recipe) -> NDArray[np.uint8]:
    """The pixels, uint8 `(height, width, channels)`.

    A JPEG that is much larger than `recipe.size` is decoded at an eighth, a quarter or half of its
    scale, never below twice the size that is wanted.

    Raises:
        PictureError: If the pixels cannot be read to their end.
    """
    try:
        with _opened(content) as image:
            return _pixels(image, recipe)
    except PictureError:
        raise
    except Exception as error:  # as above
        raise PictureError(f"cannot be decoded: {_reason(error)}") from error


def has_colour(content: bytes | Path) -> bool:
    """Whether red, green and blue differ in any pixel.

    Raises:
        PictureError: If the pixels cannot be read.
    """
    try:
        with _opened(content) as image:
            red, green, blue = (np.asarray(band) for band in _colours(image, 3, DEEPEST).split())
    except Exception as error:  # as above
        raise PictureError(f"cannot be decoded: {_reason(error)}") from error
    return not (np.array_equal(red, green) and np.array_equal(green, blue))


def bits_of(peak: int) -> int:
    """The depth in which values up to `peak` were taken.

    >>> bits_of(900), bits_of(4095), bits_of(40_000)
    (10, 12, 16)
    """
    return next(bits for bits in (8, 10, 12, 14, DEEPEST) if peak < 2**bits)


@contextlib.contextmanager
def _opened(content: bytes | Path) -> "Iterator[Image.Image]":
    from PIL import Image

    with (
        io.BytesIO(content) if isinstance(content, bytes) else open(content, "rb") as file,
        Image.open(file, formats=FORMATS) as image,
    ):
        yield image


def _reason(error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "its bytes are of no known format"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{error}".strip().rstrip(".") or type(error).__name__


def _refuse_numbers(image: "Image.Image") -> None:
    if image.mode == "F":
        raise PictureError("holds floating-point numbers, whose range nobody says. Save them as "
                           "whole numbers of 8 or 16 bits")  # fmt: skip


def _peak(image: "Image.Image") -> int:
    """See `Header`; a grey picture of many bits is read for it."""
    if image.mode in DEEP:
        values = np.asarray(image)
        low, high = int(values.min()), int(values.max())
        if low < 0 or high >= 2**DEEPEST:
            raise PictureError(
                f"holds values from {low} to {high}; at most {DEEPEST} bits are read"
            )
        return high
    deep = any("16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    return DEEP_COLOUR if deep else 0


def _has_grey_palette(image: "Image.Image") -> bool:
    colours = image.getpalette() if image.mode == "P" else None
    if not colours:
        return False
    table = np.array(colours).reshape(-1, 3)
    return bool((table == table[:, :1]).all())


def _orientation(image: "Image.Image") -> int:
    """EXIF's; Pillow turns a TIFF itself. That of a PNG stands before its pixels, or nowhere."""
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1
    return int(image.getexif().get(ORIENTATION, 1))


def _pixels(image: "Image.Image", recipe: Recipe) -> NDArray[np.uint8]:
    from PIL import Image

    turn = _orientation(image)
    width, height = image.size
    upright = (width, height) if turn in TURNED else (height, width)
    place = sizes.placing(upright, recipe.size, recipe.resize)
    if upright != recipe.size and image.format in ("JPEG", "MPO"):
        tall, wide = (2 * side for side in place.scaled)
        image.draft(None, (tall, wide) if turn in TURNED else (wide, tall))
    ready = _colours(image, recipe.channels, recipe.bits)
    ready = _turned(ready, turn)
    if upright != recipe.size:
        box = tuple(np.array(place.box) * (np.array(ready.size * 2) / (upright[::-1] * 2)))
        ready = ready.resize(place.inner[::-1], Image.Resampling.BILINEAR, box=box)
    return place.on_canvas(np.asarray(ready).reshape(*ready.size[::-1], recipe.channels))


def _turned(image: "Image.Image", turn: int) -> "Image.Image":
    """The upright picture; the meaning of the numbers is EXIF's."""
    from PIL.Image import Transpose

    how = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(how[turn]) if turn in how else image


def _colours(image: "Image.Image", channels: int, bits: int) -> "Image.Image":
    """As `L` or `RGB`: a palette is looked up, inks are mixed, many bits become eight."""
    from PIL import Image

    if image.mode in DEEP:
        values = np.asarray(image).astype(np.float64) * (255 / (2**bits - 1))
        image = Image.fromarray(np.rint(values).clip(0, 255).astype(np.uint8))
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")  # which knows of transparent entries
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else image.convert(mode)  # which would copy it

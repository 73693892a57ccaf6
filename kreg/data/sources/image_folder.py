"""A folder with one sub-folder a class; images are checked now and decoded lazily.

Where the folder has sub-folders `train` and `test`, the classes are expected below both, and the
test images are the test split.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kreg import check
from kreg.data import paths
from kreg.data.checks import MAX_ROWS
from kreg.data.dataset import Raw, classes_task
from kreg.data.image_files import ImageFiles

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
FORMATS = ("PNG", "JPEG", "BMP", "GIF")
MAX_PIXELS = 50_000_000  # of one image: more is a mistake, or a decompression bomb


def image_folder(
    path: str, *, size: Sequence[int] | None = None, channels: int = 3, max_pixels: int = MAX_PIXELS
) -> Raw:
    """The images of a folder.

    Args:
        path: The folder. Links that leave it are refused.
        size: `[height, width]` to which images are resized, or `None`: all must be of one size.
        channels: `3` (colour) or `1` (grey). Defaults to `3`.
        max_pixels: Images of more pixels are refused before they are decoded.
    """
    root = paths.folder("data.path", path)
    wanted = _checked_size(size)
    if channels not in (1, 3):
        raise check.invalid("data.channels", "1 or 3", channels)
    parts = ("train", "test") if _is_split(root) else (".",)
    classes = _class_names(root / parts[0])
    found = [_scan(root, root / part, classes) for part in parts]
    known = _sizes(found, max_pixels)
    shape = wanted or _common_size(root, known)
    (x, y), *own = [(ImageFiles(p, shape, channels), np.array(labels)) for p, labels in found]
    return Raw(
        name=root.resolve().name,
        x=x,
        y=y,
        task=classes_task(len(classes)),
        class_names=classes,
        is_image=True,
        test=own[0] if own else None,
        reading={
            "kind": "pictures",
            "size": list(shape),
            "channels": channels,
            "max_pixels": max_pixels,
            "resize": "bilinear, antialiased",
        },
    )


def _checked_size(size: Sequence[int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    if not isinstance(size, list | tuple) or len(size) != 2:
        raise check.invalid("data.size", "[height, width] or null", size)
    height, width = (check.integer("data.size", side, low=1, high=4096) for side in size)
    return height, width


def _is_split(root: Path) -> bool:
    return {entry.name for entry in _folders(root)} == {"train", "test"}


def _folders(root: Path) -> list[Path]:
    entries = (entry for entry in root.iterdir() if not entry.name.startswith("."))
    return sorted(entry for entry in entries if entry.is_dir())


def _class_names(folder: Path) -> list[str]:
    names = [entry.name for entry in _folders(folder)]
    if len(names) < 2:
        raise ValueError(
            f"{folder} must have one sub-folder for each of at least two classes; it has "
            f"{len(names)}."
        )
    return names


def _scan(root: Path, folder: Path, classes: list[str]) -> tuple[list[Path], list[int]]:
    """Every image file below the class folders, in sorted order, with its label."""
    paths: list[Path] = []
    labels: list[int] = []
    home = root.resolve()
    for label, name in enumerate(classes):
        images = _images(folder / name)
        if not images:
            raise ValueError(f"{folder / name} holds no image ({', '.join(SUFFIXES)}).")
        for image in images:
            _refuse_escape(image, home)
        paths += images
        labels += [label] * len(images)
    if len(paths) > MAX_ROWS:
        raise ValueError(f"{root} holds more than {MAX_ROWS:,} images.")
    return paths, labels


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if entry.suffix.lower() in SUFFIXES)


def _refuse_escape(image: Path, home: Path) -> None:
    real = image.resolve()
    if not real.is_relative_to(home):
        raise ValueError(f"{image} is a link that leaves {home}; kreg does not follow it.")
    if not real.is_file():
        raise ValueError(f"{image} is not a file.")


def _sizes(
    found: list[tuple[list[Path], list[int]]], max_pixels: int
) -> dict[tuple[int, int], Path]:
    """Every size that occurs, with an example; from the headers, without decoding."""
    sizes: dict[tuple[int, int], Path] = {}
    for images, _ in found:
        for path in images:
            sizes.setdefault(picture_size(path, max_pixels), path)
    return sizes


def picture_size(path: Path, max_pixels: int) -> tuple[int, int]:
    """Height and width of a picture, from its header.

    Raises:
        ValueError: If it is none, or has more pixels.
    """
    import warnings

    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                width, height = image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is not an image that kreg can read: {error}.") from error
    if width * height > max_pixels:
        raise ValueError(f"{path} has {width} x {height} pixels; at most {max_pixels:,} are read.")
    return height, width


def _common_size(root: Path, sizes: dict[tuple[int, int], Path]) -> tuple[int, int]:
    if len(sizes) == 1:
        return next(iter(sizes))
    (one, first), (other, second) = list(sizes.items())[:2]
    raise ValueError(
        f"{root} holds images of {len(sizes)} sizes, such as {first.name} {one} and {second.name} "
        f"{other} (height, width). Say data.size=[height,width] to resize them."
    )

"""What augmentation does to the data, as one picture: rows are records, columns are epochs."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from kreg.augment.pipeline import Pipeline


def preview(
    pipeline: "Pipeline",
    x: ArrayLike,
    y: Any = None,
    *,
    index: ArrayLike | None = None,
    epochs: Iterable[int] = range(7),
    class_names: Sequence[str] | None = None,
) -> tuple[NDArray[np.uint8], list[str]]:
    """A grid of augmented samples and the key of each.

    Args:
        pipeline: `Pipeline`.
        x: Images (records, height, width, channels), a handful.
        y: Targets or `None`.
        index: The records' indices. Defaults to `0, 1, ...`.
        epochs: The epochs to show. Defaults to the first seven.
        class_names: Names for class ids, or `None`.

    Returns:
        `(grid, captions)`: a uint8 array (height, width, 3) whose first column is the data as it
        is, and one line for each picture, row by row: record, epoch, label.
    """
    x, epochs = np.asarray(x), list(epochs)
    records = np.arange(len(x)) if index is None else np.asarray(index)
    columns, labels = [x], [y]
    for epoch in epochs:
        result = pipeline(x, y, index=records, epoch=epoch)
        images, target = (result, None) if y is None else result
        columns.append(np.asarray(images))
        labels.append(target)
    names = ["original", *(f"epoch {epoch}" for epoch in epochs)]
    high = pipeline.value_range[1] if pipeline.value_range else highest(x)
    captions = [
        caption(records[row], name, label, row, class_names)
        for row in range(len(x))
        for name, label in zip(names, labels)
    ]
    return grid([shown(c, high) for c in columns]), captions


def highest(x: NDArray[Any]) -> float:
    return 255.0 if x.dtype == np.uint8 else max(float(x.max()), 1e-12)


def shown(images: NDArray[Any], high: float) -> NDArray[np.uint8]:
    """uint8 images with three channels."""
    levels = np.clip(np.asarray(images, np.float64) * (255.0 / high), 0, 255) + 0.5
    channels = images.shape[3]
    levels = levels[..., :3] if channels >= 3 else np.repeat(levels[..., :1], 3, axis=3)
    return levels.astype(np.uint8)


def grid(columns: list[NDArray[np.uint8]], gap: int = 2) -> NDArray[np.uint8]:
    """Columns of images side by side, on white; small images are magnified, larger ones fill in."""
    height = max(c.shape[1] for c in columns) + gap
    width = max(c.shape[2] for c in columns) + gap
    rows = len(columns[0])
    canvas = np.full((rows * height + gap, len(columns) * width + gap, 3), 255, np.uint8)
    for j, column in enumerate(columns):
        for i, image in enumerate(column):
            top, left = i * height + gap, j * width + gap
            canvas[top : top + image.shape[0], left : left + image.shape[1]] = image
    zoom = max(1, 48 // height)
    return canvas.repeat(zoom, axis=0).repeat(zoom, axis=1)


def caption(
    record: int, name: str, labels: Any, row: int, class_names: Sequence[str] | None
) -> str:
    start = f"record {int(record)}, {name}"
    return (
        start if labels is None else f"{start}: {label_text(np.asarray(labels)[row], class_names)}"
    )


def label_text(label: Any, class_names: Sequence[str] | None) -> str:
    """A class name, or the shares of a mixed label, largest first."""
    label = np.asarray(label)
    if label.ndim == 0 and np.issubdtype(label.dtype, np.integer):
        return str(class_names[label]) if class_names is not None else str(int(label))
    if label.ndim == 0:
        return f"{float(label):.3g}"
    order = [c for c in np.argsort(-label, kind="stable")[:2] if label[c] > 0]
    return " + ".join(f"{label[c]:.2f} {label_text(np.int64(c), class_names)}" for c in order)

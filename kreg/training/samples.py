"""`augment.preview=true`: a picture of what the augmentation does, and no training."""

from pathlib import Path
from typing import Any

import numpy as np

from kreg import files
from kreg.pages import png
from kreg.training.plan import Plan

RECORDS = 8
SHEET_RECORDS, SHEET_EPOCHS = 6, range(7)  # what a report has room for


def sheet(plan: Plan) -> dict[str, Any]:
    """Augmented images for the report: a picture, and the key of each image.

    Args:
        plan: A training that `shows_samples`.
    """
    grid, captions = pictures(plan, SHEET_RECORDS, epochs=SHEET_EPOCHS)
    return {"picture": png.data_uri(grid), "captions": captions}


def pictures(plan: Plan, records: int, **options: Any) -> tuple[np.ndarray, list[str]]:
    """A grid of records of all classes, as they are and augmented, and its captions."""
    rows = plan.data.train.mixed(records)
    part = plan.data.train.take(rows).in_memory()
    names = plan.data.class_names
    found: tuple[np.ndarray, list[str]]
    found = plan.augmentation.preview(
        np.asarray(part.x), part.y, index=rows, class_names=names, **options
    )
    return found


def write(plan: Plan, directory: Path) -> Path:
    """Write `augment.png` and `augment.txt`, the key of every picture; returns the first.

    Args:
        plan: The training.
        directory: The run's directory.

    Raises:
        ValueError: If there is no image augmentation to look at.
    """
    if not plan.shows_samples:
        raise ValueError(
            "augment.preview=true, but there is no augmentation of images to look at. Choose one, "
            "augment=standard for example, and image data."
        )
    grid, captions = pictures(plan, RECORDS)
    files.write(directory / "augment.png", png.encode(grid))
    files.write(directory / "augment.txt", "\n".join(captions) + "\n")
    return directory / "augment.png"

"""`augment.preview=true`: a picture of what the augmentation does, and no training."""

from pathlib import Path

RECORDS = 8


def write(plan, directory: Path) -> Path:
    """Write `augment.png` and `augment.txt`, the key of every picture; returns the first.

    Args:
        plan: The `kreg.build.plan.Plan`.
        directory: The run's directory.

    Raises:
        ValueError: If there is no image augmentation to look at.
    """
    if not plan.shows_samples:
        raise ValueError(
            "augment.preview=true, but there is no augmentation of images to look at. Choose one, "
            "augment=standard for example, and image data."
        )
    from matplotlib.image import imsave

    part = plan.data.train.take(range(min(RECORDS, len(plan.data.train)))).in_memory()
    grid, captions = plan.pipeline.preview(part.x, part.y, class_names=plan.data.class_names)
    imsave(directory / "augment.png", grid)
    (directory / "augment.txt").write_text("\n".join(captions) + "\n")
    return directory / "augment.png"

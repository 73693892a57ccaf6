"""A folder of pictures, one sub-folder a class, or with a table of what is on them.

All are checked before the first step. Where the folder has sub-folders `train` and `validation` or
`test`, the classes are expected below these, and they are the splits.
"""

from collections.abc import Sequence
from pathlib import Path

from kreg import check
from kreg.data import paths
from kreg.data.dataset import Raw, classes_task
from kreg.data.own_splits import in_roles
from kreg.data.pictures import folder, sizes
from kreg.data.pictures.checking import REFUSE, SKIP, Check
from kreg.data.pictures.decoding import MAX_PIXELS
from kreg.data.pictures.folder import Listing
from kreg.data.pictures.kept import AUTO, GIB
from kreg.data.pictures.labels import Reading, labelled
from kreg.data.pictures.recipes import Wish
from kreg.data.targets import Truth


def image_folder(
    path: str,
    *,
    labels: str | None = None,
    target: str | Sequence[str] | None = None,
    label_separator: str | None = None,
    split: str | None = None,
    group: str | None = None,
    time: str | None = None,
    task: str = "auto",
    size: Sequence[int] | str | None = None,
    resize: str = sizes.STRETCH,
    channels: int | str = AUTO,
    max_pixels: int = MAX_PIXELS,
    on_error: str = REFUSE,
    cache: str = AUTO,
    cache_limit: float = 10.0,
) -> Raw:
    """The pictures of a folder.

    Args:
        path: The folder. Links that leave it are refused.
        labels: A CSV of file names and targets, in place of class folders, or `None`.
        target, label_separator, split, group, time, task: Of `labels`; see
            `pictures.labels.Reading`.
        size: `[height, width]` to which pictures are resized, `"auto"` for the usual one among
            them, or `None`: all must be of one size.
        resize: `"stretch"`, `"crop"` or `"pad"`, for pictures whose sides have another ratio.
        channels: `3` (colour), `1` (grey), or `"auto"`: grey where no picture has colour.
        max_pixels: Pictures of more pixels are refused before they are decoded.
        on_error: What becomes of files that cannot be read: `"refuse"` all, or `"skip"` these.
        cache: Where decoded pictures are kept: `"memory"`, `"disk"`, `"auto"` or `"none"`.
        cache_limit: GiB that may be kept at most.
    """
    root = paths.folder("data.path", path)
    wanted = sizes.checked(size)
    check.choice("data.channels", channels, (AUTO, 1, 3))
    if labels is None:
        listed, truth = _by_folder(root)
    else:
        table, skip = paths.table("data.labels", labels), on_error == SKIP
        how = Reading(target, label_separator, split, task, group, time)
        listed, truth = labelled(root, table, how, skip=skip)
    look = Check(listed, max_pixels, on_error)
    found = look.run(Wish(wanted, resize, channels), cache, round(cache_limit * GIB))
    name = folder.shown(root.resolve().name)
    told = listed.sentences + listed.grouping.sentences + found.sentences
    grouping = found.listing.grouping
    raw = Raw(
        name=name,
        x=found.files,
        y=found.listing.labels,
        task=truth.task,
        class_names=truth.class_names,
        target_names=truth.target_names,
        is_image=True,
        group=grouping.group,
        time=grouping.time,
        suspects=grouping.suspects,
        reading={
            "kind": "pictures",
            "size": list(found.files.recipe.size),
            "channels": found.files.recipe.channels,
            "resize": found.files.recipe.resize,
            "bits": found.files.recipe.bits,
            "max_pixels": max_pixels,
        },
        warnings=[f"{name}: {sentence}" for sentence in told],
    )
    return in_roles(raw, found.listing.roles)


def _by_folder(root: Path) -> tuple[Listing, Truth]:
    listed = folder.listing(root)
    classes = listed.classes
    return listed, Truth(listed.labels, classes_task(len(classes)), classes, [], [])

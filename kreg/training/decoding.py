"""Images in memory, so many as are measured at once."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kreg.data import Split

DECODED = 4096  # training images that are decoded at once, to be measured


def decoded(split: "Split", most: int | None = None) -> "Split":
    """A split whose images lie in memory; of more than `most`, so many that are spread over it.

    Rows on the disk stay there: who measures takes those that it needs.
    """
    from kreg.data.dataset import is_lazy, on_disk

    if not is_lazy(split.x) or on_disk(split.x):
        return split
    if most is not None and len(split) > most:
        split = split.spread(most)
    return split.in_memory()

"""Where in a model a noise layer may stand: what a model builder tells a noise factory."""

from dataclasses import dataclass

from kreg import check

KINDS = ("dense", "conv", "residual")


@dataclass(frozen=True)
class Place:
    """One place in a model at which noise may be put.

    A builder calls `noise(place)` once for every place, after the activation of a hidden layer
    (`dense`, `conv`) or at the end of a residual branch, before it is added (`residual`). The
    answer is the layer to put there, or `None` for nothing.

    Args:
        kind: `"dense"`, `"conv"` or `"residual"`.
        index: Whole number >= 0: which of the places of this kind, counted from the input.
        total: Whole number > `index`: how many places of this kind the model has.
        rank: Whole number >= 2: axes of the tensor, batch included (4 for a batch of images).

    >>> Place("conv", index=1, total=4, rank=4).depth
    0.5
    """

    kind: str
    index: int
    total: int
    rank: int

    def __post_init__(self) -> None:
        check.choice("kind", self.kind, KINDS)
        check.integer("total", self.total, low=1)
        check.integer("index", self.index, low=0, high=self.total - 1)
        check.integer("rank", self.rank, low=2)

    @property
    def depth(self) -> float:
        """How deep the place lies, in (0, 1]: 1 for the last of its kind."""
        return (self.index + 1) / self.total

    @property
    def spatial(self) -> int:
        """The number of axes between batch and channels."""
        return self.rank - 2

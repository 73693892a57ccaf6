"""What the user has said of a table on the disk: the arguments of `table.from_frame`."""

import dataclasses
from collections.abc import Mapping, Sequence

AUTO = "auto"


@dataclasses.dataclass(frozen=True)
class Wish:
    """See `kreg.data.table.from_frame` and `kreg.data.sources.csv_parquet`.

    Args:
        target: The target columns.
        split_by_file: Whether whole files stay in one split.
    """

    target: Sequence[str]
    task: str = AUTO
    label_separator: str | None = None
    group: str | None = None
    time: str | None = None
    drop: Sequence[str] = ()
    types: Mapping[str, str] = dataclasses.field(default_factory=dict)
    split: str | None = None
    max_categories: int = 100
    dates: str = "parts"
    split_by_file: bool = False

    @property
    def named(self) -> dict[str, str | None]:
        """The columns that order, group or deal out the rows, by their keys."""
        return {"data.group": self.group, "data.time": self.time, "data.split": self.split}

    @property
    def dropped(self) -> list[str]:
        """Columns that are no features, because the user has said so."""
        return [*self.drop, *(column for column, kind in self.types.items() if kind == "drop")]

    @property
    def without(self) -> set[str]:
        """All columns that are no features."""
        return {*self.target, *self.dropped, *filter(None, self.named.values())}

    @property
    def unread(self) -> set[str]:
        """Columns that nobody reads, so that files may differ in them."""
        return set(self.dropped) - {*self.target, *filter(None, self.named.values())}

    @property
    def of_the_file(self) -> tuple[object, ...]:
        """All that the records depend on."""
        names = (self.target, self.named.values(), self.drop, sorted(self.types.items()))
        return (*map(list, names), self.task, self.label_separator)

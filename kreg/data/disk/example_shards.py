"""TFRecord files as the files of one table; see `kreg.data.disk.shards.Shards`."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kreg.data.disk.shards import CELL, named, refuse_other_columns
from kreg.foreign import example_file, framed_file
from kreg.foreign.example_file import FLOAT, NONE, Feature

if TYPE_CHECKING:
    import pandas as pd

LOOKED_AT, FEWEST = 20_000, 100  # records in all that say what the features are; of a file at least


class ExampleShards:
    """TFRecord files of `tf.train.Example`.

    Args:
        files: In their order.
        without: Features that nobody reads.
    """

    untyped = False
    comma = False

    def __init__(self, files: list[Path], without: Collection[str] = ()) -> None:
        self.files, self.without = files, set(without)
        most = max(LOOKED_AT // len(files), FEWEST)
        looked_at: dict[Path, dict[str, Feature]] = {}
        for file in files:
            with named(file):
                looked_at[file] = example_file.features(file, most, self.without)
        heads = {file: found for file, found in looked_at.items() if found}  # others are empty
        self.features: dict[str, Feature] = {}
        for file, found in heads.items():
            self._join(file, found)
        if heads:
            refuse_other_columns({file: list(found) for file, found in heads.items()}, self.without)
        self.columns = [c for name, f in self.features.items() for c in f.columns(name)]
        self.narrow = set(self._columns_of(FLOAT, NONE))
        self.fractions = set(self._columns_of(FLOAT))

    def _join(self, file: Path, found: dict[str, Feature]) -> None:
        """Add what a file has; a feature that it has otherwise than those before is refused."""
        with named(file):
            for name, now in found.items():
                before = self.features.get(name, now)
                self.features[name] = example_file.joined(name, before, now, "its first records")

    @property
    def long(self) -> list[str]:
        """A sentence on each feature that is several columns."""
        return [
            f"the feature {name!r} is read as the {feature.length:,} columns {name}_0 to "
            f"{name}_{feature.length - 1}."
            for name, feature in self.features.items()
            if feature.length > 1
        ]

    def _columns_of(self, *kinds: str) -> list[str]:
        found = self.features.items()
        return [c for name, f in found if f.kind in kinds for c in f.columns(name)]

    def size(self) -> int:
        return self._rows() * len(self.columns) * CELL

    def stored_size(self) -> int:
        return self._rows() * (len(self.columns) * CELL - len(self.narrow) * CELL // 2)

    def _rows(self) -> int:
        total = 0
        for file in self.files:
            with named(file):
                total += framed_file.count(file)
        return total

    def whole(self, file: Path) -> "pd.DataFrame":
        """All rows of a file."""
        import pandas as pd

        found = list(self.blocks(file, LOOKED_AT))
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=self.columns)

    def blocks(
        self, file: Path, size: int, texts: Collection[str] = ()
    ) -> "Iterator[pd.DataFrame]":
        with named(file):
            yield from example_file.blocks(file, self.features, size, self.without)

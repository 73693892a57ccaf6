"""TFRecord: files of `tf.train.Example`, whose features are the columns of a table."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kreg.data.dataset import Raw
from kreg.data.options import TfrecordOptions
from kreg.data.sources.several import names, read, unread

if TYPE_CHECKING:
    import pandas as pd

    from kreg.data.disk.example_shards import ExampleShards


def tfrecord(path: str, target: str | Sequence[str], **options: Any) -> Raw:
    """One row a record: what its features are, the first records of the files say.

    A feature of one number or text is a column, one of `n` is the columns `<name>_0` and so on, and
    one that a record lacks is a missing value. Checksums are compared.

    Args:
        path: The file, a folder of such files, or a pattern of their names.
        target: Name of the target column, or a list of several.
        **options: See `several.read`.
    """
    kind = Examples(unread(options))
    raw = read(kind, path, names(target), **options)
    raw.warnings += [f"{raw.name}: {sentence}" for sentence in kind.long]
    return raw


class Examples:
    """A `several.Kind`.

    Args:
        without: Columns that nobody reads.
    """

    endings, compact, key = TfrecordOptions.endings, True, ()

    def __init__(self, without: set[str]) -> None:
        self.without = without
        self.known: dict[tuple[Path, ...], ExampleShards] = {}

    def shards(self, files: list[Path], without: set[str]) -> "ExampleShards":
        """Looked at once: all records say what the features are."""
        from kreg.data.disk.example_shards import ExampleShards  # starts protobuf

        if tuple(files) not in self.known:
            self.known[tuple(files)] = ExampleShards(files, without)
        return self.known[tuple(files)]

    def whole(self, file: Path) -> "tuple[pd.DataFrame, list[str]]":
        """With the features of all files that it belongs to."""
        together = next((files for files in self.known if file in files), (file,))
        return self.shards(list(together), self.without).whole(file), []

    def cells(self, file: Path) -> dict[str, Any]:
        return {}

    @property
    def long(self) -> list[str]:
        """A sentence on each feature that is several columns; the test rows have no others."""
        return next(iter(self.known.values())).long

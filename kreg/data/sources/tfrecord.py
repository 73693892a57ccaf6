"""TFRecord: files of `tf.train.Example`, whose features are the columns of a table."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kreg.csv_header import AUTO
from kreg.data.dataset import Raw
from kreg.data.disk.shards import names_of
from kreg.data.options import TfrecordOptions
from kreg.data.sources.several import Tables, listed, names, unread

if TYPE_CHECKING:
    import pandas as pd

    from kreg.data.disk.example_shards import ExampleShards


def tfrecord(
    path: str,
    target: str | Sequence[str],
    *,
    test_path: str | None = None,
    cache: str = AUTO,
    cache_limit: float = 100.0,
    **options: Any,
) -> Raw:
    """One row a record: what its features are, the first records of the files say.

    A feature of one number or text is a column, one of `n` is the columns `<name>_0` and so on, and
    one that a record lacks is a missing value. Checksums are compared.

    Args:
        path: The file, a folder of such files, or a pattern of their names.
        target: Name of the target column, or a list of several.
        test_path: The same of test rows, or `None`.
        cache: Where the rows are kept: `"memory"`, `"disk"`, or `"auto"`: on the disk where they
            are large.
        cache_limit: GiB of tables that are kept on the disk at most.
        **options: See `from_frame`, and `split_by_file`.
    """
    files, tests = listed(path, test_path, TfrecordOptions.endings)
    without = unread(options)
    known = shards(files, without)

    def read(found: list[Path]) -> "ExampleShards":
        return known if found == files else shards(found, without)

    def whole(file: Path) -> "tuple[pd.DataFrame, list[str]]":
        return read(files if file in files else [file]).whole(file), []

    several = Tables(files, tests, read, whole, names_of(files, path), True)
    raw = several.read(names(target), cache, cache_limit, (), options)
    raw.warnings += [f"{several.name}: {sentence}" for sentence in known.long]
    return raw


def shards(files: list[Path], without: set[str]) -> "ExampleShards":
    """These files, read some rows at a time."""
    from kreg.data.disk.example_shards import ExampleShards  # starts protobuf

    return ExampleShards(files, without)

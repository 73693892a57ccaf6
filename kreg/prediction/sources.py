"""New rows in blocks, from whatever holds them; each row keeps its place, readable or not."""

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kreg import check
from kreg.data import paths
from kreg.data.options import TfrecordOptions
from kreg.foreign import listing
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept

if TYPE_CHECKING:
    import pandas as pd

STDIN = "-"
ROW = "row"  # the key of rows that have no other


@dataclasses.dataclass
class Block:
    """Some rows in the order of their source.

    Args:
        rows: A frame, an array, or a list of picture files; what cannot be read holds its place.
        keys: A frame of the columns that are repeated beside the predictions.
        reasons: Why a row cannot be read, `""` where it can, `(rows,)`.
        truth: The target as it stands in the source: a frame, an array, or `None`.
        done: Rows or bytes up to here.
    """

    rows: Any
    keys: "pd.DataFrame"
    reasons: NDArray[np.object_]
    truth: Any = None
    done: int = 0

    def __len__(self) -> int:
        return len(self.reasons)


class Source(Protocol):
    """New rows of one kind of file. Making one checks what can be known without the rows."""

    total: int  # what `Block.done` comes to; 0 where nobody knows

    def blocks(self, size: int, findings: Findings) -> Iterator[Block]:
        """All rows, `size` at a time."""


def opened(kept: Kept, named: Sequence[str], *, labelled: bool, keep: Sequence[str]) -> Source:
    """The source that a command line names.

    Args:
        kept: The run.
        named: One CSV, Parquet, TFRecord or npz file, `-` for CSV on standard input, or pictures: a
            folder or files.
        labelled: Whether the truth is wanted, too.
        keep: Columns to repeat; empty for those that the model does not read.

    Raises:
        ValueError: If there is no such file, or it cannot hold rows of this run.
    """
    pictures = kept.data["is_image"]
    if list(named) == [STDIN]:
        return _csv(kept, STDIN, labelled, keep)
    first = Path(named[0]).expanduser()
    if pictures and (first.is_dir() or len(named) > 1 or _is_picture(first)):
        from kreg.prediction.picture_source import PictureSource

        return PictureSource(kept, named, labelled=labelled)
    if len(named) > 1 or listing.are_several(first):
        each = "Ask for the files of a table one by one: a run answers for a file."
        raise check.invalid("rows", "one file of rows", list(named), each)
    return _file(kept, paths.table("rows", str(first)) if first.suffix != ".npz" else first,
                 labelled, keep)  # fmt: skip


def _file(kept: Kept, file: Path, labelled: bool, keep: Sequence[str]) -> Source:
    suffix = file.suffix.lower()
    if suffix == ".npz":
        from kreg.prediction.array_source import ArraySource

        return ArraySource(kept, paths.plain("rows", str(file)), labelled=labelled)
    if kept.data["is_image"] or not kept.features:
        raise ValueError(
            f"The model reads {_shape(kept)}, and {file} is no such thing. Give an npz file with "
            f"an array x{', pictures or a folder of them' if kept.data['is_image'] else ''}."
        )
    if suffix in (".parquet", ".pq"):
        from kreg.prediction.typed_source import ParquetReader, TypedSource

        return TypedSource(kept, file, ParquetReader(file), labelled, keep)
    if listing.ending(file) in TfrecordOptions.endings:
        from kreg.prediction.typed_source import ExampleReader, TypedSource

        return TypedSource(kept, file, ExampleReader(file, kept), labelled, keep)
    return _csv(kept, str(file), labelled, keep)


def _csv(kept: Kept, name: str, labelled: bool, keep: Sequence[str]) -> Source:
    from kreg.prediction.csv_source import CsvSource

    if kept.data["is_image"] or not kept.features:
        raise ValueError(f"The model reads {_shape(kept)}, and {name} is a table.")
    return CsvSource(kept, sys.stdin.buffer if name == STDIN else Path(name), labelled, keep)


def _shape(kept: Kept) -> str:
    what = "pictures" if kept.data["is_image"] else "arrays without names of columns"
    return f"{what} of {' x '.join(map(str, kept.data['input_shape']))}"


def _is_picture(file: Path) -> bool:
    from kreg.data.pictures.decoding import SUFFIXES

    return file.suffix.lower() in SUFFIXES


def row_numbers(first: int, count: int) -> "pd.DataFrame":
    """The key of rows without one: their number, the first one being 1."""
    import pandas as pd

    return pd.DataFrame({ROW: np.arange(first + 1, first + count + 1)})


def no_reasons(count: int) -> NDArray[np.object_]:
    return np.full(count, "", object)


def key_columns(kept: Kept, columns: Sequence[str], keep: Sequence[str]) -> list[str]:
    """The columns that are repeated: those asked for, else those that the model does not read.

    Raises:
        ValueError: If one that was asked for is not there.
    """
    if keep:
        return [check.choice("keep", name, columns) for name in keep]
    read = {*kept.features, *kept.target}
    return [name for name in columns if name not in read]

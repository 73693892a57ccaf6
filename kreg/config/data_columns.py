"""The columns that the files of `data` say they have, without their rows being read."""

from collections.abc import Collection
from pathlib import Path

from kreg import check
from kreg.csv_header import AUTO, header, separator_of
from kreg.data.options import (
    CsvOptions,
    NpzOptions,
    ParquetOptions,
    TableOptions,
    TfrecordOptions,
)
from kreg.data.source_options import SourceOptions
from kreg.foreign import listing

LOOKED_AT = 1000  # records


def columns(cfg: SourceOptions) -> list[str]:
    """What the file says that it has; none where only loading it can tell."""
    path = first_file(cfg)
    if isinstance(cfg, CsvOptions):
        chosen = cfg.separator
        return header(path, separator_of(path, targets(cfg)[0]) if chosen == AUTO else chosen)
    if isinstance(cfg, ParquetOptions):
        return footer(path)
    if isinstance(cfg, TfrecordOptions):
        return features(path, dropped(cfg))
    return members(path) if isinstance(cfg, NpzOptions) else []


def targets(cfg: SourceOptions) -> list[str]:
    """The target columns that a table's options name."""
    named = getattr(cfg, "target", None) or []
    return [named] if isinstance(named, str) else named


def first_file(cfg: SourceOptions) -> str:
    """The file that says the columns of all."""
    path = str(getattr(cfg, "path", ""))
    if isinstance(cfg, TableOptions) and listing.are_several(path):
        return str(listing.listed("data.path", path, cfg.endings)[0])
    return path


def footer(path: str) -> list[str]:
    """The columns that a Parquet file lists at its end; none where only loading it can tell."""
    from kreg.foreign import parquet_file  # starts pyarrow, an extra

    return parquet_file.names(Path(path).expanduser())


def dropped(cfg: TableOptions) -> set[str]:
    """The columns that nobody reads."""
    return {*cfg.drop, *(column for column, kind in cfg.types.items() if kind == "drop")}


def features(path: str, without: Collection[str]) -> list[str]:
    """The columns of the first records of a TFRecord file; none where only loading it can tell."""
    from kreg.foreign import example_file  # starts protobuf and NumPy
    from kreg.foreign.content import DamagedError

    try:
        found = example_file.features(Path(path).expanduser(), LOOKED_AT, without)
    except (OSError, DamagedError):
        return []
    return [column for name, feature in found.items() for column in feature.columns(name)]


def members(path: str) -> list[str]:
    """The arrays of an archive; none where only loading it can tell."""
    from kreg.foreign import npz  # starts NumPy

    whole = Path(path).expanduser()
    inside = [file.stem for file in whole.glob("*.npy")] if whole.is_dir() else npz.names(whole)
    names = [name.lower() for name in inside]
    if not names and not whole.is_dir():
        return []
    for wanted in (("x", "x_train"), ("y", "y_train")):
        if not set(wanted) & set(names):
            raise check.invalid(
                "data.path",
                f"an archive, or a folder of .npy files, with an array named {' or '.join(wanted)}",
                path,
                f"It has {', '.join(names) or 'none'}.",
            )
    return [name for name in names if name not in ("x", "y", "x_train", "y_train")]

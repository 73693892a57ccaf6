"""What is wrong with `data` and can be seen without loading it: paths, columns, shares, extras."""

import dataclasses
import importlib.util
from pathlib import Path

from kreg import check
from kreg.config.data_columns import columns, targets
from kreg.csv_header import AUTO, header, separator_of
from kreg.data.options import (
    TYPES,
    FileOptions,
    GivenOptions,
    ImageFolderOptions,
    NpzOptions,
    SyntheticOptions,
    TableOptions,
)
from kreg.data.source_options import SourceOptions
from kreg.foreign import listing, memory, packing

LARGEST_SIDE = 4096
# keys of a table of pictures
OF_LABELS = ("target", "label_separator", "split", "group", "time", "task")
CELL, COPIES = 8, 3  # bytes of a number; the rows as drawn, as a table, and standardised


def check_data(cfg: SourceOptions) -> None:
    """Raise a `ValueError` with one sentence for the first thing that cannot work."""
    for rule in RULES:
        rule(cfg)


def refuse_given(cfg: object) -> None:
    """Refuse rows that only a program could hand over, where nobody has.

    Raises:
        ValueError: With what a command reads instead.
    """
    if isinstance(cfg, GivenOptions):
        raise ValueError(
            "data=given stands for the rows that kreg.sklearn.KregClassifier().fit(X, y) hands "
            "over. A command reads a file: data=csv, data=parquet, data=tfrecord or data=npz, with "
            "data.path=..."
        )


def package_is_installed(cfg: SourceOptions) -> None:
    if cfg.needs and importlib.util.find_spec(cfg.needs) is None:
        raise ValueError(
            f"data={cfg.kind} needs {cfg.needs}, which is not installed. Install it with: "
            f"pip install 'kreg[{cfg.kind}]'"
        )


SPACES = r"\s+"  # as pandas spells a run of them


def path_is_there(cfg: SourceOptions) -> None:
    """A table, an archive or a folder must be named and exist."""
    needed = f"data={cfg.kind} needs it."
    path = getattr(cfg, "path", "")
    if path is None:
        raise check.invalid("data.path", "a path", None, needed)
    several = isinstance(cfg, TableOptions) and are_several(path)
    if not several and not is_there(path):
        raise check.invalid("data.path", "a path that exists", path)
    own = getattr(cfg, "test_path", None)
    if own is not None and isinstance(cfg, TableOptions):
        found = files_are_there("data.test_path", own, cfg.endings)
        if not found and not (is_there(own) and Path(own).expanduser().is_file()):
            raise check.invalid("data.test_path", "a file that exists", own)
    separator = getattr(cfg, "separator", AUTO)
    if len(separator) != 1 and separator not in (AUTO, SPACES):
        raise check.invalid(
            "data.separator", f"{AUTO}, one sign, or {SPACES} for spaces", separator
        )
    if isinstance(cfg, TableOptions) and cfg.target is None:
        raise check.invalid("data.target", "the name of a column", None, needed)
    if isinstance(cfg, TableOptions) and several:
        files_are_there("data.path", path, cfg.endings)
    several |= isinstance(cfg, NpzOptions) and Path(path).expanduser().is_dir()
    if isinstance(cfg, FileOptions) and not several and not Path(path).expanduser().is_file():
        raise check.invalid("data.path", "a file", path)
    if cfg.kind == "image_folder" and not Path(path).expanduser().is_dir():
        raise check.invalid("data.path", "a folder, unpacked", path)


def tables_are_unpacked(cfg: SourceOptions) -> None:
    """A table is read as it is; an archive is unpacked by its owner, who knows what is in it."""
    for key in ("path", "test_path") if isinstance(cfg, TableOptions) else ():
        path, endings = str(getattr(cfg, key, None) or ""), getattr(cfg, "endings", ())
        several = bool(path) and are_several(path)
        found = listing.listed(f"data.{key}", path, endings) if several else [Path(path)]
        for file in found if path else ():
            packing.refuse(f"data.{key}", file.expanduser())


def files_are_there(key: str, path: str, endings: tuple[str, ...]) -> bool:
    """Whether a path is a folder or a pattern; one without files is refused."""
    return are_several(path) and bool(listing.listed(key, path, endings))


def are_several(path: str) -> bool:
    """Whether a path is a folder that can be looked into, or a pattern."""
    try:
        if listing.are_several(path):
            next(Path(path).expanduser().glob("*"), None)
            return True
    except (OSError, RuntimeError):  # as in `is_there`
        pass
    return False


def is_there(path: str) -> bool:
    """Whether a path exists; one that the system cannot even look up does not."""
    try:
        return "\0" not in path and Path(path).expanduser().exists()
    except (OSError, RuntimeError):  # too long, a loop of links, an unknown user's home
        return False


def shares_leave_rows(cfg: SourceOptions) -> None:
    """Validation and test together must leave training rows; a fold needs folds."""
    if cfg.validation + cfg.test >= 1:
        wanted = f"a share below 1 - data.test = {1 - cfg.test:g}"
        raise check.invalid("data.validation", wanted, cfg.validation)
    if cfg.folds == 1:
        raise check.invalid("data.folds", "0, or at least 2 folds", cfg.folds)
    if cfg.fold and cfg.fold >= cfg.folds:
        wanted = f"a fold from 0 to {cfg.folds - 1}" if cfg.folds else "0, as there are no folds"
        raise check.invalid("data.fold", wanted, cfg.fold, "Say how many with data.folds.")


def columns_are_there(cfg: SourceOptions) -> None:
    """The columns that are named stand in the file, which says so without its rows being read."""
    named = [(f"data.{key}", getattr(cfg, key, None)) for key in ("group", "time")]
    if not cfg.names_columns:
        for key, value in named:
            if value is not None:
                raise check.invalid(key, f"null: {cfg.kind} has no columns to name", value)
        return
    names = columns(cfg)
    if isinstance(cfg, TableOptions):
        named += [("data.target", name) for name in targets(cfg)]
        named += [*(("data.drop", column) for column in cfg.drop)]
        named += [("data.types", column) for column in cfg.types] + [("data.split", cfg.split)]
    for key, value in named:
        if names and value is not None:
            check.choice(key, value, names)


def numbers_fit(cfg: SourceOptions) -> None:
    """Numbers that only make sense together."""
    if isinstance(cfg, SyntheticOptions) and cfg.too_many_informative:
        wanted = f"at most data.features = {cfg.features}"
        raise check.invalid("data.informative", wanted, cfg.informative)
    if isinstance(cfg, SyntheticOptions):
        size = cfg.rows * cfg.features * CELL * COPIES
        if size > memory.available():
            raise ValueError(
                f"data.rows={cfg.rows:,} with data.features={cfg.features:,} take about "
                f"{memory.told(size)}, and this machine has {memory.told(memory.available())}. "
                "Choose fewer of one of them."
            )
    if isinstance(cfg, ImageFolderOptions) and isinstance(cfg.size, list):
        if len(cfg.size) != 2:
            raise check.invalid("data.size", "[height, width], auto or null", cfg.size)
        for side in cfg.size:
            check.integer("data.size", side, low=1, high=LARGEST_SIDE)


def labels_are_in_a_table(cfg: SourceOptions) -> None:
    """What belongs to `data.labels` is said with it, and its columns are there."""
    if not isinstance(cfg, ImageFolderOptions):
        return
    if cfg.labels is None:
        for field in dataclasses.fields(cfg):
            value = getattr(cfg, field.name)
            if field.name in OF_LABELS and value != field.default:
                raise check.invalid(
                    f"data.{field.name}",
                    f"{field.default or 'null'} where data.labels is null",
                    value,
                )
        return
    if not (is_there(cfg.labels) and Path(cfg.labels).expanduser().is_file()):
        raise check.invalid("data.labels", "a file that exists", cfg.labels)
    named = targets(cfg)
    known = header(cfg.labels, separator_of(cfg.labels, named[0] if named else None))
    wanted = [(key, getattr(cfg, key)) for key in ("split", "group", "time")]
    for key, column in [*(("target", name) for name in named), *wanted]:
        if known and column is not None:
            check.choice(f"data.{key}", column, known)


def types_are_known(cfg: SourceOptions) -> None:
    """A column is a number, a category, a date or left out; `%` stands in the format of dates."""
    for column, wanted in (cfg.types if isinstance(cfg, TableOptions) else {}).items():
        if "%" not in str(wanted):
            check.choice(f"data.types.{column}", wanted, TYPES)
        if wanted == "drop" and column in targets(cfg):
            raise check.invalid("data.types", "no drop of the target", column)


def files_stay_whole(cfg: SourceOptions) -> None:
    """Where whole files are dealt out, nothing else says where a row goes."""
    for key in ("group", "time", "split"):
        if getattr(cfg, "split_by_file", False) and getattr(cfg, key) is not None:
            raise check.invalid("data.split_by_file", f"false where data.{key} is said", True)


def labels_are_of_one_column(cfg: SourceOptions) -> None:
    """A cell that lists labels is the whole target, and labels are no numbers."""
    sign = getattr(cfg, "label_separator", None)
    if sign is None:
        return
    if not sign:
        raise check.invalid("data.label_separator", "a sign such as '|', or null", sign)
    if len(targets(cfg)) > 1:
        raise check.invalid("data.target", "one column where data.label_separator is", targets(cfg))
    if getattr(cfg, "task", "auto") == "regression":
        raise check.invalid("data.task", "auto where data.label_separator is", "regression")


RULES = (
    path_is_there,
    tables_are_unpacked,
    package_is_installed,
    shares_leave_rows,
    columns_are_there,
    labels_are_in_a_table,
    types_are_known,
    labels_are_of_one_column,
    files_stay_whole,
    numbers_fit,
)

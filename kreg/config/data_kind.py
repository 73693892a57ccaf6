"""What data are, table or pictures, and how wide: as far as it is seen without loading the rows."""

from pathlib import Path

from kreg.config import data_columns
from kreg.data.options import (
    FileOptions,
    ImageFolderOptions,
    ImdbOptions,
    NpzOptions,
    SyntheticOptions,
)
from kreg.data.source_options import SourceOptions

TABLE_AXES = 2


def is_table(cfg: SourceOptions) -> bool | None:
    """Whether the data are a table; `False` for pictures, `None` where only loading can tell."""
    if not isinstance(cfg, NpzOptions):
        return None if cfg.images is None else not cfg.images
    shape = shape_of_x(cfg)
    return None if shape is None else len(shape) <= TABLE_AXES


def are_own_pictures(cfg: SourceOptions) -> bool:
    """Whether the data are pictures of the user's, not a set that comes with kreg."""
    return isinstance(cfg, ImageFolderOptions | NpzOptions) and is_table(cfg) is False


def width(cfg: SourceOptions) -> int | None:
    """How many columns a table has, those of its target included; `None` if it is not known yet."""
    if isinstance(cfg, NpzOptions):
        shape = shape_of_x(cfg)
        return None if shape is None else shape[-1]
    if isinstance(cfg, FileOptions):
        return len(data_columns.columns(cfg)) or None
    if isinstance(cfg, SyntheticOptions):
        return cfg.features
    return cfg.words if isinstance(cfg, ImdbOptions) else None


def shape_of_x(cfg: NpzOptions) -> tuple[int, ...] | None:
    """Of the array with the inputs, from its header."""
    from kreg.foreign import npz  # starts NumPy

    path = Path(str(cfg.path)).expanduser()
    shapes: dict[str, tuple[int, ...] | None] = {**npz.shapes(path)}
    if path.is_dir():
        shapes = {file.stem: npz.shape(file) for file in path.glob("*.npy")}
    return next((shape for name, shape in shapes.items() if name.lower() in ("x", "x_train")), None)

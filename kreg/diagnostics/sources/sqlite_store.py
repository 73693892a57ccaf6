"""SQLite files of trackers: MLflow's store, and the projects of Trackio."""

from pathlib import Path

from kreg.diagnostics.record import Record
from kreg.diagnostics.sources import mlflow_store, trackio_store
from kreg.foreign.content import DamagedError
from kreg.foreign.sqlite_file import Tables, is_sqlite


def read(path: Path, wanted: str = "") -> Record:
    """The record of a run in a store.

    Args:
        path: The file, or a folder that has one.
        wanted: The name or id of a run. Defaults to the one that was told to last.

    Raises:
        ValueError: If it is nobody's store, or has no such run, or the folder has several.
    """
    stores = within(path) if path.is_dir() else [path]
    if len(stores) != 1:
        names = ", ".join(store.name for store in stores)
        raise ValueError(f"{path} has several projects: {names}. Name one of these files.")
    with Tables.of(stores[0]) as tables:
        if trackio_store.is_project(tables):
            return trackio_store.read(tables, wanted)
        return mlflow_store.read(tables, wanted)


def within(folder: Path) -> list[Path]:
    """The store of a folder: MLflow's, by its name; or those of Trackio's projects."""
    own = [path for name in mlflow_store.FILES if is_sqlite(path := folder / name)]
    return own[:1] or [path for path in sorted(folder.glob("*.db")) if is_project(path)]


def is_project(path: Path) -> bool:
    """Whether a file is a project of Trackio's."""
    if not is_sqlite(path):
        return False
    try:
        with Tables.of(path) as tables:
            return trackio_store.is_project(tables)
    except DamagedError:
        return False

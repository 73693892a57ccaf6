"""A model file that is replaced in one piece."""

from pathlib import Path

from kreg import check, files


def export_path(path) -> Path | None:
    """A path ending in `.keras`, or `None`."""
    if path is None:
        return None
    if Path(path).suffix != ".keras":
        raise check.invalid("export", "a path ending in .keras", str(path))
    return Path(path)


def export(model, path: Path) -> None:
    """Save the model beside `path`, then move it there: a failed write leaves the old one alone."""
    with files.replacing(path) as temporary:
        model.save(temporary)

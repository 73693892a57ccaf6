"""What the configuration folder offers: groups, and the options of each."""

from pathlib import Path

from kreg.config import conf_dir

HIDDEN = ("hydra", "local")  # Hydra's own settings, and the user's unversioned ones


def groups(folder: Path | None = None) -> dict[str, list[str]]:
    """Every group and its options, in the order of their names; `none` first.

    >>> "deep" in groups()["model"]
    True
    """
    folder = folder or conf_dir()
    found = {
        path.name: sorted((f.stem for f in path.glob("*.yaml")), key=lambda n: (n != "none", n))
        for path in sorted(folder.iterdir())
        if path.is_dir() and path.name not in HIDDEN
    }
    return {name: options for name, options in found.items() if options}

"""Where the data sets and the published numbers of the papers lie: the folder `KREG_DATA`."""

import os
from pathlib import Path


def data_folder(given: str | Path | None, *needed: str) -> Path:
    """The folder that is given, else that of the environment's `KREG_DATA`.

    Args:
        given: A folder, or `None`.
        needed: What must lie in it.

    Raises:
        ValueError: If something is missing.
    """
    found = given or os.environ.get("KREG_DATA")
    missing = [name for name in needed if not (found and (Path(found) / name).exists())]
    if missing or not found:
        raise ValueError(
            f"The experiment needs {', '.join(missing)}. Set KREG_DATA to the folder that holds "
            f"{'it' if len(missing) == 1 else 'them'}. Received: {found!r}."
        )
    return Path(found)

"""Whose directory is it? kreg touches what kreg has written, and nothing else."""

import re
from pathlib import Path

from kreg import files
from kreg.files import AnyPath
from kreg.foreign import content, json_text
from kreg.runs.schema import Configuration

CONFIG, RESULT = "config.json", "result.json"
HYDRA, LOCK, OUTPUT = ".hydra", "run.lock", "output.txt"
UNBEGUN = (HYDRA, LOCK, OUTPUT)  # what lies in the directory of a run that never began
# keys that every configuration of kreg has, in every version
KEYS = {"model", "reg", "dropout", "augment", "data", "optimizer", "stop", "trainer", "seed"}
TOP_KEY = re.compile(r"^(\w+):", flags=re.M)  # of the YAML that Hydra writes


class ForeignError(OSError):
    """A directory that is not kreg's, or from which a link leads out."""


def refuse_foreign(folder: AnyPath) -> None:
    """Leave a directory alone that is neither new, nor empty, nor a run of kreg's.

    Raises:
        ForeignError: With one sentence; nothing has been changed.
    """
    folder = Path(folder)
    if folder.is_dir() and not is_ours(folder):  # first: /etc need not be walked through
        raise ForeignError(
            f"{folder} is not empty and no run directory of kreg (it has no {CONFIG} of kreg's). "
            "Nothing in it was changed. Choose another directory."
        )
    refuse_links(folder)


def refuse_links(folder: AnyPath, skip: tuple[str, ...] = ()) -> None:
    """Leave a directory alone in which a link lies; the directory itself may be behind one.

    Raises:
        ForeignError: With the link.
    """
    link = files.link_below(folder, skip)
    if link is not None:
        raise ForeignError(
            f"{link} is a link, and kreg follows none below a directory of its own. Nothing was "
            "changed. Remove the link, or choose another directory."
        )


def is_ours(folder: Path) -> bool:
    """Whether a run may be written there: kreg's own, one that never began, or an empty folder."""
    names = {entry.name for entry in folder.iterdir() if not files.LEFTOVER.fullmatch(entry.name)}
    if CONFIG in names:
        return (json_text.read_object(folder / CONFIG, Configuration) or {}).keys() >= KEYS
    if HYDRA in names and not _is_our_hydra(folder / HYDRA):
        return False
    if names <= set(UNBEGUN):
        return HYDRA in names or OUTPUT not in names
    result = json_text.read_object(folder / RESULT) or {}
    if names <= {*UNBEGUN, RESULT} and result.get("status") == "failed":  # before it had begun
        return HYDRA in names
    # a procedure's of 0.1, which kept no configuration of its own
    return HYDRA in names and "procedure" in result


def _is_our_hydra(folder: Path) -> bool:
    """Whether Hydra wrote it for kreg, or had not yet written anything when it was killed."""
    try:
        text = content.text(folder / "config.yaml", content.MEBI, follow=False)
    except (OSError, ValueError):
        return files.is_folder(folder) and not any(folder.iterdir())
    return not text or set(TOP_KEY.findall(text)) >= KEYS

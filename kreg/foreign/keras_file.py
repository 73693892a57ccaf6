"""A `.keras` file before Keras opens it: what its parts claim is held against what is there."""

import os
import tempfile
import zipfile
from typing import Any

from kreg.files import AnyPath
from kreg.foreign import json_text, memory
from kreg.foreign.content import DamagedError, opened
from kreg.foreign.npz import UNREADABLE

WEIGHTS = ".h5"
LARGEST_JSON = json_text.MOST
SLACK = 2**20  # bytes: what HDF5 itself needs of a file


def check(path: AnyPath) -> None:
    """Refuse a `.keras` file whose parts claim more than they hold.

    Other kinds of files are Keras's own matter.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: With the reason.
    """
    if not str(path).endswith(".keras") or not os.path.isfile(path):
        return
    with open(opened(path), "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                _check_parts(archive)
        except DamagedError as error:
            raise DamagedError(f"{path}: {error}.") from error
        except UNREADABLE as error:
            raise DamagedError(
                f"{path} is no Keras file ({type(error).__name__}: {error})."
            ) from error


def add(path: AnyPath, name: str, text: str) -> None:
    """Put a further member into a `.keras` file; Keras passes over those that it does not know."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, text)


def member(path: AnyPath, name: str) -> Any:
    """The JSON value of a member; `None` where there is none, or no such archive.

    Raises:
        DamagedError: If it is no JSON.
    """
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        if name not in archive.namelist():
            return None
        return json_text.parse(archive.read(name), what=name)


def _check_parts(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    memory.refuse(sum(member.file_size for member in members), "it unpacks to")
    for member in members:
        if member.filename.endswith(".json"):
            if member.file_size > LARGEST_JSON:
                raise DamagedError(f"{member.filename} unpacks to {member.file_size:,} bytes")
            json_text.parse(archive.read(member), what=member.filename)
        elif member.filename.endswith(WEIGHTS):
            _check_weights(archive, member)


def _check_weights(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Shapes against bytes: HDF5 gives zeros for whatever a file does not hold."""
    import h5py  # a dependency of Keras

    with tempfile.TemporaryFile() as copy:
        with archive.open(member) as packed:
            while block := packed.read(2**20):
                copy.write(block)
        with h5py.File(copy, "r") as weights:
            claimed = sum(map(claimed_bytes, datasets(weights)))
    if claimed > member.file_size + SLACK:
        raise DamagedError(
            f"{member.filename} claims {claimed:,} bytes of weights and has {member.file_size:,}"
        )


def datasets(weights: Any) -> list[Any]:
    """Every dataset, none of which lies in another file."""
    import h5py

    links: dict[str, Any] = {}
    weights.visititems_links(links.__setitem__)  # what is raised inside breaks h5py's lock
    if any(isinstance(link, h5py.ExternalLink) for link in links.values()):
        raise DamagedError("its weights point into another file")
    items = [weights[name] for name, link in links.items() if isinstance(link, h5py.HardLink)]
    found = [item for item in items if isinstance(item, h5py.Dataset)]
    if any(item.external or item.is_virtual for item in found):
        raise DamagedError("its weights point into another file")
    return found


def claimed_bytes(dataset: Any) -> int:
    return int(dataset.size or 0) * int(dataset.dtype.itemsize)

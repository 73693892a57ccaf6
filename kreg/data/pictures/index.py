"""What is known of the files of a folder from earlier starts, so that none is opened twice.

A file counts as known while its size and its time of change are the same.
"""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kreg import archive
from kreg.archive import DamagedError
from kreg.data.pictures.folder import Listing

VERSION = 1
FACTS = np.dtype(
    [
        ("height", np.int64),  # of the upright picture; 0 where the header is not known
        ("width", np.int64),
        ("grey", np.int64),  # whether it holds no colour
        ("peak", np.int64),  # see `decoding.Header`
        ("sum", np.int64),  # CRC-32 of the bytes once the pixels were decoded, else -1
    ]
)
UNDECODED = -1  # in place of a sum
UNKNOWN = (0, 0, 0, 0, UNDECODED)


@dataclasses.dataclass
class Index:
    """Facts about each file of a listing.

    Args:
        facts: `(files,)` of `FACTS`.
        faults: `{row: sentence}` of files that cannot be used.
    """

    facts: NDArray[np.void]
    faults: dict[int, str] = dataclasses.field(default_factory=dict)

    @property
    def good(self) -> NDArray[np.int64]:
        """Rows without a fault."""
        return self._good(np.ones(len(self.facts), bool))

    @property
    def unopened(self) -> NDArray[np.int64]:
        """Rows whose header is not known."""
        return self._good(self.facts["height"] == 0)

    @property
    def undecoded(self) -> NDArray[np.int64]:
        """Rows whose pixels were never decoded."""
        return self._good(self.facts["sum"] < 0)

    def _good(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        mask = mask.copy()
        mask[list(self.faults)] = False
        return np.flatnonzero(mask)


def place(folder: Path, listing: Listing, max_pixels: int) -> Path:
    """The file of a listing's index; another limit or another decoder finds other faults."""
    from PIL import __version__ as decoder

    told = repr((VERSION, decoder, max_pixels, str(listing.root.resolve())))
    return folder / f"index-{hashlib.sha256(told.encode()).hexdigest()[:32]}.npz"


def read(path: Path, listing: Listing) -> Index:
    """What is remembered of a listing's files; nothing where the memory is missing or damaged."""
    index = Index(np.full(len(listing.names), np.array(UNKNOWN, FACTS)))
    try:
        state = archive.read(path)
        names, stamps, facts = _unpacked(state)
        faults = {str(name): str(told) for name, told in state["faults"].items()}
    except (OSError, DamagedError, KeyError, ValueError, TypeError, AttributeError):
        return index
    known = {name: row for row, name in enumerate(names)}
    then = np.array([known.get(name, -1) for name in listing.names], np.int64)
    same = then >= 0
    same[same] = (stamps[then[same]] == listing.stamps[same]).all(axis=1)
    index.facts[same] = facts[then[same]]
    index.faults = {
        row: faults[name] for row, name in enumerate(listing.names) if same[row] and name in faults
    }
    return index


def write(path: Path, listing: Listing, index: Index) -> None:
    """Remember the facts."""
    joined = "\0".join(listing.names).encode(errors="surrogateescape")
    columns = np.stack([index.facts[name] for name in FACTS.names or ()], axis=1)
    state = {
        "version": VERSION,
        "names": np.frombuffer(joined, np.uint8),
        "stamps": listing.stamps,
        "facts": columns,
        "faults": {listing.names[row]: told for row, told in index.faults.items()},
    }
    archive.save(path, state)


def _unpacked(state: archive.State) -> tuple[list[str], NDArray[np.int64], NDArray[np.void]]:
    names = state["names"].tobytes().decode(errors="surrogateescape").split("\0")
    stamps, columns = state["stamps"], state["facts"]
    wanted = (len(names), len(UNKNOWN))
    if state["version"] != VERSION or stamps.shape != (len(names), 2) or columns.shape != wanted:
        raise ValueError("an index of another version")
    facts = np.empty(len(names), FACTS)
    for number, name in enumerate(FACTS.names or ()):
        facts[name] = columns[:, number]
    return names, stamps.astype(np.int64), facts

"""Every picture of a folder is looked at before the first step, and decoded once if it is kept."""

import dataclasses
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kreg.data.image_files import ImageFiles, checksum
from kreg.data.pictures import decoding, index, kept, parallel
from kreg.data.pictures.decoding import Header, PictureError, Recipe
from kreg.data.pictures.folder import NAMED, Listing, shown
from kreg.data.pictures.kept import Kept, Put
from kreg.data.pictures.recipes import Wish, recipe_of

REFUSE, SKIP = ON_ERROR = ("refuse", "skip")


class Look(NamedTuple):
    """What decoding a file has found: its checksum, or what is wrong."""

    row: int
    sum: int
    fault: str | None


@dataclasses.dataclass
class Found:
    """Pictures that can be read.

    Args:
        files: The pictures.
        listing: Their files.
        sentences: What is to be said about them.
    """

    files: ImageFiles
    listing: Listing
    sentences: list[str]


class Check:
    """The look at all files of a listing.

    Args:
        listing: The files.
        max_pixels: Pictures of more are refused by their headers.
        on_error: `"refuse"` all pictures if one cannot be read, or `"skip"` it.
        folder: What is found out is remembered there, and pictures are kept there.
    """

    def __init__(
        self, listing: Listing, max_pixels: int, on_error: str, folder: Path | None = None
    ) -> None:
        self.listing, self.max_pixels, self.on_error = listing, max_pixels, on_error
        self.folder = folder or kept.default_folder()
        self.memory = index.place(self.folder, listing, max_pixels)
        self.known = index.read(self.memory, listing)
        self.sentences: list[str] = []

    def run(self, wish: Wish, cache: str, limit: int) -> Found:
        """Headers, then size and channels, then the pixels of what is not known or to be kept.

        Args:
            wish: What the user has said of sizes and channels.
            cache: One of `kept.CACHES`.
            limit: Bytes that may be kept at most.

        Raises:
            ValueError: If a file cannot be read and is not to be skipped: which ones, and why.
        """
        opened = len(self.known.undecoded)
        try:
            self._read_headers()
            self._settle()
            recipe, told = recipe_of(self.listing, self.known, wish)
            self.sentences += told
            pictures = self._pictures(recipe, cache, limit)
            self._decode(self.known.undecoded, recipe)
        finally:
            if opened:
                self._remember()
        return self._found(recipe, pictures)

    def _read_headers(self) -> None:
        rows = self.known.unopened
        for row, found in parallel.over(self._header, rows.tolist(), "looking at pictures"):
            if isinstance(found, str):
                self.known.faults[row] = found
            else:
                self.known.facts[row] = (*found, index.UNDECODED)

    def _header(self, row: int) -> tuple[int, Header | str]:
        try:
            return row, decoding.header(self.listing.path(row), self.max_pixels)
        except PictureError as error:
            return row, str(error)

    def _pictures(self, recipe: Recipe, cache: str, limit: int) -> Kept | None:
        """The decoded pictures, or `None` where they are only looked at."""
        rows = len(self.listing.names)
        size = rows * int(np.prod(recipe.shape))
        where, told = kept.place(cache, size, limit)
        self.sentences += [told] if told else []

        def fill(put: Put) -> None:
            self._decode(self.known.good, recipe, put)

        if where == kept.MEMORY:
            return kept.in_memory(rows, recipe, fill)
        try:
            if where == kept.DISK:
                return kept.on_disk(self.folder, self.listing, recipe, limit, fill)
        except OSError as error:
            self.sentences.append(f"decoded pictures are not kept: {error}. Training goes on; "
                                  "they are decoded anew in every epoch.")  # fmt: skip
        return None

    def _decode(self, rows: NDArray[np.int64], recipe: Recipe, put: Put | None = None) -> None:
        """Decode rows and hand their pixels on, in the threads that have decoded them.

        Raises:
            ValueError: At the end, if one could not be decoded and none is to be skipped.
        """

        def look(row: int) -> Look:
            try:
                content = self.listing.path(row).read_bytes()
                pixels = decoding.decode(content, recipe)
            except (OSError, PictureError) as error:
                return Look(row, index.UNDECODED, str(error))
            if put is not None:
                put(row, pixels)
            return Look(row, checksum(content), None)

        for row, code, fault in parallel.over(look, rows.tolist(), "decoding pictures"):
            if fault is not None:
                self.known.faults[row] = fault
            else:
                self.known.facts["sum"][row] = code
        self._settle()

    def _settle(self) -> None:
        """Refuse what cannot be read, unless it is to be skipped and something is left."""
        faults = self.known.faults
        if faults and (self.on_error == REFUSE or not len(self.known.good)):
            raise ValueError(
                f"{self._told()}. Repair or remove "
                + ("it" if len(faults) == 1 else "them")
                + (", or say data.on_error=skip." if len(self.known.good) else ".")
            )

    def _told(self) -> str:
        """How many files cannot be read, which ones, and why."""
        faults = sorted(self.known.faults.items())
        named = [f"{shown(self.listing.path(row))} {fault}" for row, fault in faults[:NAMED]]
        more = f"; and {len(faults) - NAMED} more" if len(faults) > NAMED else ""
        count = f"{len(faults)} of {len(self.listing.names)} pictures cannot be read: "
        return (count if len(faults) > 1 else "") + "; ".join(named) + more

    def _found(self, recipe: Recipe, pictures: Kept | None) -> Found:
        good = self.known.good
        files = ImageFiles(
            self.listing.root,
            [self.listing.names[row] for row in good],
            recipe,
            np.column_stack([self.listing.stamps[good], self.known.facts["sum"][good]]),
            pictures,
            good if pictures is not None else np.empty(0, np.int64),
        )
        skipped = [f"{self._told()}: left out."] if self.known.faults else []
        return Found(files, self.listing.take(good), skipped + self.sentences)

    def _remember(self) -> None:
        try:
            index.write(self.memory, self.listing, self.known)
        except OSError as error:
            self.sentences.append(f"all pictures will be checked again next time: {error}.")

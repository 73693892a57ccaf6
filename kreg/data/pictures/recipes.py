"""What a folder's pictures become, from what the user has said and from what their headers say."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from kreg.data.pictures import decoding, parallel, sizes
from kreg.data.pictures.decoding import DEEP_COLOUR, PictureError, Recipe
from kreg.data.pictures.folder import Listing, shown
from kreg.data.pictures.index import Index

AUTO = "auto"
MOSTLY = 0.9  # the share of grey pictures from which a few in colour are worth a sentence
FIRST = 64  # pictures, spread over all, that are looked through for colour before the others


@dataclasses.dataclass(frozen=True)
class Wish:
    """What the user has said; see `sources.image_folder`."""

    size: sizes.Size | str | None = None
    resize: str = sizes.STRETCH
    channels: int | str = AUTO


def recipe_of(listing: Listing, known: Index, wish: Wish) -> tuple[Recipe, list[str]]:
    """The recipe for all pictures without a fault, and what is to be said about it.

    A folder whose pictures all hold no colour is remembered as grey.

    Raises:
        ValueError: If no size is said and there are several.
    """
    facts = known.facts[known.good]
    size, told = _size(listing, known, wish)
    channels, more = _channels(listing, known, wish.channels)
    peak = int(facts["peak"].max())
    bits = decoding.bits_of(peak) if peak > 0 else decoding.DEEPEST
    told += more + _depths(facts, peak, bits)
    return Recipe(size, channels, wish.resize, bits), told


def _size(listing: Listing, known: Index, wish: Wish) -> tuple[sizes.Size, list[str]]:
    rows = known.good
    heights, widths = (known.facts[name][rows] for name in ("height", "width"))
    found, first = np.unique(np.column_stack([heights, widths]), axis=0, return_index=True)
    offer = sizes.offered(heights, widths)
    if wish.size == AUTO:
        same = len(found) == 1 and offer == tuple(found[0])
        count = "1 size" if len(found) == 1 else f"{len(found)} sizes"
        told = f"pictures of {count} become {offer[0]} x {offer[1]} ({wish.resize})."
        return offer, [] if same else [told]
    if isinstance(wish.size, tuple):
        return wish.size, []
    if len(found) == 1:
        return (int(found[0][0]), int(found[0][1])), []
    kinds = sorted(zip(first.tolist(), found.tolist()))[:2]
    one, other = (f"{shown(listing.path(rows[i]).name)} {tuple(size)}" for i, size in kinds)
    raise ValueError(
        f"{shown(listing.root)} holds images of {len(found)} sizes, such as {one} and "
        f"{other} (height, width). Say data.size=[height,width] to resize them, or "
        f"data.size=auto, which is {list(offer)} here."
    )


def _channels(listing: Listing, known: Index, wanted: int | str) -> tuple[int, list[str]]:
    if isinstance(wanted, int):
        return wanted, []
    rows = known.good
    coloured = rows[known.facts["grey"][rows] == 0]
    if _any_colour(listing, coloured):
        few = 0 < len(coloured) <= (1 - MOSTLY) * len(rows)
        told = f"{len(coloured)} of {len(rows)} pictures may have colour, so all are read in colour"
        return 3, [f"{told}. Say data.channels=1 to read them as grey."] if few else []
    known.facts["grey"][coloured] = 1
    return 1, []


def _any_colour(listing: Listing, rows: NDArray[np.int64]) -> bool:
    """Whether a picture has colour; of a folder in colour only a few are looked at."""

    def look(row: int) -> bool:
        try:
            return decoding.has_colour(listing.path(row))
        except PictureError:  # which is found, and told, when it is decoded
            return False

    spread = np.unique(np.arange(FIRST) * len(rows) // FIRST) if len(rows) else rows
    rest = np.setdiff1d(np.arange(len(rows)), spread)
    parts = (rows[spread], rows[rest])
    return any(any(parallel.over(look, part.tolist(), "looking for colour")) for part in parts)


def _depths(facts: NDArray[np.void], peak: int, bits: int) -> list[str]:
    told = []
    if peak > 0:
        told.append(
            f"{int((facts['peak'] > 0).sum())} grey pictures have more than 8 bits, with values up "
            f"to {peak}: 0 to {2**bits - 1} become 0 to 255."
        )
    deep = int((facts["peak"] == DEEP_COLOUR).sum())
    if deep:
        told.append(f"{deep} colour pictures have 16 bits: the upper 8 of them are read.")
    return told

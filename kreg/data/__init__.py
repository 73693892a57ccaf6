"""Data: sources, seeded splits, checks before the first step, and the epoch stream."""

from kreg.data import preprocessing
from kreg.data.assembly import assemble
from kreg.data.dataset import Data, Raw, Split
from kreg.data.preprocessing import Standard
from kreg.data.splits import Splitting, split_rows
from kreg.data.stream import epoch_stream, ordered, steps_per_epoch

__all__ = [
    "Data",
    "Raw",
    "Split",
    "Splitting",
    "Standard",
    "assemble",
    "epoch_stream",
    "ordered",
    "preprocessing",
    "split_rows",
    "steps_per_epoch",
]

"""Which model suits the data: what `model=auto` stands for.

A table is learned by TabM with its recipe, pictures of the user's own by convolutions. What comes
with kreg as pictures is learned by the dense network of the documentation.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from kreg.config import data_checks, data_kind
from kreg.config.custom import is_custom
from kreg.config.schema import schema_of
from kreg.config.validate import fill
from kreg.data.source_options import SourceOptions

TABLE, PICTURES = "recipe=tabm", "model=cnn"
TABM = "model=tabm"
MOST_COLUMNS = 200  # a step of TabM takes 16 ms of a processor at 20 columns, 36 at 100


class Suited(NamedTuple):
    """The word that stands for `model=auto`, empty for what stands there anyway; and why."""

    word: str
    reason: str


NOTHING = Suited("", "")


def for_data(values: Mapping[str, Any]) -> Suited:
    """Which model suits a `data` group.

    Raises:
        ValueError: If something is wrong with its keys, its file or its columns.

    >>> for_data({"kind": "wine"})
    Suited(word='recipe=tabm', reason='data=wine is a table')
    """
    kind = values.get("kind")
    if isinstance(kind, str) and is_custom(kind):
        return NOTHING
    data = fill(schema_of("data", kind), "data.", values)
    if not isinstance(data, SourceOptions):
        return NOTHING
    data_checks.check_data(data)
    return for_source(data)


def model_alone(found: Suited) -> Suited:
    """The same for a search, which chooses all but the model itself.

    >>> model_alone(Suited("recipe=tabm", "data=wine is a table")).word
    'model=tabm'
    """
    return found._replace(word=TABM) if found.word == TABLE else found


def for_source(data: SourceOptions) -> Suited:
    """The same for checked options: as far as it is seen without loading the rows."""
    name = f"data={data.kind}"
    if data_kind.is_table(data):
        columns = data_kind.width(data) or 0
        if columns <= MOST_COLUMNS:
            return Suited(TABLE, f"{name} is a table")
        return Suited("", f"{name} has {columns:,} columns, and beyond {MOST_COLUMNS} TabM is slow")
    return Suited(PICTURES, f"{name} are pictures") if data_kind.are_own_pictures(data) else NOTHING

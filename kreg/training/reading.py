"""Rows on the disk that turn out damaged in the middle of a training, as a sentence."""

import contextlib
import re
from collections.abc import Iterator

from kreg.foreign.content import DamagedError

# TensorFlow reads rows through a Python function, and carries what that raises as text in an
# error of its own
CARRIED = re.compile(rf"\b{DamagedError.__name__}: (?P<told>.+)\nTraceback ")


@contextlib.contextmanager
def damage_told() -> Iterator[None]:
    """What the rows have raised, in place of TensorFlow's account of it.

    Raises:
        DamagedError: The sentence of the rows.
    """
    try:
        yield
    except Exception as error:
        found = CARRIED.search(str(error))
        if isinstance(error, DamagedError) or found is None:
            raise
        raise DamagedError(found["told"]) from error

"""Hydra keeps one global state, and kreg may be a guest in a program that has set it up."""

import contextlib
from collections.abc import Iterator

from hydra.core.global_hydra import GlobalHydra


@contextlib.contextmanager
def our_hydra() -> Iterator[None]:
    """Hydra, also where a program has set it up for itself and finds it so afterwards."""
    theirs = GlobalHydra.instance().hydra
    GlobalHydra.instance().hydra = None
    try:
        yield
    finally:  # Hydra has put another instance in its place
        GlobalHydra.instance().hydra = theirs

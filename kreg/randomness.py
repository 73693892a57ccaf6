"""The global random numbers of a process: drawn from here, and put back."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def same_randomness() -> Iterator[None]:
    """Python's, NumPy's and PyTorch's global random numbers go on as if nobody had drawn any."""
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch and torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if torch:
            torch.set_rng_state(states[2])


def seed_globally(seed: int) -> None:
    """What draws from the global numbers of Python and NumPy, as Keras's initializers do, is fixed.

    Args:
        seed: Whole number >= 0.
    """
    random.seed(seed)
    np.random.seed(seed)

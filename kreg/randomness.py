"""The global random numbers of a process: drawn from here, and put back."""

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

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


def of_torch() -> list[np.ndarray]:
    """The state of PyTorch's global random numbers: of the processor, then of each GPU.

    Keras's own `Dropout` without a seed draws from them, and nothing else under PyTorch does.
    """
    import torch

    return [state.numpy() for state in (torch.get_rng_state(), *torch.cuda.get_rng_state_all())]


def give_torch(states: Sequence[Any]) -> None:
    """Go on with the random numbers of `of_torch`; GPUs that are not there any more have none."""
    import torch

    first, *others = (torch.from_numpy(np.array(state)) for state in states)
    torch.set_rng_state(first)
    if len(others) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(others)

"""Small batches for all tests of the room; one seed, one size, so that few shapes are compiled."""

import numpy as np
import pytest

RECORDS, SIZE = 32, 12


@pytest.fixture(scope="session")
def images():
    """uint8 (32, 12, 12, 3): a smooth colour gradient with noise, different for each record."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (RECORDS, 3, 3, 3)).repeat(4, axis=1).repeat(4, axis=2)
    noise = rng.normal(0, 8, (RECORDS, SIZE, SIZE, 3))
    return np.clip(coarse + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def index():
    return np.arange(RECORDS, dtype=np.int64) + 1000


@pytest.fixture(scope="session")
def labels():
    return np.arange(RECORDS, dtype=np.int64) % 10

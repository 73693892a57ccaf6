"""Small folders of pictures."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def write(tmp_path):
    """`write("cat/a.png", seed)` makes a picture below `tmp_path/set`."""

    def write(name, seed=0, mode="RGB", size=(6, 5), **options):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
        Image.fromarray(pixels).convert(mode).save(path, **options)
        return path

    return write


@pytest.fixture
def folder(write, tmp_path):
    """Two classes of six pictures each."""
    for label, name in enumerate(("cat", "dog")):
        for i in range(6):
            write(f"{name}/{i}.png", 10 * label + i)
    return tmp_path / "set"

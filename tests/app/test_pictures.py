"""A training on picture files, from the command to the result."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kreg.foreign.content import DamagedError
from kreg.launch.compose import compose_job
from kreg.training import app, start

ROOT = Path(__file__).parents[2]
WORDS = ["data=image_folder", "model=cnn", "model.width=2", "trainer.epochs=2", "augment=light",
         "trainer.batch_size=8", "trainer.verbose=quiet"]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Two classes of grey JPEGs of several sizes."""
    generator = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(16):
            noise = generator.integers(0, 256, (20 + i % 3, 24), np.uint8)
            Image.fromarray(noise).save(tmp_path / "set" / name / f"{i}.jpg")
    return tmp_path / "set"


def trained(folder, place, *words):
    config = compose_job([*WORDS, f"data.path={folder}", "data.size=auto", *words])
    app.run(config, place)
    return json.loads((place / "result.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("deterministic", "caches"), [(False, ("none", "disk", "memory")), (True, ("none", "disk"))]
)
def test_weights_are_equal_with_and_without_a_cache(folder, tmp_path, deterministic, caches):
    import keras

    found = []
    for cache in caches:
        place = tmp_path / f"{len(found)}"
        words = [f"data.cache={cache}", f"trainer.deterministic={deterministic}"]
        result = trained(folder, place, *words)
        model = keras.models.load_model(place / "best.keras", compile=False)
        found.append([np.array(weight) for weight in model.weights])
        assert result["pictures"]["per_second"] > 0
    for weights in found[1:]:
        assert all(np.array_equal(one, other) for one, other in zip(weights, found[0]))


def test_digits_of_a_grey_folder_are_not_mirrored(folder):
    from kreg.training import plan

    config = compose_job([*WORDS, f"data.path={folder}", "data.size=auto"])
    start.prepare(config.trainer, config.seed)
    training = plan.make(config)
    assert training.data.input_shape == (24, 24, 1)
    told = " ".join(map(repr, training.pipeline.stages))
    assert "Crop" in told and "Flip" not in told


@pytest.mark.slow
def test_a_broken_file_is_one_sentence(folder, tmp_path):
    broken = folder / "a" / "3.jpg"
    broken.write_bytes(broken.read_bytes()[:-200])
    ended = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *WORDS, "data.path=set", "data.size=auto"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert "a/3.jpg cannot be decoded" in ended.stderr and ended.stderr.count("\n") == 1


def test_a_file_that_changes_in_the_middle_of_a_training_is_one_sentence(
    folder, tmp_path, monkeypatch
):
    fit = app.fit

    def after_a_change(*arguments):
        for path in folder.glob("*/*.jpg"):
            path.write_bytes(path.read_bytes()[:-200])
        fit(*arguments)

    monkeypatch.setattr(app, "fit", after_a_change)
    with pytest.raises(DamagedError, match=r"^[ab]/\d+.jpg has changed: it cannot be decoded"):
        trained(folder, tmp_path / "run", "data.cache=none")

"""Every option file of `conf/augment` composes into a pipeline that runs on its data."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from kreg.augment import options
from kreg.factories import augment as build

CONF = Path(__file__).parents[3] / "conf" / "augment"
OPTIONS = sorted(path.stem for path in CONF.glob("*.yaml") if path.stem != "custom")


def data(shape, task="classification", outputs=10, dtype="uint8"):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (32, *shape)) if dtype == "uint8" else rng.normal(size=(32, *shape))
    return SimpleNamespace(
        input_shape=shape,
        outputs=outputs,
        task=task,
        is_image=len(shape) == 3,
        train=SimpleNamespace(x=x.astype(dtype), y=np.arange(32, dtype=np.int32) % outputs),
    )


def settings(option):
    values = yaml.safe_load((CONF / f"{option}.yaml").read_text())
    del values["defaults"]
    return options.KINDS[values["kind"]](**values)


def rows_for(option):
    if option in ("tabular", "mixup"):
        return data((6,), dtype="float32")
    return data((8, 8, 1))


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_runs_on_its_data(option):
    rows = rows_for(option)
    pipeline = build.pipeline(settings(option), rows, seed=0)
    if option == "none":
        assert pipeline is None
        return
    x, y = pipeline(rows.train.x, rows.train.y, index=np.arange(32), epoch=0)
    assert x.shape == rows.train.x.shape and x.dtype == rows.train.x.dtype
    assert (x.numpy() != rows.train.x).any()
    if pipeline.changes_targets:
        np.testing.assert_allclose(y.numpy().sum(1), 1, rtol=1e-6)
    else:
        np.testing.assert_array_equal(y, rows.train.y)


@pytest.mark.parametrize("option", ["light", "flip_rotate_crop", "standard", "heavy"])
def test_gray_images_are_never_mirrored_unless_asked(option):
    """A mirrored digit is another digit, or none."""
    names = [s.name for s in build.pipeline(settings(option), data((8, 8, 1)), 0).stages]
    colour = [s.name for s in build.pipeline(settings(option), data((8, 8, 3)), 0).stages]
    assert "RandomFlip" not in names and "RandomFlip" in colour
    assert "RandomCrop" in names


def test_small_images_shift_by_one_pixel():
    (crop,) = build.pipeline(settings("light"), data((8, 8, 1)), 0).stages
    assert crop.padding == 1


def test_binary_targets_are_mixed_as_probabilities():
    rows = data((6,), "binary", outputs=1, dtype="float32")
    rows.train.y = np.arange(32, dtype=np.int32) % 2
    pipeline = build.pipeline(options.MixUpOptions(alpha=1.0), rows, seed=0)
    _, y = pipeline(rows.train.x, rows.train.y, index=np.arange(32), epoch=0)
    assert y.shape == (32,) and 0 <= y.numpy().min() < y.numpy().max() <= 1


def test_a_schedule_from_a_file_reaches_the_stage():
    ramp = {"kind": "linear", "unit": "epoch", "start": 0.0, "end": 90.0, "duration": 2}
    rows = data((8, 8, 1))
    pipeline = build.pipeline(options.ImagesOptions(crop=0.0, rotate=ramp), rows, seed=0)
    still = pipeline(rows.train.x, index=np.arange(32), epoch=0)
    np.testing.assert_array_equal(still, rows.train.x)
    assert (pipeline(rows.train.x, index=np.arange(32), epoch=2).numpy() != rows.train.x).any()


def test_both_mixings_make_a_choice_for_each_record():
    pipeline = build.pipeline(options.ImagesOptions(mixup=0.2, cutmix=1.0), data((8, 8, 3)), 0)
    assert [s.name for s in pipeline.stages[-1].stages] == ["MixUp", "CutMix"]

"""From configuration to model: every kind builds, and what needs images says so beforehand."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from kreg import models
from kreg.build import model as build
from kreg.config import model as config
from kreg.config.fields import check_field

TINY = {"width": 4, "trees": 3, "depth": 1, "heads": 2}


def info(shape, dtype="float32"):
    rows = SimpleNamespace(x=np.zeros((2, *shape), dtype))
    return SimpleNamespace(
        input_shape=shape, outputs=3, task="classification", is_image=len(shape) == 3, train=rows
    )


def tiny(kind):
    schema = config.KINDS[kind]
    names = {field.name for field in dataclasses.fields(schema)}
    return schema(**{name: value for name, value in TINY.items() if name in names})


@pytest.mark.parametrize("kind", config.KINDS)
def test_every_kind_builds_with_its_own_dials(kind):
    shape = (8, 8, 1) if kind in config.NEEDS_IMAGES else (5,)
    model = build.model(tiny(kind), info(shape), noise=0.1)
    assert (model.name, model.output_shape) == (kind, (None, 3))


@pytest.mark.parametrize(
    ("kinds", "shape"), [(config.NEEDS_IMAGES, (5,)), (config.NEEDS_TABLE, (8, 8, 1))]
)
def test_the_table_of_needs_is_what_the_builders_refuse(kinds, shape):
    for kind in config.KINDS:
        if kind in kinds:
            with pytest.raises(ValueError, match="input_shape"):
                build.model(tiny(kind), info(shape))
        else:
            build.model(tiny(kind), info(shape))


def test_byte_images_are_rescaled_and_floats_are_not():
    layers = [
        [layer.name for layer in build.model(tiny("deep"), info((8, 8, 1), dtype)).layers]
        for dtype in ("uint8", "float32")
    ]
    assert "rescale" in layers[0]
    assert "rescale" not in layers[1]


def test_every_default_lies_in_its_own_range_and_is_the_builders():
    import inspect

    for kind, schema in config.KINDS.items():
        signature = inspect.signature(getattr(models, kind)).parameters
        for field in dataclasses.fields(schema):
            default = getattr(schema(), field.name)
            check_field(f"model.{field.name}", default, field.metadata["rule"])
            if field.name in signature:
                assert signature[field.name].default == default

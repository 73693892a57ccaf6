"""From configuration to model: every kind builds, and what needs images says so beforehand.

What others have built, `model=backbone`, has `test_backbone.py`.
"""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from kreg import models
from kreg.data import Split
from kreg.data.preprocessing import Columns
from kreg.factories import model as build
from kreg.fields import check_field
from kreg.models import options

BUILT_HERE = {kind: schema for kind, schema in options.KINDS.items() if kind != "backbone"}
TINY = {"width": 4, "trees": 3, "depth": 1, "heads": 2, "members": 2, "embedding": 1, "bins": 2}


def info(shape, dtype="float32"):
    x = np.random.default_rng(0).normal(size=(64, *shape))  # enough for every bin of a number
    rows = Split(x.astype(dtype), np.zeros(len(x), "int32"))
    return SimpleNamespace(
        input_shape=shape, outputs=3, task="classification", is_image=len(shape) == 3, train=rows,
        preprocessing=None,
    )  # fmt: skip


def tiny(kind):
    schema = options.KINDS[kind]
    names = {field.name for field in dataclasses.fields(schema)}
    return schema(**{name: value for name, value in TINY.items() if name in names})


@pytest.mark.parametrize("kind", BUILT_HERE)
def test_every_kind_builds_with_its_own_dials(kind):
    shape = (8, 8, 1) if options.KINDS[kind].images else (5,)
    model = build.model(tiny(kind), info(shape), noise=0.1)
    assert (model.name, model.output_shape) == (kind, (None, 3))


@pytest.mark.parametrize(
    ("cfg", "layer"),
    [
        (options.RealmlpOptions(form="full", depth=1, width=4), "category_activation_1"),
        (options.TabmOptions(levels="embedded", depth=1, width=4), "category_1"),
    ],
)
def test_a_category_of_many_levels_becomes_learned_numbers_where_that_is_wished(cfg, layer):
    """A number, its gap, a category of three levels, one of eleven and the rest."""
    columns = Columns(
        [{"name": "age", "indicator": True}],
        [
            {"name": "job", "levels": ["a", "b", "c"], "other": False},
            {"name": "town", "levels": [str(i) for i in range(11)], "other": True},
        ],
    )
    known = info((17,))
    known.preprocessing = columns
    assert build.categories(known) == [[2, 3, 4], list(range(5, 17))]
    model = build.model(cfg, known)
    assert model.get_layer(layer).kernel.shape == (12, 8)
    plain = build.model(type(cfg)(depth=1, width=4), known)
    assert layer not in [one.name for one in plain.layers]
    before = build.fitted_key(cfg, known)
    columns.categorical.pop(0)
    assert build.fitted_key(cfg, known) != before


SCALED = [kind for kind, schema in BUILT_HERE.items() if hasattr(schema(), "scale")]


@pytest.mark.parametrize("kind", SCALED)
def test_scale_makes_every_configured_model_smaller_and_larger(kind):
    shape = (8, 8, 1) if options.KINDS[kind].images else (5,)
    small = dataclasses.replace(tiny(kind), **{"trees" if kind == "forest" else "width": 16})
    sizes = [
        build.model(dataclasses.replace(small, scale=scale), info(shape)).count_params()
        for scale in (0.25, 1.0, 4.0)
    ]
    assert sizes[1] > 2 * sizes[0]
    assert sizes[2] > 2 * sizes[1]


def test_only_the_linear_model_has_no_scale():
    assert set(BUILT_HERE) - set(SCALED) == {"linear"}


def test_configured_models_span_one_hundred_to_ten_million_parameters():
    """On the digits' 64 pixels: from one hidden unit to a wide network."""
    smallest = options.ShallowOptions(width=4, scale=0.25)
    largest = options.WideOptions(scale=4)
    sizes = [build.model(cfg, info((64,))).count_params() for cfg in (smallest, largest)]
    assert sizes[0] <= 100
    assert sizes[1] >= 1e7


@pytest.mark.parametrize(("needs_images", "shape"), [(True, (5,)), (False, (8, 8, 1))])
def test_the_table_of_needs_is_what_the_builders_refuse(needs_images, shape):
    for kind, schema in BUILT_HERE.items():
        if schema.images is needs_images:
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

    for kind, schema in BUILT_HERE.items():
        signature = inspect.signature(getattr(models, kind)).parameters
        for field in dataclasses.fields(schema):
            default = getattr(schema(), field.name)
            check_field(f"model.{field.name}", default, field.metadata["rule"])
            if field.name in signature:
                assert signature[field.name].default == default


@pytest.mark.parametrize("kind", BUILT_HERE)
@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_the_number_of_parameters_is_known_about_before_anything_is_built(kind, scale):
    """Within a factor of two where it matters, in large models; the estimate has no biases."""
    schema = options.KINDS[kind]
    shape = (8, 8, 3) if schema.images else (50,)
    names = {field.name for field in dataclasses.fields(schema)}
    large = {"width": 48, "trees": 20, "depth": 3, "heads": 2, "scale": scale}
    cfg = schema(**{name: value for name, value in large.items() if name in names})
    told = cfg.parameters(int(np.prod(shape)), shape[-1] if schema.images else 1, 3)
    assert 0.5 < told / build.model(cfg, info(shape)).count_params() < 2


def test_a_network_that_does_not_fit_is_refused_with_its_size():
    rows = info((64,))
    rows.name = "digits"
    with pytest.raises(ValueError, match=r"about 68,737,040,384 parameters.* takes about 1\.0 TiB"):
        build.model(options.WideOptions(width=65536, scale=4), rows)


def test_a_model_that_takes_constants_from_its_rows_shares_no_step_with_other_rows():
    keys = [build.fitted_key(tiny("tabm"), info((5,))) for _ in range(2)]
    other = info((5,))
    other.train.x = other.train.x + 1
    assert keys[0] == keys[1] != build.fitted_key(tiny("tabm"), other)
    assert build.fitted_key(tiny("deep"), other) == build.fitted_key(tiny("deep"), info((5,)))

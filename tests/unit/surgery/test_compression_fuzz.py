"""compress on random graphs: same outputs, idempotent, saved and loaded, the input untouched.

A failing case names its seed: `random_model(seed)` builds the same graph again. All 520 graphs:

    python -m pytest -m slow tests/unit/surgery/test_compression_fuzz.py

Models run eagerly on 8 examples; a compiled step for each would cost far more than the graphs.
"""

import keras
import numpy as np
import pytest

from kreg.surgery import compress
from kreg.surgery.verify import outputs, random_inputs
from tests.unit.surgery.random_models import random_model

FAST, ALL, CHUNK = 20, 520, 50


def state(model):
    return [v.numpy() for v in model.variables]


def check(seed, path):
    model = random_model(seed)
    config, before = model.to_json(), state(model)
    smaller, report = compress(model, latency=False)
    assert report.difference <= 1e-5
    assert smaller.count_params() == report.after.parameters <= model.count_params()
    assert [layer.name for layer in smaller.layers] == [layer.name for layer in model.layers]
    barriers_kept(model, smaller, report)

    assert model.to_json() == config
    assert all(map(np.array_equal, before, state(model)))

    again, second = compress(smaller, latency=False)
    assert again.count_params() == smaller.count_params(), f"seed {seed} is not idempotent"
    assert second.difference <= 1e-5
    same_from_disk(smaller, path / "smaller.keras")
    return report.ratio


def barriers_kept(model, smaller, report):
    """What could not be analysed is as it was, to the last bit."""
    for name in report.barriers:
        old, new = (getattr(find(m, name), "weights", ()) for m in (model, smaller))
        assert len(old) == len(new)
        assert all(np.array_equal(a, b) for a, b in zip(old, new, strict=True)), name


def find(model, name):
    """The layer or operation of that name, in nested models too."""
    for operation in model.operations:
        if operation.name == name:
            return operation
    nested = (find(m, name) for m in model.layers if isinstance(m, keras.Model))
    return next((found for found in nested if found is not None), None)


def same_from_disk(model, file):
    model.save(file)
    loaded, inputs = keras.models.load_model(file), random_inputs(model)
    for a, b in zip(outputs(loaded, inputs), outputs(model, inputs), strict=True):
        assert np.array_equal(a, b), "it changes on disk"


def check_range(first, last, path):
    keras.utils.clear_session()  # once a range: it collects garbage, which takes a quarter second
    failures, ratios = {}, []
    for seed in range(first, last):
        try:
            ratios.append(check(seed, path))
        except (AssertionError, ValueError) as error:
            failures[seed] = str(error)
    first_ones = dict(list(failures.items())[:3])
    assert not failures, f"seeds that fail: {list(failures)}; {first_ones}"
    return ratios


def test_random_graphs(tmp_path):
    ratios = check_range(0, FAST, tmp_path)
    assert np.mean(np.array(ratios) < 1) > 0.6, "the graphs are too easy: nothing to remove"


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FAST, ALL, CHUNK))
def test_many_random_graphs(first, tmp_path):
    check_range(first, first + CHUNK, tmp_path)

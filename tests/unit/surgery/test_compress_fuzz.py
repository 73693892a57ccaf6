"""compress on random graphs: same outputs, idempotent, saved and loaded, the input untouched.

A failing case names its seed: `random_model(seed)` builds the same graph again.
"""

import keras
import numpy as np
import pytest

from kreg.surgery import compress
from kreg.surgery.verify import random_inputs
from tests.unit.surgery.random_models import random_model

FAST, ALL = 20, 520


def state(model):
    return [v.numpy() for v in model.variables]


def check(seed, path):
    model = random_model(seed)
    config, before = model.to_json(), state(model)
    smaller, report = compress(model, latency=False)
    assert report.difference <= 1e-5
    assert smaller.count_params() == report.after.parameters <= model.count_params()
    assert [layer.name for layer in smaller.layers] == [layer.name for layer in model.layers]

    assert model.to_json() == config
    assert all(map(np.array_equal, before, state(model)))

    again, second = compress(smaller, latency=False)
    assert again.count_params() == smaller.count_params(), f"seed {seed} is not idempotent"
    assert second.difference <= 1e-5

    if "Lambda" not in config and seed % 5 == 0:
        smaller.save(path / "smaller.keras")
        loaded = keras.models.load_model(path / "smaller.keras")
        inputs = random_inputs(smaller)
        for a, b in zip(keras.tree.flatten(loaded(inputs)), keras.tree.flatten(smaller(inputs))):
            assert np.array_equal(a, b), f"seed {seed} changes on disk"
    return report.ratio


def check_range(first, last, path):
    failures, ratios = {}, []
    for seed in range(first, last):
        keras.utils.clear_session()
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
def test_many_random_graphs(tmp_path):
    check_range(FAST, ALL, tmp_path)

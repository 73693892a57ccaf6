"""Every sharp penalty has a closed form where the features are orthonormal: its proximal map.

There `mean (X w - y)^2 = ||w - v||^2 + c` with `v = X'y / n`, so that the best weights are
`prox_{R / 2}(v)`. Dense and deterministic: any optimizer has to end there.
"""

import numpy as np
import pytest
from scipy.optimize import nnls

import kreg
from tests.unit.optimizers.problems import batch, coefficients, cosine, fit, linear_model, solve

PENALTIES = [
    kreg.MCP(0.5, 2.0),
    kreg.SCAD(0.4, 3.7),
    kreg.GroupMCP(0.4, 3.0, axis=-2),
    kreg.GroupSCAD(0.4, 3.7, axis=-2),
    kreg.L0(0.2, gamma=0.5),
    kreg.NuclearNorm(0.4, every=3),
    kreg.NonNegative(),
    kreg.Box(-0.3, 0.2),
    kreg.MaxNorm(0.7),
    kreg.UnitNorm(),
    kreg.GroupLasso(0.4, axis=-2),
    kreg.Constrained(kreg.L1(0.2), [kreg.NonNegative(), kreg.MaxNorm(0.7)]),
]
OPTIMIZERS = {
    "sgd": lambda: kreg.optimizers.SGD(cosine(0.2, 400)),
    "momentum": lambda: kreg.optimizers.SGD(cosine(0.05, 400), momentum=0.9),
    "adam": lambda: kreg.optimizers.Adam(cosine(0.05, 400)),
    "rmsprop": lambda: kreg.optimizers.RMSprop(cosine(0.05, 400)),
}


FAST = {"adam"}
CELLS = [
    pytest.param(
        penalty, name, marks=() if name in FAST else pytest.mark.slow, id=f"{penalty!r}-{name}"
    )
    for penalty in PENALTIES
    for name in OPTIMIZERS
]


@pytest.mark.parametrize(("penalty", "name"), CELLS)
def test_the_end_is_the_proximal_map(penalty, name):
    x, y = batch()
    model = linear_model(8, type(penalty).from_config(penalty.get_config()))
    model.compile(OPTIMIZERS[name](), "mse", steps_per_execution=100)
    fit(model, steps=400)
    w, _ = coefficients(model)
    target = (x.T @ y / len(x)).astype("float64")
    expected = np.asarray(penalty.prox(target, 0.5)).ravel()
    np.testing.assert_array_equal(w == 0, expected == 0)
    np.testing.assert_allclose(w, expected, atol=2e-4)


def test_non_negative_least_squares_on_correlated_features():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(64, 8)) @ rng.normal(size=(8, 8))
    y = x @ rng.normal(size=8)
    x, y = (x - x.mean(0)) / x.std(0), y - y.mean()
    expected, _ = nnls(x, y)
    optimizer = kreg.optimizers.SGD(cosine(0.05, 3000), momentum=0.9)
    w, _ = coefficients(solve(optimizer, kreg.NonNegative(), x, y, steps=3000))
    np.testing.assert_array_equal(w == 0, expected == 0)
    np.testing.assert_allclose(w, expected, atol=1e-3)

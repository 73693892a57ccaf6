"""Caps and cones: never left after a step, whatever the optimizer, momentum and mini-batches."""

import keras
import numpy as np
import pytest

import kreg

OPTIMIZERS = {
    "momentum": lambda: kreg.optimizers.SGD(0.3, momentum=0.9),
    "nesterov": lambda: kreg.optimizers.SGD(0.3, momentum=0.9, nesterov=True),
    "adam": lambda: kreg.optimizers.Adam(0.1),
    "rmsprop": lambda: kreg.optimizers.RMSprop(0.1),
    "ema": lambda: kreg.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.9),
}
SETS = {
    "maxnorm": (kreg.MaxNorm(0.5), lambda w: np.linalg.norm(w, axis=0) <= 0.5),
    "rows": (kreg.MaxNorm(0.5, axis=-2), lambda w: np.linalg.norm(w, axis=1) <= 0.5),
    "unit": (kreg.UnitNorm(), lambda w: np.abs(np.linalg.norm(w, axis=0) - 1) < 1e-6),
    "nonneg": (kreg.NonNegative(), lambda w: w >= 0),
    "box": (kreg.Box(-0.1, 0.2), lambda w: (w >= np.float32(-0.1)) & (w <= np.float32(0.2))),
}


def network(penalty, optimizer):
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(7, activation="relu", kernel_regularizer=penalty, name="hidden")
    model = keras.Sequential([keras.Input((6,)), hidden, keras.layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_step_leaves_the_set(name, optimizer):
    penalty, holds = SETS[name]
    model = network(type(penalty).from_config(penalty.get_config()), OPTIMIZERS[optimizer]())
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 6)), 5 * rng.normal(size=(60, 1))

    def kernel():
        # in float64: a norm of float32 numbers has rounding errors of its own
        return np.asarray(model.get_layer("hidden").kernel, "float64")

    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(bool(np.all(holds(kernel()))))
    )
    model.fit(x, y, batch_size=20, epochs=5, verbose=0, callbacks=[watch])
    assert len(seen) == 15 and all(seen)
    assert np.all(holds(kernel()))  # the moving average of the weights, too


def test_under_a_stock_optimizer_they_are_refused_in_a_sentence():
    model = network(kreg.MaxNorm(), keras.optimizers.Adam())
    with pytest.raises(ValueError, match=r"`kreg\.MaxNorm` needs an optimizer that takes the step"):
        model.fit(np.zeros((4, 6)), np.zeros((4, 1)), verbose=0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: kreg.MaxNorm(0.0), "`max_value`.*in \\(0, inf\\)"),
        (lambda: kreg.Box(), "`low, high`"),
        (lambda: kreg.Box(2.0, 1.0), "`low, high`"),
        (lambda: kreg.MCP(0.1, gamma=1.0), "`gamma`.*in \\(1, inf\\)"),
        (lambda: kreg.SCAD(0.1, gamma=2.0), "`gamma`.*in \\(2, inf\\)"),
        (lambda: kreg.MCP(0.1, gamma=3.0).prox([1.0], 3.0), "`step`.*below 3"),
        (lambda: kreg.SCAD(0.1, gamma=3.0).prox([1.0], 2.0), "`step`.*below 2"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_saved_model_goes_on_at_its_cap(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 6)), 5 * rng.normal(size=(60, 1))
    model = network(kreg.MaxNorm(0.5), kreg.optimizers.SGD(0.05, momentum=0.9))
    model.fit(x, y, shuffle=False, verbose=0, epochs=3)
    model.save(tmp_path / "model.keras")
    again = kreg.load_model(tmp_path / "model.keras")
    for one in (model, again):
        one.fit(x, y, shuffle=False, verbose=0, epochs=3)
    for mine, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)

"""Penalties on activities: values, every precision, accumulation, files, ledger, surgery."""

import json

import keras
import numpy as np
import pytest
from keras import ops

import kreg
from kreg.layers import ActivityPenalty, ActivityRegularization

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 6)).astype("float32")
Y = np.stack([X[:, 0] * X[:, 1], X[:, 2]], axis=1)


def network(penalty=None, optimizer=None, activation="relu", rule=None, **options):
    """A hidden layer, the penalty on its activities, an output."""
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(16, activation, name="hidden", activity_regularizer=rule)
    between = [] if penalty is None else [penalty]
    model = keras.Sequential([keras.Input((6,)), hidden, *between, keras.layers.Dense(2)])
    model.compile(optimizer or kreg.optimizers.Adam(0.01), "mse", **options)
    return model


def activities(model):
    return np.asarray(model.layers[0](X))


def test_values_by_hand():
    a = RNG.uniform(0.1, 0.9, size=(5, 3)).astype("float32")
    layer = ActivityRegularization(l1=0.2, l2=0.3, kl=0.4, target=0.1)
    np.testing.assert_array_equal(layer(a), a)
    mean = a.mean(axis=0)
    kl = 0.1 * np.log(0.1 / mean) + 0.9 * np.log(0.9 / (1 - mean))
    expected = (0.2 * np.abs(a).sum() + 0.3 * np.square(a).sum()) / 5 + 0.4 * kl.sum()
    assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-4)


def test_the_divergence_is_zero_at_its_target_and_finite_at_the_ends():
    penalty = ActivityPenalty(kl=1.0, target=0.25)
    assert float(penalty(np.full((4, 2), 0.25, "float32"))) == pytest.approx(0.0, abs=1e-5)
    for end in (0.0, 1.0):
        a = keras.Variable(np.full((4, 2), end))
        assert 0 < float(penalty(a)) < 1000


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_counted_in_float32(dtype):
    value = ActivityPenalty(l2=1.0)(ops.full((300, 300), 2.0, dtype=dtype))
    assert keras.backend.standardize_dtype(value.dtype) == "float32" and float(value) == 360000.0


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_it_trains_in_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = network(ActivityRegularization(l1=0.01, kl=0.01), activation="sigmoid")
        rule = network(rule=kreg.L1(0.01))
        losses = [one.fit(X, Y, epochs=2, verbose=0).history["loss"] for one in (model, rule)]
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(losses).all()


def test_activities_become_sparse():
    count = {"epochs": 25, "batch_size": 16, "verbose": 0}
    shares = []
    for penalty in (None, ActivityRegularization(l1=0.05)):
        model = network(penalty)
        model.fit(X, Y, **count)
        shares.append(np.mean(activities(model) == 0))
    assert shares[1] > shares[0] + 0.1


def test_under_accumulation_the_loss_falls_with_the_penalty_in_it():
    optimizer = kreg.optimizers.Adam(0.01, gradient_accumulation_steps=2)
    model = network(ActivityRegularization(l1=0.05), optimizer)
    losses = model.fit(X, Y, epochs=10, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_a_file_keeps_it_for_stock_keras(tmp_path):
    layer = ActivityRegularization(l1=0.1, l2=0.2, kl=0.3, target=0.2, name="sparse")
    model = network(layer)
    config = json.loads(json.dumps(layer.get_config()))
    assert ActivityRegularization.from_config(config).get_config() == layer.get_config()
    model.train_on_batch(X, Y)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    assert float(sum(loaded.losses)) == float(sum(model.losses)) > 0
    same = [one.train_on_batch(X, Y) for one in (model, loaded)]
    assert same[0] == same[1]


def test_strip_and_compress_take_it_away():
    model = network(ActivityRegularization(l1=0.1), rule=ActivityPenalty(l1=0.1))
    dead = model.layers[0].kernel.numpy()
    dead[:, :4] = 0
    model.layers[0].kernel.assign(dead)
    stripped = kreg.strip(model)
    assert type(stripped.layers[1]) is keras.layers.Identity and not stripped.losses
    np.testing.assert_array_equal(stripped(X), model(X))
    smaller, report = kreg.compress(model, latency=False)
    assert smaller.layers[0].units == 12 and report.difference < 1e-6
    assert not smaller.losses


def test_the_ledger_has_it_and_the_clean_loss_has_not():
    model = network(ActivityRegularization(l1=0.5), kreg.optimizers.SGD(0.0))
    diagnostics = kreg.Diagnostics(train=(X, Y), validation=(X, Y))
    history = model.fit(
        X, Y, validation_data=(X, Y), batch_size=64, verbose=0, callbacks=[diagnostics]
    )
    logs = {name: values[-1] for name, values in history.history.items()}
    clean = float(np.mean((np.asarray(model(X)) - Y) ** 2))
    penalty = 0.5 * np.abs(activities(model)).sum() / len(X)
    assert logs["clean_loss"] == pytest.approx(clean, rel=1e-4)
    assert logs["val_clean_loss"] == pytest.approx(clean, rel=1e-4)
    assert logs["penalty"] == pytest.approx(penalty, rel=1e-4)
    for name in ("loss", "val_loss"):
        assert logs[name] == pytest.approx(clean + penalty, rel=1e-4)


def test_a_penalty_of_kreg_on_activities_trains_as_keras_s_does():
    """No optimizer takes its step, so that its gradient has to stay in the loss."""
    trained = []
    for rule, optimizer in (
        (kreg.L1(0.05), kreg.optimizers.Adam(0.01)),
        (keras.regularizers.L1(0.05), keras.optimizers.Adam(0.01)),
    ):
        model = network(rule=rule, optimizer=optimizer)
        model.fit(X, Y, epochs=3, batch_size=16, shuffle=False, verbose=0)
        trained.append(model.layers[0].kernel.numpy())
    np.testing.assert_allclose(trained[0], trained[1], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"l1": -1}, "`l1`"),
        ({"l2": float("nan")}, "`l2`"),
        ({"kl": "much"}, "`kl`"),
        ({"kl": 1.0, "target": 0.0}, "`target`.*in \\(0, 1\\)"),
    ],
)
def test_bad_numbers_are_refused_in_a_sentence(arguments, told):
    with pytest.raises(ValueError, match=told):
        ActivityRegularization(**arguments)


WEIGHTS_ALONE = [
    kreg.L2SP(0.1),
    kreg.AdaptiveL1(0.1),
    kreg.L0(0.1),
    kreg.NuclearNorm(0.1),
    kreg.MaxNorm(),
    kreg.UnitNorm(),
    kreg.NonNegative(),
    kreg.Box(-1, 1),
    kreg.Constrained(kreg.L1(0.1), [kreg.NonNegative()]),
]


@pytest.mark.parametrize("rule", WEIGHTS_ALONE, ids=lambda rule: type(rule).__name__)
def test_a_penalty_of_weights_alone_is_refused_at_the_first_activities(rule):
    name = type(rule).__name__
    said = rf"`activity_regularizer`.*the layer 'hidden'.*kreg\.{name} is not.*kernel_regularizer"
    layer = keras.layers.Dense(3, name="hidden", activity_regularizer=rule)
    with pytest.raises(ValueError, match=said):
        layer(X)
    as_it_should = keras.layers.Dense(3, kernel_regularizer=rule)
    as_it_should(X)  # the same object, of weights: nothing is refused
    assert len(as_it_should.losses) == 1


@pytest.mark.parametrize("optimizer", [kreg.optimizers.Adam, keras.optimizers.Adam])
def test_it_is_refused_before_the_first_step(optimizer):
    model = network(rule=kreg.L2SP(0.1), optimizer=optimizer(0.01))
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"the layer 'hidden'.*kreg\.L2SP is not"):
        model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


@pytest.mark.parametrize("rule", [kreg.L1(0.1), kreg.L2(0.1), kreg.GroupLasso(0.1, axis=-1)])
def test_other_penalties_are_a_mean_over_the_examples(rule):
    layer = keras.layers.Dense(3, activity_regularizer=rule)
    expected = float(rule.value(layer(X))) / len(X)
    assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-5)

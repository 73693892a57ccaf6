"""compress_and_refit and size_path: zeros stay, plain Keras comes back, the knee is the knee."""

import json

import keras
import numpy as np
import pytest
from keras import layers

import kreg
import kreg.optimizers
from kreg.surgery import compress_and_refit, size_path, sparsity
from kreg.surgery.compression_path import restart
from kreg.surgery.refit import compile_like, keeping_zeros
from kreg.surgery.size_curve import knee_of


def data(rows=256):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 6)).astype("float32")
    return x, (x[:, :1] - 2 * x[:, 1:2]).astype("float32")


def trained(regularizer=None, rate=0.01):
    keras.utils.set_random_seed(3)
    dense = layers.Dense(16, "relu", kernel_regularizer=regularizer, name="hidden")
    model = keras.Sequential([keras.Input((6,), name="x"), dense, layers.Dense(1, name="head")])
    model.compile(kreg.optimizers.Adam(rate), "mse", metrics=["mae"])
    return model


def test_zeros_are_held_during_training_and_free_afterwards():
    x, y = data()
    model = trained()
    kernel = model.layers[0].get_weights()[0]
    kernel[:, ::2] = 0
    model.layers[0].set_weights([kernel, np.ones(16)])
    model.fit(x, y, verbose=0)
    freed = model.layers[0].kernel.numpy()
    assert (freed[:, ::2] != 0).any(), "the control: training moves zeros"
    model.layers[0].set_weights([kernel, np.ones(16)])
    with keeping_zeros(model):
        model.fit(x, y, verbose=0)
        held = model.layers[0].kernel.numpy()
    assert (held[:, ::2] == 0).all() and not np.array_equal(held, kernel)
    assert model.layers[0].kernel.constraint is None


def test_refit_gives_a_plain_smaller_model_and_does_not_touch_the_old_one(tmp_path):
    x, y = data()
    model = trained(kreg.L1(0.03))
    model.fit(np.tile(x, (8, 1)), np.tile(y, (8, 1)), epochs=4, verbose=0)
    before = [w.copy() for w in model.get_weights()]
    smaller, report, history = compress_and_refit(
        model, x, y, epochs=2, validation_data=(x, y), latency=False
    )
    assert all(map(np.array_equal, before, model.get_weights()))
    assert report.ratio < 1 and smaller.count_params() == report.after.parameters
    assert len(history["val_mae"]) == 2 and not smaller.compiled and smaller.losses == []
    zeros = sparsity(model).zeros
    assert 0 < sparsity(smaller).zeros <= zeros
    assert "kreg" not in smaller.to_json()


@pytest.mark.parametrize("regularizer", [kreg.Box(0, 1), kreg.L1(0.01)], ids=["set", "penalty"])
def test_a_refit_says_which_sets_its_weights_may_have_left(regularizer):
    x, y = data()
    model = trained(regularizer)
    model.fit(x, y, verbose=0)
    smaller, report, _ = compress_and_refit(model, x, y, epochs=2, latency=False)
    is_set = isinstance(regularizer, kreg.Box)
    assert any("sets" in note and "hidden/kernel" in note for note in report.notes) == is_set
    assert model.layers[0].kernel.numpy().min() >= 0 or not is_set
    _, without, _ = compress_and_refit(model, x, y, epochs=0, latency=False)
    assert not any("sets" in note for note in without.notes)


def test_a_refit_has_no_penalties_also_where_as_many_weights_are_left():
    x, y = data(16)
    model = trained(kreg.L1(0.03))
    model.fit(x, y, verbose=0)
    seen = []
    see = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(see.model.losses))
    smaller, *_ = compress_and_refit(model, x, y, epochs=1, callbacks=[see], latency=False)
    assert len(smaller.weights) == len(model.weights) and seen == [[]]


def test_a_model_that_is_compiled_like_another_gets_no_penalties_for_other_weights():
    model, other = trained(kreg.L1(0.1)), trained()
    optimizer = keras.mixed_precision.LossScaleOptimizer(kreg.optimizers.SGD(0.1))
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "mse")
    compile_like(model, other)
    assert other.losses == [] and isinstance(other.optimizer, type(optimizer))
    compile_like(other, other, model.optimizer.inner_optimizer)
    assert other.losses == [] and type(other.optimizer) is kreg.optimizers.SGD


def test_no_epochs_no_training_and_an_optimizer_of_ones_own():
    x, y = data()
    model = trained()
    smaller, _, history = compress_and_refit(model, x, y, epochs=0, latency=False)
    assert history == {} and np.array_equal(smaller(x), model(x))
    still = compress_and_refit(
        model, x, y, epochs=1, optimizer=keras.optimizers.SGD(0.0), latency=False
    )[0]
    assert np.array_equal(still(x), model(x))


def test_a_size_path_goes_from_small_to_large(tmp_path):
    x, y = data()
    path = size_path(
        trained(), x, y, validation_data=(x, y), strengths=[1e-4, 1.0, 0.05],
        epochs=12, refit_epochs=1, latency=False, batch_size=16,
    )  # fmt: skip
    assert [p.strength for p in path.points] == [1.0, 0.05, 1e-4]
    sizes = [p.parameters for p in path.points]
    assert sizes[0] < sizes[1] < sizes[2] <= path.dense_parameters
    assert path.points[0].loss > path.points[1].loss and "mae" in path.points[0].metrics
    plain = json.loads(json.dumps(path.as_dict()))
    assert plain["points"][path.knee]["parameters"] == path.points[path.knee].parameters
    assert "knee" in str(path)
    assert path.points[1].model(x).shape == (256, 1)
    import matplotlib

    matplotlib.use("Agg")
    axes = path.plot()
    assert axes.get_xlabel() == "parameters" and len(axes.lines) == 2
    with pytest.raises(ValueError, match="argument `against`"):
        path.plot(against="height")


def test_a_strength_that_empties_a_deep_network_does_not_spoil_the_weaker_ones():
    x, y = data()
    keras.utils.set_random_seed(3)
    deep = [layers.Dense(16, "relu"), layers.Dense(16, "relu"), layers.Dense(1)]
    model = keras.Sequential([keras.Input((6,)), *deep])
    model.compile(kreg.optimizers.Adam(0.01), "mse")
    path = size_path(
        model, x, y, validation_data=(x, y), strengths=[10.0, 1e-4], epochs=15, refit_epochs=1,
        latency=False, batch_size=16,
    )  # fmt: skip
    empty, working = path.points
    assert empty.strength == 10.0 and empty.loss > 0.9 * np.var(y)
    assert working.loss < 0.1 * np.var(y)


@pytest.mark.slow
def test_the_path_of_the_nuclear_norm_ends_in_layers_of_low_rank():
    x, y = data()
    model = keras.Sequential(
        [keras.Input((6,), name="x"), layers.Dense(16, "tanh", name="hidden"), layers.Dense(1)]
    )
    model.compile(kreg.optimizers.Adam(0.01), "mse", jit_compile=False)
    path = size_path(
        model, x, y, validation_data=(x, y), strengths=[0.05, 1e-5], layers="hidden",
        penalty=kreg.NuclearNorm(), epochs=12, refit_epochs=1, latency=False, batch_size=16,
    )  # fmt: skip
    low, full = path.points
    assert low.parameters < full.parameters == path.dense_parameters
    assert [one.name for one in low.model.layers][:2] == ["hidden_low_rank", "hidden"]


@pytest.mark.parametrize("penalty", [kreg.MaxNorm(), kreg.UnitNorm(), kreg.Box(-1, 1)], ids=repr)
def test_a_set_has_no_size_path(penalty):
    x, y = data()
    with pytest.raises(ValueError, match="`penalty`. Expected a penalty of kreg with a strength"):
        size_path(trained(), x, y, validation_data=(x, y), penalty=penalty)


def test_only_the_layers_that_are_named_carry_the_penalty():
    x, y = data()
    model = trained()
    last = model.layers[-1]
    path = size_path(
        model, x, y, validation_data=(x, y), strengths=[0.3], layers=last.name,
        epochs=5, refit_epochs=0, latency=False, batch_size=16,
    )  # fmt: skip
    carrying = [w.path for w in model.weights if w.regularizer is not None]
    assert carrying == [last.kernel.path]
    assert path.points[0].parameters < path.dense_parameters


@pytest.mark.parametrize(
    ("sizes", "losses", "knee"),
    [
        ([10, 100, 1000, 10000], [2.0, 0.5, 0.45, 0.44], 1),
        ([10000, 1000, 100, 10], [0.44, 0.45, 0.5, 2.0], 2),  # in any order
        ([10, 100, 1000], [3.0, 2.0, 1.0], 2),  # a straight line: the least loss
        ([10, 100, 1000], [1.0, 1.0, 1.0], 0),
        ([50, 50], [1.0, 0.5], 1),
        ([7], [1.0], 0),
        ([10, 20, 30, 40], [0.10, 0.12, 0.19, 0.50], 0),  # the smallest beats all
        ([10, 20, 21, 1000], [2.0, 0.5, 0.55, 0.4], 1),
        ([10, 20, 30], [float("nan"), 0.5, 0.6], 1),
    ],
)
def test_the_knee(sizes, losses, knee):
    assert knee_of(sizes, losses) == knee


def test_a_schedule_of_the_learning_rate_begins_again():
    decay = keras.optimizers.schedules.CosineDecay(0.1, 10)
    for rate, expected in ((decay, 0), (0.1, 8)):
        optimizer = kreg.optimizers.SGD(rate)
        optimizer.iterations.assign(8)
        restart(optimizer)
        assert int(optimizer.iterations) == expected


def test_bad_arguments_are_answered_in_sentences():
    x, y = data()
    plain = keras.Sequential([keras.Input((6,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="is not compiled"):
        compress_and_refit(plain, x, y)
    with pytest.raises(ValueError, match="argument `epochs`"):
        compress_and_refit(trained(), x, y, epochs=-1)
    plain.compile("adam", "mse")
    with pytest.raises(ValueError, match="reaches exact zeros: one of `kreg.optimizers`"):
        size_path(plain, x, y, validation_data=(x, y))
    for strengths in ([], "strong", [0.0]):
        with pytest.raises(ValueError, match="argument `strengths`"):
            size_path(trained(), x, y, validation_data=(x, y), strengths=strengths)
    with pytest.raises(ValueError, match="argument `penalty`"):
        size_path(trained(), x, y, validation_data=(x, y), penalty=kreg.L2(0.1))

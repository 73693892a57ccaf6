"""Exact zeros together with everything else that Keras's training can do."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import kreg
import kreg.surgery
from kreg.training.mirrored import strategy
from tests.unit.optimizers.problems import (
    assert_solved,
    batch,
    coefficients,
    cosine,
    fit,
    linear_model,
    orthonormal_lasso,
)

L1 = 0.3


def compiled(optimizer, penalty=None, **compile):
    model = linear_model(8, penalty or kreg.L1(L1))
    model.compile(optimizer, "mse", **compile)
    return model


SETTINGS = {
    "plain": {},
    "accumulation": {"gradient_accumulation_steps": 2},
    "clipnorm": {"clipnorm": 1.0},
    "global_clipnorm": {"global_clipnorm": 1.0},
    "clipvalue": {"clipvalue": 0.5},
    "loss_scale": {"loss_scale_factor": 128.0},
    "ema": {"use_ema": True, "ema_momentum": 0.9},
}
MODES = {"graph": {}, "eager": {"run_eagerly": True}, "xla": {"jit_compile": True}}
POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")
QUICK = {("graph", "float32", s) for s in SETTINGS} | {
    ("graph", "mixed_float16", "plain"),
    ("graph", "mixed_bfloat16", "plain"),
    ("xla", "float32", "plain"),
    ("eager", "float32", "plain"),
}
CELLS = [
    pytest.param(*cell, marks=() if cell in QUICK else pytest.mark.slow, id="-".join(cell))
    for cell in itertools.product(MODES, POLICIES, SETTINGS)
]


@pytest.mark.parametrize(("mode", "policy", "setting"), CELLS)
def test_the_matrix(mode, policy, setting):
    if policy == "mixed_float16" and setting == "loss_scale":
        pytest.skip("Keras refuses a fixed factor inside its automatic loss scaling")
    keras.config.set_dtype_policy(policy)
    steps = 150 if mode == "eager" else 300
    steps *= 2 if setting in ("accumulation", "clipvalue") else 1
    optimizer = kreg.optimizers.SGD(cosine(0.2, steps), **SETTINGS[setting])
    model = compiled(optimizer, **MODES[mode])
    fit(model, steps)
    half = policy != "float32"  # products rounded to 8 or 11 bits
    assert_solved(model, atol=2e-2 if half else 1e-4)


def test_mixed_float16_is_wrapped_by_keras_and_skips_steps_that_overflow():
    keras.config.set_dtype_policy("mixed_float16")
    model = compiled(kreg.optimizers.SGD(0.1))
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    x, y = batch()
    stream = tf.data.Dataset.from_tensors((x, 1000 * y)).repeat(20)
    model.fit(stream, shuffle=False, verbose=0)  # 32768 times the gradient is above 65504
    assert np.all(np.isfinite(coefficients(model)[0]))
    assert 0 < int(model.optimizer.inner_optimizer.iterations) < 20


def test_accumulating_two_halves_is_one_step_on_the_whole():
    x, y = batch()
    halves = tf.data.Dataset.from_tensor_slices((x, y)).batch(len(x) // 2).repeat(30)
    two = compiled(kreg.optimizers.Adam(0.02, gradient_accumulation_steps=2))
    two.fit(halves, shuffle=False, verbose=0)
    one = compiled(kreg.optimizers.Adam(0.02))
    fit(one, 30)
    np.testing.assert_allclose(coefficients(two)[0], coefficients(one)[0], atol=1e-6)


def test_the_average_alone_would_have_no_zeros():
    """Negative control: without the mask the moving average fills them in."""
    optimizer = kreg.optimizers.SGD(0.2, use_ema=True, ema_momentum=0.999)
    model = compiled(optimizer)
    fit(model, 200)
    average = optimizer._model_variables_moving_average[0]
    zero = orthonormal_lasso(L1) == 0
    assert np.all(average.numpy().ravel()[zero] != 0)
    assert np.all(coefficients(model)[0][zero] == 0)


def test_overwriting_with_the_average_is_refused():
    with pytest.raises(ValueError, match="`ema_overwrite_frequency`.*no exact zeros"):
        kreg.optimizers.Adam(use_ema=True, ema_overwrite_frequency=5)


KEPT = {
    "l1": lambda: kreg.L1(L1),
    "sparse_group": lambda: kreg.SparseGroupLasso(0.1, 0.1),
    "l2sp": lambda: kreg.L2SP(0.5),
}
# each penalty under Adam, which has the most slots, and one under SGD, which has none
FAST = {*itertools.product(["Adam"], KEPT), ("SGD", "l1")}


@pytest.mark.parametrize(
    ("name", "penalty"),
    [
        pytest.param(*pair, marks=() if pair in FAST else pytest.mark.slow)
        for pair in itertools.product(["SGD", "Adam", "Lion"], KEPT)
    ],
)
def test_save_load_continue_is_bitwise_not_stopping(name, penalty, tmp_path):
    model = compiled(getattr(kreg.optimizers, name)(0.02), KEPT[penalty]())
    fit(model, 15)
    model.save(tmp_path / "half.keras")
    loaded = keras.models.load_model(tmp_path / "half.keras")
    assert type(loaded.optimizer) is type(model.optimizer)
    fit(model, 15)
    fit(loaded, 15)
    for ours, theirs in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    np.testing.assert_array_equal(coefficients(model)[0], coefficients(loaded)[0])


def two_kernels(penalty, **settings):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(units, kernel_regularizer=penalty) for units in (3, 1)]
    model = keras.Sequential([keras.Input((8,)), *layers])
    model.compile(kreg.optimizers.Adam(0.02, **settings), "mse")
    return model


def assert_bitwise_the_same_after_loading(model, path):
    fit(model, 5)
    model.save(path)
    loaded = keras.models.load_model(path)
    for one in (model, loaded):
        fit(one, 5)
    for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(model.optimizer.variables) == len(loaded.optimizer.variables)


def test_a_shared_penalty_is_saved_and_loaded(tmp_path):
    """The file knows two penalties where the model had one."""
    model = two_kernels(kreg.ElasticNet(0.01, 0.01), use_ema=True)
    assert_bitwise_the_same_after_loading(model, tmp_path / "m.keras")


def test_penalties_attached_one_after_the_other_are_saved_and_loaded(tmp_path):
    model = two_kernels(None)
    fit(model, 2)
    last, first = model.layers[1].name, model.layers[0].name
    kreg.regularize(model, kreg.surgery.Rule(kreg.L1(0.01), layers=last))
    fit(model, 2)
    kreg.regularize(model, kreg.surgery.Rule(kreg.L1(0.02), layers=first))
    assert_bitwise_the_same_after_loading(model, tmp_path / "m.keras")


@pytest.fixture(scope="module")
def mirrored():
    cpus = tf.config.list_logical_devices("CPU")  # split in two by conftest.py
    if len(cpus) < 2:
        pytest.skip("TensorFlow was running before its CPU could be split in two")
    return strategy(*(d.name for d in cpus[:2]))  # one in a process


@pytest.mark.parametrize("setting", ["plain", "clipnorm", "ema"])
def test_two_replicas_take_the_step_of_one(mirrored, setting):
    settings = SETTINGS[setting]
    with mirrored.scope():
        two = compiled(kreg.optimizers.SGD(0.2, **settings))
    fit(two, 200)
    one = compiled(kreg.optimizers.SGD(0.2, **settings))
    fit(one, 200)
    assert_solved(two)
    np.testing.assert_allclose(coefficients(two)[0], coefficients(one)[0], atol=1e-5)


@pytest.mark.parametrize("package", [keras.optimizers, kreg.optimizers], ids=["keras", "kreg"])
def test_accumulation_on_two_replicas_is_not_in_keras(mirrored, package):
    """A limit of Keras's own optimizers; when it falls, kreg's belong into the test above."""
    with mirrored.scope():
        model = compiled(package.SGD(0.2, gradient_accumulation_steps=2))
    with pytest.raises(RuntimeError, match="merge_call"):
        fit(model, 2)


def test_embeddings_get_exact_zeros():
    """TensorFlow's gradient of a lookup is sparse; the penalty acts on all rows."""
    keras.utils.set_random_seed(0)
    table = keras.layers.Embedding(6, 3, embeddings_regularizer=kreg.GroupLasso(0.05, axis=0))
    model = keras.Sequential([keras.Input((1,)), table, keras.layers.Flatten()])
    model.compile(kreg.optimizers.Adam(0.05), "mse")
    x = np.array([[0], [1], [2], [3]])
    y = np.array([[1.0, 1, 1], [-1, 1, 0], [0, 0, 0], [0, 0.01, 0]])
    model.fit(tf.data.Dataset.from_tensors((x, y)).repeat(150), shuffle=False, verbose=0)
    rows = np.any(table.get_weights()[0] != 0, axis=1)
    np.testing.assert_array_equal(rows, [True, True, False, False, False, False])


def test_a_learning_rate_that_starts_at_zero():
    warmup = keras.optimizers.schedules.CosineDecay(0.0, 200, warmup_target=0.2, warmup_steps=50)
    model = compiled(kreg.optimizers.Adam(warmup))
    fit(model, 250)
    assert np.all(np.isfinite(coefficients(model)[0]))
    assert_solved(model, atol=1e-3)


def test_a_callback_may_set_the_learning_rate():
    model = compiled(kreg.optimizers.SGD(0.2))
    fit(model, 5)
    model.optimizer.learning_rate = 0.02
    fit(model, 1500)
    assert_solved(model)

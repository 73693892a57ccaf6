"""The penalty is in the reported loss, and in the gradient exactly once, whoever trains."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf

import kreg
from tests.unit.optimizers.problems import (
    assert_solved,
    batch,
    coefficients,
    fit,
    linear_model,
    orthonormal,
    orthonormal_lasso,
    solve,
)

L1 = 0.3


def one_step(optimizer, penalty, **compile):
    model = linear_model(8, penalty)
    model.compile(optimizer, "mse", **compile)
    fit(model, 1)
    return coefficients(model)[0]


@pytest.mark.parametrize("mode", [{}, {"run_eagerly": True}, {"jit_compile": True}], ids=str)
@pytest.mark.parametrize("make", [kreg.L1, kreg.L2], ids=["l1", "l2"])
def test_the_first_trace_counts_it_once(make, mode):
    """Keras builds the optimizer after the first loss is traced; plain SGD has no own slot."""
    late = one_step(kreg.optimizers.SGD(0.01), make(L1), **mode)
    model = linear_model(8, make(L1))
    early = kreg.optimizers.SGD(0.01)
    early.build(model.trainable_variables)
    model.compile(early, "mse", **mode)
    fit(model, 1)
    np.testing.assert_array_equal(late, coefficients(model)[0])
    stock = one_step(keras.optimizers.SGD(0.01), make(L1), **mode)
    far = np.abs(stock) > 0.05  # there both take the same step
    assert far.sum() > 4
    np.testing.assert_allclose(late[far], stock[far], atol=1e-6)


def test_slotless_sgd_solves_the_lasso_when_built_late():
    model = linear_model(8, kreg.L1(L1))
    model.compile(kreg.optimizers.SGD(0.2), "mse")
    fit(model)
    assert_solved(model)


def test_the_reported_loss_holds_the_penalty():
    penalty = kreg.ElasticNet(0.1, 0.2)
    model = linear_model(8, penalty)
    x, y = batch()
    model.compile(kreg.optimizers.SGD(0.0001), "mse")
    data_loss = float(np.mean((model(x).numpy() - y) ** 2))
    reported = fit(model, 1).history["loss"][0]
    kernel = linear_model(8, penalty).get_layer("linear").get_weights()[0]  # same seed
    expected = data_loss + 0.1 * np.abs(kernel).sum() + 0.2 * np.square(kernel).sum()
    assert reported == pytest.approx(expected, rel=1e-5)


def test_a_stock_optimizer_sees_an_ordinary_regularizer():
    ours = one_step(keras.optimizers.Adam(0.1), kreg.ElasticNet(0.1, 0.2))
    theirs = one_step(keras.optimizers.Adam(0.1), keras.regularizers.L1L2(0.1, 0.2))
    np.testing.assert_array_equal(ours, theirs)


def test_compiling_again_with_a_stock_optimizer_does_not_lose_the_penalty():
    model = linear_model(8, kreg.L1(L1))
    first = kreg.optimizers.SGD(0.2)  # stays alive
    model.compile(first, "mse")
    fit(model)
    model.compile(keras.optimizers.SGD(0.01), "mse")
    fit(model, 300)
    w, _ = coefficients(model)
    np.testing.assert_allclose(w, orthonormal_lasso(L1), atol=0.02)  # jumps around zero, near it
    model.compile(first, "mse")
    fit(model)
    assert_solved(model)


def test_two_models_may_share_a_penalty_under_different_optimizers():
    penalty = kreg.L1(L1)
    ours, theirs = linear_model(8, penalty), linear_model(8, penalty)
    ours.compile(kreg.optimizers.SGD(0.2), "mse")
    theirs.compile(keras.optimizers.SGD(0.01), "mse")
    for _ in range(3):
        fit(ours, 100)
        fit(theirs, 150)
    assert_solved(ours)
    np.testing.assert_allclose(coefficients(theirs)[0], orthonormal_lasso(L1), atol=0.02)


@pytest.mark.parametrize("with_losses", [True, False])
def test_custom_training_loops(with_losses):
    """Whether the loop adds `model.losses` or forgets them, the optimizer takes the step."""
    x, y = map(tf.constant, batch())
    model = linear_model(8, kreg.L1(L1))
    optimizer = kreg.optimizers.SGD(0.2)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x, training=True) - y))
            if with_losses:
                loss += tf.add_n(model.losses)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))

    for _ in range(200):
        step()
    assert_solved(model)


class TwoOptimizers(keras.Model):
    """As in a GAN: each part has an optimizer of its own, and `compile` knows of neither."""

    def __init__(self, penalty):
        super().__init__()
        self.dense = linear_model(8, penalty)
        self.shift = keras.layers.Dense(1, name="shift")
        self.own = kreg.optimizers.SGD(0.2)
        self.other = keras.optimizers.SGD(0.01)

    def call(self, x):
        return self.dense(x) + 0.0 * self.shift(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape(persistent=True) as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        for part, optimizer in ((self.dense, self.own), (self.shift, self.other)):
            variables = part.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return {"loss": loss}


def test_a_model_with_several_optimizers():
    model = TwoOptimizers(kreg.L1(L1))
    model.compile(loss="mse")
    fit(model)
    assert_solved(model.dense)


def test_a_kreg_optimizer_inside_a_multi_optimizer():
    choose = {"kernel": kreg.optimizers.SGD(0.2), "bias": keras.optimizers.SGD(0.2)}
    model = linear_model(8, kreg.L1(L1))
    model.compile(keras.optimizers.MultiOptimizer(lambda v: choose[v.name]), "mse")
    fit(model)
    assert_solved(model)


def test_an_optimizer_without_penalties_is_exactly_its_parent():
    ours = one_step(kreg.optimizers.Adam(0.1), None)
    theirs = one_step(keras.optimizers.Adam(0.1), None)
    np.testing.assert_array_equal(ours, theirs)
    optimizer = kreg.optimizers.Adam(0.1)
    optimizer.build(linear_model(8).trainable_variables)
    parent = keras.optimizers.Adam(0.1)
    parent.build(linear_model(8).trainable_variables)
    assert len(optimizer.variables) == len(parent.variables)


def test_a_penalty_is_bound_as_long_as_the_optimizer_lives():
    penalty = kreg.L1(L1)
    optimizer = kreg.optimizers.SGD(0.1)
    optimizer.build(linear_model(8, penalty).trainable_variables)
    assert penalty.optimizers() == [optimizer]
    del optimizer
    gc.collect()
    assert penalty.optimizers() == []


def test_refresh_takes_up_and_lets_go_of_penalties():
    model = linear_model(8)
    kernel = model.get_layer("linear").kernel
    optimizer = kreg.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    bare = len(optimizer.variables)
    penalty = kreg.ElasticNet(0.1, 0.2)
    kernel.regularizer = penalty
    optimizer.refresh()
    assert optimizer.strengths() == {
        kernel.path: {"l1": pytest.approx(0.1), "l2": pytest.approx(0.2)}
    }
    assert len(optimizer.variables) == bare + 4  # two strengths, z, the peak rate
    kernel.regularizer = None
    optimizer.refresh()
    assert optimizer.strengths() == {} and penalty.optimizers() == []
    assert len(optimizer.variables) == bare + 1


def test_regularize_on_a_compiled_model_is_effective_in_the_next_fit():
    model = linear_model(8)
    model.compile(kreg.optimizers.SGD(0.2), "mse")
    fit(model, 10)
    steps = int(model.optimizer.iterations)
    kreg.regularize(model, kreg.L1(L1))
    fit(model)
    assert int(model.optimizer.iterations) == steps + 200
    assert_solved(model)


def test_a_weight_without_the_axis_is_refused_before_training():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, bias_regularizer="l2")])
    model.layers[0].bias.regularizer = kreg.GroupLasso(0.1, axis=-2)
    with pytest.raises(ValueError, match=r"an axis of sequential.*/bias, of shape \(2,\)"):
        kreg.optimizers.Adam().build(model.trainable_variables)


def test_weights_may_be_set_between_steps():
    """The hidden point is rebuilt from the weights, so foreign weights are a mere warm start."""
    model = solve(kreg.optimizers.SGD(0.2), kreg.L1(L1), *orthonormal(), steps=200)
    model.get_layer("linear").set_weights([np.full((8, 1), 5.0), np.full(1, -2.0)])
    fit(model)
    assert_solved(model)

"""Optimizers, and the weights and variables that they know."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import MethodType
from typing import Any

import keras

from kreg.private_keras import in_progress

WRITES = ("assign", "assign_add", "assign_sub", "_apply_weight_decay", "_backend_update_step")


def trained_weights(optimizer: keras.optimizers.Optimizer) -> list[keras.Variable]:
    """The weights that a built optimizer trains, in its own order; `variables` is its state."""
    return list(optimizer._trainable_variables)


def index_of(optimizer: keras.optimizers.Optimizer, weight: keras.Variable) -> int:
    """The place of a weight among `trained_weights`, in constant time."""
    return optimizer._get_variable_index(weight)


def settings(optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
    """`get_config()` with the schedule itself, or the function, in the place of its configuration.

    A schedule of one's own need not be registered, nor have a configuration, to be trained with.
    """
    rate = optimizer._learning_rate
    if isinstance(rate, keras.Variable):
        return dict(optimizer.get_config())
    optimizer._learning_rate = 0.0
    try:
        return dict(optimizer.get_config()) | {"learning_rate": rate}
    finally:
        optimizer._learning_rate = rate


def copy_exclusions(source: keras.optimizers.Optimizer, target: keras.optimizers.Optimizer) -> None:
    """What `exclude_from_weight_decay` has said of one optimizer, said of another.

    It is no part of an optimizer's configuration, and nobody can ask for it.
    """
    for name in ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern"):
        if hasattr(source, name):
            setattr(target, name, getattr(source, name))


def replace_optimizer(
    model: keras.Model, make: Callable[[keras.optimizers.Optimizer], keras.optimizers.Optimizer]
) -> None:
    """Give a compiled model the optimizer that `make` makes of its own, and a file of it as well.

    To compile anew takes the metrics' states away, and a `compile` of one's own takes who knows
    what.
    """
    strategy = getattr(model, "distribute_strategy", None)  # TensorFlow's alone
    with strategy.scope() if strategy else nullcontext():
        model.optimizer = make(model.optimizer)
    model._compile_config.config["optimizer"] = model.optimizer


def untrack(optimizer: keras.optimizers.Optimizer, variable: keras.Variable) -> None:
    """Let an optimizer forget a variable that `add_variable` made: there is no public way back."""
    optimizer._untrack_variable(variable)


@contextmanager
def pure_steps(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Inside, the steps of a built optimizer can be traced in a `keras.StatelessScope`.

    TensorFlow's optimizer writes past the scope into `tf.Variable`s, and refuses `stateless_apply`.
    What it inherits, and hides for `tf.distribute` alone, respects the scope.
    """
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    keys = {id(weight): optimizer._var_key(weight) for weight in trained_weights(optimizer)}
    own: dict[str, Any] = {n: MethodType(getattr(BaseOptimizer, n), optimizer) for n in WRITES}
    own["_var_key"] = lambda weight: keys[id(weight)]
    try:
        for name, method in own.items():
            object.__setattr__(optimizer, name, method)
        yield
    finally:
        for name in own:
            vars(optimizer).pop(name, None)


def takes_parts(optimizer: keras.optimizers.Optimizer, model: keras.Model) -> None:
    """Let JAX's step of a model train some of the weights that its optimizer was built on.

    `apply` takes the gradients of any of them, as under the other backends, and leaves the state of
    the others as it is. JAX's trainer asks `stateless_apply`, which wants those of all.

    Args:
        optimizer: Built; that of the model, or the one under its loss scaling.
        model: What it trains.
    """
    whole = type(optimizer).stateless_apply

    def stateless_apply(state: list[Any], grads: list[Any], values: list[Any]) -> tuple[Any, Any]:
        trained = list(model.trainable_variables)
        if len(values) == len(optimizer._trainable_variables):
            found: tuple[Any, Any] = whole(optimizer, state, grads, values)
            return found
        mapping = [*zip(trained, values, strict=True), *zip(optimizer.variables, state)]
        mapping += in_progress.frozen_values()  # of which it may keep an average
        with keras.StatelessScope(state_mapping=mapping) as scope:
            optimizer.apply(grads, trained)
        now = scope.get_current_value
        return [now(weight) for weight in trained], [now(v) for v in optimizer.variables]

    object.__setattr__(optimizer, "stateless_apply", stateless_apply)


def loss_tracker(model: keras.Model) -> keras.metrics.Mean:
    """The mean of the loss over an epoch, which Keras logs as `loss`."""
    return model._loss_tracker


def has_swapped(callback: keras.callbacks.Callback) -> bool:
    """Whether a `SwapEMAWeights` has put the averages into the model for now.

    It tells nobody, and to swap once more would take them out again.
    """
    return bool(getattr(callback, "_ema_weights_in_model", False))


def decays(optimizer: keras.optimizers.Optimizer, weight: keras.Variable) -> bool:
    """Whether `exclude_from_weight_decay` has left the weight in: Keras only asks itself."""
    return optimizer._use_weight_decay(weight)


def decay_name(optimizer: keras.optimizers.Optimizer, weight: keras.Variable) -> str:
    """The attribute with the decay of a weight: Muon has another one where it is Adam."""
    is_adam = getattr(optimizer, "_should_use_adamw", lambda _: False)
    return "adam_weight_decay" if is_adam(weight) else "weight_decay"


def optimizers_of(model: keras.Model) -> list[keras.optimizers.Optimizer]:
    """All optimizers that a model holds, without the wrappers around them.

    `model.optimizer` is the compiled one; a GAN has two, under names of its own.
    """
    found = [v for v in vars(model).values() if isinstance(v, keras.optimizers.Optimizer)]
    return [inner for optimizer in found for inner in unwrapped(optimizer)]


def unwrapped(optimizer: keras.optimizers.Optimizer) -> list[keras.optimizers.Optimizer]:
    """The optimizer itself, or those inside a loss-scaling or a multiple one."""
    inner = getattr(optimizer, "inner_optimizer", None)
    return getattr(optimizer, "optimizers", None) or [optimizer if inner is None else inner]


def sums_no_gradients(optimizer: keras.optimizers.Optimizer) -> None:
    """Let an optimizer leave out the sum over devices, because what it is given is that sum.

    Keras's own comes after clipping and gives each device the same say, whatever rows it had.
    """
    object.__setattr__(optimizer, "_all_reduce_sum_gradients", list)

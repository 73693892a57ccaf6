"""The training step of one model for many states of it at once: K jobs in one graph.

A small network spends its time on overhead, not on numbers. `tf.vectorized_map` turns the step of
one member - Keras's own forward pass, loss, metrics and optimizer, with kreg's proximal step - into
one step over tensors with a leading axis of members. Everything that may differ between members is
a variable: weights, state of the optimizer, seeds of the noise, strengths, rates, units.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kreg.training import shared_steps, units

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

NUMBERS = ("_weight_decay_variable", "_ema_momentum_variable")  # see `kreg.optimizers.StepNumber`
# Weights that are updated, in all steps together, from which on XLA is worth its two seconds: of
# 64 networks of 64-64-10 an epoch of 40 steps takes 166 ms of a processor without, 55 ms with it.
MUCH = 4e8
Values = list["tf.Tensor"]


class StackedStep:
    """An epoch of optimizer steps for all members of a stack.

    Args:
        model: Built and compiled; its variables name what a member's state consists of. They are
            neither read nor written.
        batch_size: Rows of one step.
    """

    def __init__(self, model: "keras.Model", batch_size: int):
        import tensorflow as tf

        self.model, self.batch_size = model, batch_size
        self.variables = variables(model)
        self.fresh = {id(variable) for variable in model.metrics_variables}
        # the noise of a step depends on whether it is compiled with XLA: as in a run of its own
        self.noisy = bool(shared_steps.noise_layers(model))
        self.epochs: dict[bool, Callable[..., Values]] = {
            fused: tf.function(self._epoch, jit_compile=fused, autograph=False)
            for fused in (bool(model.jit_compile), True)
        }

    def fuses(self, members: int, steps: int, allowed: bool = True) -> bool:
        """Whether XLA compiles the epoch: as in a run of its own, or where it gains by it.

        Args:
            members: How many there are.
            steps: How many steps they may take at most.
            allowed: Whether XLA may be used although a run of its own does without.
        """
        if self.model.jit_compile or self.noisy or not allowed:
            return bool(self.model.jit_compile)
        return members * steps * int(self.model.count_params()) >= MUCH

    def epoch(
        self, values: Values, x: "tf.Tensor", y: "tf.Tensor", order: "tf.Tensor", fused: bool
    ) -> Values:
        """The states after an epoch; arguments as for `_epoch`, and whether XLA compiles it."""
        return self.epochs[fused](values, x, y, order)

    def _epoch(self, values: Values, x: "tf.Tensor", y: "tf.Tensor", order: "tf.Tensor") -> Values:
        """The states after an epoch.

        Args:
            values: One tensor a variable, members first.
            x: Training rows, `(members, rows, ...)`.
            y: Their targets, `(members, rows, ...)`.
            order: Row numbers of every pass, `(passes, members, rows)`.
        """
        import tensorflow as tf

        passes, _, rows = order.shape
        whole, rest = divmod(rows, self.batch_size)

        def step(start: Any, size: int, order: Any, values: Sequence[Any]) -> Values:
            index = tf.slice(order, [0, start], [order.shape[0], size])
            batch = (tf.gather(part, index, axis=1, batch_dims=1) for part in (x, y))
            return self._step(list(values), *batch)

        def one_pass(number: Any, *values: Any) -> tuple[Any, ...]:
            def one_batch(i: Any, *values: Any) -> tuple[Any, ...]:
                return (i + 1, *step(i * self.batch_size, self.batch_size, order[number], values))

            values = tf.while_loop(lambda i, *_: i < whole, one_batch, (0, *values))[1:]
            if rest:
                values = tuple(step(whole * self.batch_size, rest, order[number], values))
            return (number + 1, *values)

        begun = [
            tf.zeros_like(value) if id(variable) in self.fresh else value
            for variable, value in zip(self.variables, values, strict=True)
        ]
        return list(tf.while_loop(lambda number, *_: number < passes, one_pass, (0, *begun))[1:])

    def _step(self, values: Values, x: "tf.Tensor", y: "tf.Tensor") -> Values:
        import tensorflow as tf

        def of_a_member(member: Any) -> Values:
            return train_step(self.model, self.variables, *member)

        # random numbers know no vectorised form: they are drawn member by member
        return list(tf.vectorized_map(of_a_member, (values, x, y), fallback_to_while_loop=True))


def train_step(
    self: "keras.Model", variables: "list[keras.Variable]", values: Values, x: Any, y: Any
) -> Values:
    """Keras's `Model.train_step` as a function of the state.

    Its name and `self` tell a penalty that an optimizer of kreg takes its step, see
    `kreg.private_keras.model_in_step`.
    """
    import keras
    import tensorflow as tf

    from kreg import private_keras

    mapping = list(zip(variables, values, strict=True))
    with private_keras.pure_steps(self.optimizer), keras.StatelessScope(mapping) as scope:
        weights = [scope.get_current_value(weight) for weight in self.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=None, training=True)
        private_keras.loss_tracker(self).update_state(loss, sample_weight=tf.shape(x)[0])
        self.optimizer.apply(tape.gradient(loss, weights), self.trainable_variables)
        self.compute_metrics(x, y, outputs, None)
        return [scope.get_current_value(variable) for variable in variables]


def variables(
    model: "keras.Model", metrics: "list[keras.Variable] | None" = None
) -> "list[keras.Variable]":
    """All that a step of a compiled model reads: what it changes, and the numbers beside it.

    Args:
        model: The model.
        metrics: What stands for the variables of its metrics. Defaults to these.
    """
    found = [
        *model.trainable_variables,
        *model.non_trainable_variables,
        *model.optimizer.variables,
        *(model.metrics_variables if metrics is None else metrics),
        *numbers(model),
    ]
    return list({id(variable): variable for variable in found}.values())


def numbers(model: "keras.Model") -> "list[keras.Variable]":
    """The variables of `UntrackedNumbers`, which are configuration and no state."""
    optimizer = shared_steps.proximal(model)
    held = [vars(optimizer).get(name) for name in NUMBERS]
    held.append(getattr(getattr(optimizer, "scaled_rate", None), "numbers", None))
    held += [layer.held for layer in shared_steps.noise_layers(model)]
    held += [metric.scale for metric in units.errors(model)]
    return [one.variable for one in held if one is not None]

"""The gradient of anything that Keras computes, under each of its backends."""

from collections.abc import Callable, Sequence
from typing import Any

import keras


class Gradient:
    """`gradient(*args)[i] = d loss(*args) / d variables[i]`, as the backend's tensors.

    Args:
        loss: Computes a scalar from its arguments and the variables.
        variables: What it is differentiated by.
        state: Other variables that `loss` assigns: moving averages, seeds of noise. They move
            under every backend, but JAX needs to be told of them.

    A call takes arrays, or nests of them. Where the loss does not depend on a variable, the
    gradient is `None` under TensorFlow and PyTorch, and zeros under JAX, which compiles it.

    >>> import keras, numpy as np
    >>> weight = keras.Variable([1.0, 2.0])
    >>> gradient = Gradient(lambda x: keras.ops.sum(x * weight**2), [weight])
    >>> keras.ops.convert_to_numpy(gradient(np.array(3.0, "float32"))[0])
    array([ 6., 12.], dtype=float32)
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        variables: Sequence[keras.Variable],
        state: Sequence[keras.Variable] = (),
    ):
        self.loss, self.variables, self.state = loss, list(variables), list(state)
        ways = {"tensorflow": self._tensorflow, "jax": self._jax, "torch": self._torch}
        self._compute = ways[keras.backend.backend()]
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *args: Any) -> list[Any]:
        return list(self._compute(*args))

    def _tensorflow(self, *args: Any) -> list[Any]:
        import tensorflow as tf

        values = [v.value for v in self.variables]
        with tf.GradientTape() as tape:
            tape.watch(values)  # a frozen weight is no reason for a `None`
            loss = self.loss(*args)
        found = tape.gradient(loss, values)
        return [g if g is None else tf.convert_to_tensor(g) for g in found]

    def _torch(self, *args: Any) -> list[Any]:
        import torch

        values = [v.value for v in self.variables]
        frozen = [value for value in values if not value.requires_grad]
        try:
            for value in frozen:  # a frozen weight is no reason for a `None`
                value.requires_grad_(True)
            loss = self.loss(*args)
            if not loss.requires_grad:
                return [None] * len(values)
            return list(torch.autograd.grad(loss, values, allow_unused=True))
        finally:
            for value in frozen:
                value.requires_grad_(False)

    def _jax(self, *args: Any) -> list[Any]:
        import jax

        if self._compiled is None:
            self._compiled = jax.jit(jax.grad(self._stateless, has_aux=True))
        values = [v.value for v in self.variables]
        found, moved = self._compiled(values, [v.value for v in self.state], *args)
        for variable, value in zip(self.state, moved, strict=True):
            variable.assign(value)
        return list(found)

    def _stateless(self, values: list[Any], state: list[Any], *args: Any) -> tuple[Any, list[Any]]:
        """The loss at these values, and the values that the state has afterwards."""
        mapping = [*zip(self.variables, values), *zip(self.state, state)]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            loss = self.loss(*args)
        return loss, [scope.get_current_value(v) for v in self.state]

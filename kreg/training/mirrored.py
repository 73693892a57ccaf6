"""`distribute=mirrored`: one process trains one model on all devices of this machine.

TensorFlow's `MirroredStrategy` keeps the same weights on every device and sums what they compute.
Each device `d` has `n_d` of the `n` rows of a batch, and the optimizer is given

    g = sum over devices d of (n_d / n) g_d,

the gradient of one device, also where a batch cannot be divided evenly. Keras itself would give
each device the same say, and clip before the sum.
"""

import contextlib
import functools
import math
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from kreg.config.root import Config
from kreg.training import shares
from kreg.training.plan import Plan

if TYPE_CHECKING:
    import keras

MOST, LARGE = 10, 10_000_000  # sums that are measured at most, and their numbers together, about
ONE = (
    "distribute=mirrored: TensorFlow sees one device here ({name}), so the model is trained on it "
    "as with distribute=none."
)


class Devices:
    """The devices of this machine that train one model.

    Args:
        names: As TensorFlow calls them. With one alone nothing is distributed.
        asked: Whether the user has asked for several.
    """

    def __init__(self, names: list[str], asked: bool = True) -> None:
        self.names, self.asked = names, asked
        self.count = len(names)
        self.strategy: Any = None
        if self.count > 1:
            self.strategy = strategy(*names)

    def scope(self) -> AbstractContextManager[Any]:
        """Inside, models and optimizers are made for all of the devices."""
        return contextlib.nullcontext() if self.strategy is None else self.strategy.scope()

    def join(self, training: Plan) -> None:
        """Let a training that was made inside of `scope` share its batches and gradients.

        Raises:
            ValueError: If several devices would not train it as one does.
        """
        if self.strategy is None:
            training.data.warnings += [ONE.format(name=self.names[0])] if self.asked else []
            return
        shares.refuse_uneven(training, self.count, "mirrored", "devices")
        training.devices, training.spread = self.count, self._spread
        training.seconds_of_a_sum = functools.partial(
            seconds_of_a_sum, self.strategy, training.model
        )
        share_gradients(training.model.optimizer, self.count, len(training.data.train),
                        training.batch_size)  # fmt: skip
        from kreg import private_keras  # starts Keras

        private_keras.build_in_scope(training.model, next(iter(training.stream())))

    def _spread(self, stream: Any) -> Any:
        """A stream of shares, one after the other, dealt to the devices in their order."""
        return self.strategy.distribute_datasets_from_function(lambda context: stream)


@functools.cache
def strategy(*names: str) -> Any:
    """TensorFlow's strategy for these devices, one in a process.

    Each strategy counts its sums from the same number, and two of them on the same devices would
    take a sum of the one for that of the other.
    """
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(names)


def seconds_of_a_sum(strategy: Any, model: "keras.Model") -> float:
    """How long the sum of a step's gradients takes when the devices do nothing else.

    Args:
        strategy: Of the devices.
        model: Made in its scope.
    """
    import numpy as np
    import tensorflow as tf

    trained = model.trainable_variables
    shapes = [tuple(variable.shape) for variable in trained]
    # handed in, each device its own: what the compiler knows to be zero it would not sum
    own = [
        strategy.experimental_distribute_values_from_function(lambda context, s=shape: tf.zeros(s))
        for shape in shapes
    ]

    def sums(*values: Any) -> Any:
        return tf.distribute.get_replica_context().all_reduce("SUM", list(values))

    run = tf.function(lambda *values: strategy.run(sums, args=values))
    numbers = sum(math.prod(shape) for shape in shapes)
    times = max(1, min(MOST, LARGE // max(numbers, 1)))
    for count in (1, times):  # the first one compiles
        began = time.perf_counter()
        for _ in range(count):
            for value in strategy.experimental_local_results(run(*own)[0]):
                np.asarray(value)
    return float((time.perf_counter() - began) / times)


def devices(config: Config, device: str) -> Devices:
    """Those on which a training is to run.

    Args:
        config: The checked configuration.
        device: `"cpu"` or `"gpu"`, as `kreg.training.start.prepare` has found.
    """
    if config.distribute != "mirrored" or config.check:
        return Devices([device], asked=False)
    import tensorflow as tf

    return Devices([found.name for found in tf.config.list_logical_devices(device.upper())])


def share_gradients(optimizer: "keras.Optimizer", count: int, rows: int, batch_size: int) -> None:
    """Let an optimizer's `apply` begin with the gradient of the whole batch, on every device.

    Args:
        optimizer: Of the compiled model, made inside of the strategy's scope.
        count: Of devices.
        rows: Training rows of a pass.
        batch_size: Of all devices together.
    """
    import tensorflow as tf

    from kreg import private_keras

    plain = optimizer.apply
    private_keras.sums_no_gradients(optimizer)

    def apply(grads: Any, trainable_variables: Any = None) -> Any:
        context = tf.distribute.get_replica_context()
        index = tf.cast(context.replica_id_in_sync_group, tf.int64)
        part = shares.part(optimizer, rows, batch_size, index, count)
        # Keras has divided every mean by the number of devices
        own = [g if g is None else tf.convert_to_tensor(g) * (count * part) for g in grads]
        known = iter(context.all_reduce("SUM", [g for g in own if g is not None]))
        return plain([g if g is None else next(known) for g in own], trainable_variables)

    # not tracked, and not saved: a file of this optimizer is one of any other
    object.__setattr__(optimizer, "apply", apply)

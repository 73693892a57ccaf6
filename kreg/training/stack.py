"""Jobs that differ only in numbers, trained at once; each plays its own part of it afterwards.

A stack trains all of its members together, epoch by epoch, no further than a member asks for, and
keeps their states. A job's `fit` is Keras's own with the job's own callbacks: where Keras calls the
compiled step for an epoch, the state of the job's member after this epoch is put into the model. So
stopping, measuring, saving and reporting are those of any run.
"""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kreg.training import shared_steps
from kreg.training.plan import Plan
from kreg.training.stacked_step import StackedStep, Values, variables

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

SHRINK = 4  # once no more than one in so many members is left, the others are let go


class Stack:
    """The states of all members after every epoch that one of them has asked for.

    Members play in their order: who comes before the one that asks has ended.

    Args:
        plans: One a member. Compiled for whole epochs, of one structure and of as many rows.
        step: That of an earlier stack of the same structure. Defaults to a new one.
        fuse: Whether XLA may compile it although a run of its own does without. Defaults to `True`.
    """

    def __init__(self, plans: Sequence[Plan], step: StackedStep | None = None, fuse: bool = True):
        import numpy as np

        self.steps, self.budget = plans[0].steps, plans[0].budget
        self.batch = batch_of(plans[0])
        prepare(plans[0].model, self.batch)
        fresh = plans[0].model.metrics_variables
        if step is None or not shared_steps.fits(step.model, plans[0].model):
            step = StackedStep(plans[0].model, plans[0].batch_size)
        self.step, self.may_fuse = step, fuse
        self.members = list(range(len(plans)))  # still in training: member of each place
        states = [state_of(plan.model, fresh) for plan in plans]
        self.values: Values = tensors([np.stack(parts) for parts in zip(*states, strict=True)])
        rows = [plan.data.train for plan in plans]
        self.rows = tensors(
            [np.stack([np.asarray(p.x) for p in rows]), np.stack([p.y for p in rows])]
        )
        self.seeds = [plan.seed for plan in plans]
        self.epochs: list[tuple[list[int], Values]] = []  # the members of then, and their states
        self.fused = self.fuses()

    def __len__(self) -> int:
        return len(self.seeds)

    def state_after(self, member: int, epoch: int) -> "list[np.ndarray]":
        """All variables of a member after an epoch, from 0."""
        values, place = self.found(member, epoch)
        return [part_of(value, place) for value in values]

    def found(self, member: int, epoch: int) -> tuple[Values, int]:
        """The states after an epoch, from 0, and the place of a member among them."""
        self.train(member, epoch + 1)
        members, values = self.epochs[epoch]
        return values, members.index(member)

    def states(self, member: int, first: int) -> "tuple[list[np.ndarray], int]":
        """The states of a member after some epochs from one on, and how many of them are known.

        They are as many as are measured at once; the last one that is known stands for the rest.
        """
        import numpy as np

        from kreg.measuring.ahead import AT_ONCE

        known = self.epochs[first : first + AT_ONCE]
        padded = known + known[-1:] * (AT_ONCE - len(known))
        states = [
            [part_of(value, members.index(member)) for value in values]
            for members, values in padded
        ]
        return [np.stack(parts) for parts in zip(*states, strict=True)], len(known)

    def train(self, member: int, epochs: int) -> None:
        """Train until so many epochs are known, as far as they are not, as `member` asks for it.

        A stack that goes on after an interruption is asked by the members that ended before it too:
        then the same ones are let go at the same epochs, and all numbers are the same bits.
        """
        while len(self.epochs) < epochs:
            self.shrink(member)
            order = self.order(len(self.epochs))
            x, y = self.rows
            self.values = self.step.epoch(self.values, x, y, order, self.fused)
            self.epochs.append((self.members, self.values))

    def shrink(self, first: int) -> None:
        """Go on without the members that have ended, once that is worth another trace."""
        left = [place for place, member in enumerate(self.members) if member >= first]
        if len(left) * SHRINK > len(self.members):
            return
        self.members = [self.members[place] for place in left]
        self.values = pick(self.values, left)
        self.rows = pick(self.rows, left)
        self.fused = self.fuses()

    def fuses(self) -> bool:
        """Whether XLA compiles the epochs that are left: decided by sizes, where it is traced."""
        steps = (self.budget.epochs - len(self.epochs)) * self.steps
        return self.step.fuses(len(self.members), steps, self.may_fuse)

    def order(self, epoch: int) -> "tf.Tensor":
        """Row numbers of every pass of an epoch: `(passes, members, rows)`, as each job's own."""
        import tensorflow as tf

        passes = self.budget.passes
        seeds = tf.constant([self.seeds[member] for member in self.members], tf.int64)
        return orders(seeds, epoch * passes, passes, self.rows[1].shape[1])

    def player(self, member: int, model: "keras.Model") -> Callable[[Any], dict[str, Any]]:
        """What takes the place of the model's compiled step in the `fit` of a member."""
        from kreg import private_keras
        from kreg.callbacks.shared_values import shared
        from kreg.measuring.ahead import Ahead
        from kreg.measuring.used_weights import averages

        prepare(model, self.batch)  # of all members' models only those that play have metrics
        private_keras.leave_logs(model)
        put, beside = putting(model), shared(model)
        averaged = bool(averages(model))  # what is measured then is in no state
        ahead = Ahead(model, variables(model), lambda first: self.states(member, first))

        def play(batches: Any) -> dict[str, Any]:
            epoch, known = int(model.optimizer.iterations.numpy()) // self.steps, len(self.epochs)
            self.train(member, epoch + 1)
            if known <= epoch:  # nothing is known after this epoch that could be measured with it
                put(self.state_after(member, epoch))
                beside.ahead = None
                return dict(model.get_metrics_result())
            state = ahead.at(epoch)
            put([value[state.place] for value in ahead.held])
            beside.ahead = None if averaged else (epoch, state)
            return state.numbers.metrics

        return play


def putting(model: "keras.Model") -> "Callable[[Sequence[np.ndarray]], None]":
    """A function that puts a state into the model.

    It writes past Keras's `assign`, which looks at shapes and types that are known to fit, and past
    a graph, which takes longer to be started than to run.
    """
    import tensorflow as tf

    handles = [variable.value.handle for variable in variables(model)]

    def put(state: "Sequence[np.ndarray]") -> None:
        for handle, value in zip(handles, state, strict=True):
            tf.raw_ops.AssignVariableOp(resource=handle, value=tf.constant(value))

    return put


def orders(seeds: "tf.Tensor", first: int, passes: int, rows: int) -> "tf.Tensor":
    """The orders of `passes` passes from `first` on for every seed, of one call each."""
    import tensorflow as tf

    order = compiled_orders(passes, rows)
    found: tf.Tensor = order(seeds, tf.constant(first, tf.int64))
    return found


@functools.lru_cache(maxsize=8)
def compiled_orders(passes: int, rows: int) -> Callable[..., Any]:
    """Without XLA, whose random numbers are others than those of the epoch stream."""
    import tensorflow as tf

    from kreg.data.stream import shuffled

    def order(seeds: Any, first: Any) -> Any:
        def of_a_seed(seed: Any) -> Any:
            index = tf.range(rows, dtype=tf.int64)
            return tf.stack([shuffled(index, seed, first + number) for number in range(passes)])

        return tf.transpose(tf.map_fn(of_a_seed, seeds), [1, 0, 2])

    found: Callable[..., Any] = tf.function(order, reduce_retracing=True, autograph=False)
    return found


def part_of(value: "tf.Tensor", place: int) -> "np.ndarray":
    """One member's part; on a CPU without a call of TensorFlow, which would take longer."""
    import numpy as np

    on_cpu = "CPU" in str(value.device)  # whose memory NumPy reads as it is
    found: np.ndarray = np.asarray(value)[place] if on_cpu else np.asarray(value[place])
    return found


def batch_of(plan: Plan) -> "tuple[tf.Tensor, ...]":
    """Two rows, which tell of what kind they are."""
    return tuple(tensors([plan.data.train.x[:2], plan.data.train.y[:2]]))


def prepare(model: "keras.Model", batch: "tuple[tf.Tensor, ...]") -> None:
    """Make all variables of a member's model, as its `fit` would."""
    from kreg import private_keras

    model.optimizer.build(model.trainable_variables)
    private_keras.build_metrics(model, batch)


def state_of(
    model: "keras.Model", fresh: "list[keras.Variable] | None" = None
) -> "list[np.ndarray]":
    """The values of all that a step of the model reads.

    Args:
        model: Prepared, see `prepare`.
        fresh: The metrics' variables of another model of the structure, at their start. Then this
            one needs none: to have Keras make them takes as long as to build a small model.
    """
    model.optimizer.build(model.trainable_variables)
    return [variable.numpy() for variable in variables(model, fresh)]


def tensors(arrays: "Sequence[np.ndarray]") -> Values:
    import tensorflow as tf

    return [tf.constant(array) for array in arrays]


def pick(values: Values, places: list[int]) -> Values:
    """Some of the members."""
    import tensorflow as tf

    return [tf.gather(value, places) for value in values]

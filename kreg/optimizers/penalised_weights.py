"""What a kreg optimizer knows of the weights with penalties: hidden points, strengths, starts."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from kreg import check, private_keras, schedules
from kreg.regularizers import Penalty
from kreg.regularizers.penalty import Strengths
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import at_step


@dataclasses.dataclass
class PenalisedWeight:
    """What an optimizer keeps for one weight that has a penalty.

    Attributes:
        penalty: Its penalty.
        strengths: Scalar variables by name. Each weight has its own: after loading, layers that
            shared a penalty have equal ones, and the state must fit both.
        hidden: Variable of the weight's shape, the point z of the normal map (or what a penalty
            keeps in its place), or `None`.
        start: Variable of the weight's shape: where training began, or `None`.
        started: Scalar variable: 1 once `start` holds the weight, or `None`.
        memory: What the proximal map keeps beside, by name.
    """

    penalty: Penalty
    strengths: dict[str, keras.Variable]
    hidden: keras.Variable | None = None
    start: keras.Variable | None = None
    started: keras.Variable | None = None
    memory: dict[str, keras.Variable] = dataclasses.field(default_factory=dict)

    def kept(self, name: str) -> keras.Variable:
        """The variable in which something is kept: `hidden`, or a name of `memory`."""
        found: keras.Variable = self.hidden if name == "hidden" else self.memory[name]
        return found

    def remembered(self) -> Strengths:
        """What the proximal map has kept."""
        return {name: ops.convert_to_tensor(v) for name, v in self.memory.items()}

    def values(self, dtype: str) -> Strengths:
        """The current strengths as scalars of a dtype."""
        return {name: ops.cast(v, dtype) for name, v in self.strengths.items()}

    def variables(self) -> list[keras.Variable]:
        own = (self.hidden, self.start, self.started)
        found = (v for v in own if v is not None)
        return [*self.strengths.values(), *found, *self.memory.values()]

    def has_start_of(self, shape: tuple[int, ...]) -> bool:
        return self.start is not None and tuple(self.start.shape) == shape

    def known_start(self, w: Tensor, read: Callable[..., Any] = ops.convert_to_tensor) -> Tensor:
        """The start; before the first step, the weight itself."""
        return ops.where(read(self.started) > 0, ops.cast(read(self.start), w.dtype), w)


class PenalisedWeights:
    """All penalised weights of one optimizer, by the optimizer's index of the weight.

    Attributes:
        by_index: What is kept for each of them.
        peak: Scalar variable: the largest learning rate so far, or `None` without penalties.
    """

    def __init__(self) -> None:
        self.by_index: dict[int, PenalisedWeight] = {}
        self.peak: keras.Variable | None = None

    def update(self, optimizer: keras.Optimizer, weights: Iterable[keras.Variable]) -> None:
        """Take up the penalties that the weights have now, and let the others go."""
        old, self.by_index = self.by_index, {}
        for index, weight in enumerate(weights):
            penalty = getattr(weight, "regularizer", None)
            if not isinstance(penalty, Penalty):
                continue
            known = old.get(index)
            if known is None or known.penalty is not penalty:
                known = take_up(optimizer, weight, penalty)
            self.by_index[index] = known
        if self.by_index and self.peak is None:
            self.peak = scalar(optimizer, "peak_learning_rate", 0.0)
        self.discard(optimizer, old)

    def discard(self, optimizer: keras.Optimizer, old: dict[int, PenalisedWeight]) -> None:
        """Let go of the variables and penalties that are not in use any more."""
        used = {id(v) for one in self.by_index.values() for v in one.variables()}
        penalties = {id(one.penalty) for one in self.by_index.values()}
        unused = {id(v): v for one in old.values() for v in one.variables() if id(v) not in used}
        for variable in unused.values():
            private_keras.untrack(optimizer, variable)
        for one in old.values():
            if id(one.penalty) not in penalties:
                one.penalty.unbind(optimizer)

    def last(self, variables: Sequence[keras.Variable]) -> list[keras.Variable]:
        """An optimizer's variables, those of the penalties at the end in the weights' order."""
        ours = [v for _, one in sorted(self.by_index.items()) for v in one.variables()]
        ours += [] if self.peak is None else [self.peak]
        known = {id(v) for v in ours}
        return [*(v for v in variables if id(v) not in known), *ours]

    def strengths_of(self, penalty: Penalty) -> dict[str, keras.Variable] | None:
        """The strength variables of a penalty, or `None` if no weight has it."""
        found = (one.strengths for one in self.by_index.values() if one.penalty is penalty)
        return next(found, None)

    def in_force(self, trained: Sequence[keras.Variable]) -> dict[str, dict[str, float]]:
        """The strengths now: path of the weight -> name of the strength -> number.

        Args:
            trained: The weights of the optimizer, in its order.
        """
        return {
            trained[i].path: {n: float(ops.convert_to_numpy(v)) for n, v in one.strengths.items()}
            for i, one in self.by_index.items()
        }

    def push(self, step: int) -> None:
        """Copy what the penalties say of a step into the variables that compiled steps read."""
        for one in self.by_index.values():
            for name, variable in one.strengths.items():
                variable.assign(at_step(getattr(one.penalty, name), step))

    def set(self, penalty: Penalty | None, strengths: Mapping[str, float]) -> None:
        """Change strengths of one penalty, or of all that have one of the name.

        Raises:
            ValueError: If none of them has a strength of that name.
        """
        known = {id(one.penalty): one.penalty for one in self.by_index.values()}
        penalties = list(known.values()) if penalty is None else [penalty]
        for name, value in strengths.items():
            having = [p for p in penalties if name in p.strength_names()]
            if not having:
                options = sorted({n for p in penalties for n in p.strength_names()})
                raise check.invalid("strengths", f"one of {options} (built optimizers only)", name)
            for changed in having:
                setattr(changed, name, value)

    def scheduled(self) -> list[tuple[keras.Variable, schedules.Schedule]]:
        """Each strength variable that moves, with what moves it."""
        return [
            (one.strengths[name], schedule)
            for one in self.by_index.values()
            for name, schedule in one.penalty.schedules().items()
        ]


def take_up(
    optimizer: keras.Optimizer, weight: keras.Variable, penalty: Penalty
) -> PenalisedWeight:
    """Take up one weight: its variables are made here, before any step is traced with them."""
    penalty.check_weight(weight.shape, weight.path)
    for schedule in penalty.schedules().values():
        schedule.require_steps_per_epoch()
    penalty.bind(optimizer)
    name = weight.path.replace("/", "_")
    # a scalar variable each, so that a change needs no new trace
    strengths = {n: scalar(optimizer, f"{name}_{n}", v) for n, v in penalty.strengths().items()}
    made = PenalisedWeight(penalty, strengths)
    if penalty.has_sharp:
        made.hidden = optimizer.add_variable_from_reference(weight, name="hidden")
        made.memory = {
            kept: zeros(optimizer, f"{name}_{kept}", shape, weight.dtype)
            for kept, shape in penalty.memory(weight.shape).items()
        }
    if penalty.needs_start:
        made.start = optimizer.add_variable_from_reference(weight, name="start")
        made.started = scalar(optimizer, f"{name}_started", 0.0)
    return made


def scalar(optimizer: keras.Optimizer, name: str, value: float) -> keras.Variable:
    return plain(optimizer, name, (), value, "float32")


def zeros(
    optimizer: keras.Optimizer, name: str, shape: tuple[int, ...], dtype: str
) -> keras.Variable:
    """For what is computed in float32 at least."""
    return plain(optimizer, name, shape, 0.0, "float64" if dtype == "float64" else "float32")


def plain(
    optimizer: keras.Optimizer, name: str, shape: tuple[int, ...], value: float, dtype: str
) -> keras.Variable:
    return optimizer.add_variable(
        shape=shape,
        initializer=keras.initializers.Constant(value),
        dtype=dtype,
        aggregation="only_first_replica",
        name=name,
    )

"""What a kreg optimizer knows of the penalties on its weights: slots, strengths, starts."""

import dataclasses

import keras
from keras import ops

from kreg import schedules
from kreg.regularizers import Penalty
from kreg.regularizers.strength import now


@dataclasses.dataclass
class Claim:
    """One penalised weight.

    Attributes:
        penalty: Its penalty.
        strengths: Scalar variables by name. Each weight has its own: after loading, layers that
            shared a penalty have equal ones, and the state must fit both.
        hidden: Variable of the weight's shape, the point z of the normal map, or `None`.
        start: Variable of the weight's shape: where training began, or `None`.
        started: Scalar variable: 1 once `start` holds the weight, or `None`.
    """

    penalty: Penalty
    strengths: dict[str, keras.Variable]
    hidden: keras.Variable | None = None
    start: keras.Variable | None = None
    started: keras.Variable | None = None

    def values(self, dtype) -> dict:
        """The current strengths as scalars of a dtype."""
        return {name: ops.cast(v, dtype) for name, v in self.strengths.items()}

    def variables(self) -> list[keras.Variable]:
        own = (self.hidden, self.start, self.started)
        return [*self.strengths.values(), *(v for v in own if v is not None)]

    def known_start(self, w, read=ops.convert_to_tensor):
        """The start; before the first step, the weight itself."""
        return ops.where(read(self.started) > 0, ops.cast(read(self.start), w.dtype), w)


class Claims:
    """All penalised weights of one optimizer, by the optimizer's index of the weight."""

    def __init__(self):
        self.by_index: dict[int, Claim] = {}
        self.peak = None

    def scan(self, optimizer, variables) -> None:
        """Bring the claims in line with the penalties that the weights have now."""
        old, self.by_index = self.by_index, {}
        for index, variable in enumerate(variables):
            penalty = getattr(variable, "regularizer", None)
            if not isinstance(penalty, Penalty):
                continue
            kept = old.get(index)
            same = kept is not None and kept.penalty is penalty
            self.by_index[index] = kept if same else self.new(optimizer, variable, penalty)
        if self.by_index and self.peak is None:
            self.peak = scalar(optimizer, "peak_learning_rate", 0.0)
        self.discard(optimizer, old)

    def new(self, optimizer, variable, penalty) -> Claim:
        """Claim one weight: its variables are made here, before any step is traced with them."""
        penalty.check_weight(variable.shape, variable.path)
        for schedule in penalty.schedules().values():
            schedule.require_steps_per_epoch()
        penalty.claim(optimizer)
        claim = Claim(penalty, new_strengths(optimizer, variable))
        if penalty.has_sharp:
            claim.hidden = optimizer.add_variable_from_reference(variable, name="hidden")
        if penalty.needs_start:
            claim.start = optimizer.add_variable_from_reference(variable, name="start")
            claim.started = scalar(optimizer, f"{name_of(variable)}_started", 0.0)
        return claim

    def discard(self, optimizer, old: dict[int, Claim]) -> None:
        """Let go of the variables and penalties that are not in use any more."""
        used = {id(v) for claim in self.by_index.values() for v in claim.variables()}
        penalties = {id(claim.penalty) for claim in self.by_index.values()}
        unused = {id(v): v for c in old.values() for v in c.variables() if id(v) not in used}
        for variable in unused.values():
            optimizer._untrack_variable(variable)
        for claim in old.values():
            if id(claim.penalty) not in penalties:
                claim.penalty.release(optimizer)

    def last(self, variables) -> list[keras.Variable]:
        """An optimizer's variables with those of the claims at the end, in the weights' order."""
        ours = [v for _, claim in sorted(self.by_index.items()) for v in claim.variables()]
        ours += [] if self.peak is None else [self.peak]
        known = {id(v) for v in ours}
        return [*(v for v in variables if id(v) not in known), *ours]

    def strengths_of(self, penalty) -> dict[str, keras.Variable] | None:
        """The strength variables of a penalty, or `None` if no weight has it."""
        found = (c.strengths for c in self.by_index.values() if c.penalty is penalty)
        return next(found, None)

    def scheduled(self) -> list[tuple[keras.Variable, schedules.Schedule]]:
        """Each strength variable that moves, with what moves it."""
        return [
            (claim.strengths[name], schedule)
            for claim in self.by_index.values()
            for name, schedule in claim.penalty.schedules().items()
        ]


def new_strengths(optimizer, variable) -> dict[str, keras.Variable]:
    """One scalar variable a strength, so that a change needs no new trace."""
    values = variable.regularizer.strengths()
    path = name_of(variable)
    return {name: scalar(optimizer, f"{path}_{name}", v) for name, v in values.items()}


def name_of(variable) -> str:
    return variable.path.replace("/", "_")


def scalar(optimizer, name: str, value: float) -> keras.Variable:
    return optimizer.add_variable(
        shape=(),
        initializer=keras.initializers.Constant(value),
        dtype="float32",
        aggregation="only_first_replica",
        name=name,
    )


def at(value, step: int) -> float:
    """A strength at an optimizer step."""
    return value.at_step(step) if isinstance(value, schedules.Schedule) else now(value)

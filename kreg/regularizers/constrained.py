"""A penalty inside sets: `kreg.Constrained(kreg.L1(1e-4), [kreg.MaxNorm(3.0)])`.

The proximal map of a sum is seldom that of its parts one after the other. Here it is:

- Without a kink (`L2`, `L2SP`) the penalty is in the gradient, and the projection is the whole map.
- `NonNegative` first, for penalties of the sizes `|w|` alone: for u >= 0 a negative z only adds to
  `||u - z||^2`, and what is 0 stays 0.
- `Box` last, for sums over single weights whose `step * R(u) + (u - z)^2 / 2` is convex: on a line
  the minimum over an interval is the nearest point to the minimum.
- `MaxNorm` last, for penalties with `R(t w) = t R(w)` inside each capped group, or of its norm
  alone. Source: Yu, On decomposing the proximal map, 2013.

All else is refused.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.regularizers.penalty import Penalty, Strengths
from kreg.regularizers.projections import Box, MaxNorm, NonNegative, Projection
from kreg.regularizers.prox import Tensor


@keras.saving.register_keras_serializable(package="kreg")
class Constrained(Penalty):
    """`R(w)` inside sets that no step leaves: zeros by the penalty, bounds by the constraints.

    Only combinations whose proximal map is known exactly: every penalty with `NonNegative`;
    `L1`, `ElasticNet`, `AdaptiveL1`, `MCP` and `SCAD` with `Box`; `L1`, `ElasticNet`, `AdaptiveL1`,
    and group penalties of the same axis, with `MaxNorm`; `L2` and `L2SP` with each set.
    `NonNegative` and `MaxNorm` go together.

    Args:
        penalty: A penalty of kreg. Its strengths are attributes here, too.
        constraints: A list of `NonNegative`, `Box`, `MaxNorm` or `UnitNorm`.

    Raises:
        ValueError: If the proximal map of the combination is not known, and when a model trains
            with an optimizer that cannot take the step.

    >>> import kreg
    >>> inside = Constrained(kreg.L1(1.0), [kreg.NonNegative(), kreg.MaxNorm(5.0)])
    >>> inside.prox([[7.0], [9.0], [-8.0]]).numpy().round(4)
    array([[3.],
           [4.],
           [0.]], dtype=float32)
    """

    has_sharp = True
    needs_proximal = "that takes the step of its projection"

    def __init__(self, penalty: Any, constraints: Sequence[Any]):
        self.penalty: Penalty = checked("penalty", penalty, Penalty)
        if not isinstance(constraints, list | tuple) or not constraints:
            raise check.invalid("constraints", "a list of sets: [kreg.MaxNorm(3.0)]", constraints)
        self.constraints = [checked("constraints", one, Projection) for one in constraints]
        self.has_smooth = self.penalty.has_smooth
        self.needs_start = self.penalty.needs_start
        self.steps = in_order(self.penalty, self.constraints)

    def __getattr__(self, name: str) -> Any:
        """What a penalty has besides: its strengths, `gamma`, `axis`, `strength_max`."""
        penalty = self.__dict__.get("penalty")
        if penalty is None or name.startswith("_"):
            raise AttributeError(name)
        return getattr(penalty, name)

    def __setattr__(self, name: str, value: Any) -> None:
        penalty = self.__dict__.get("penalty")
        own = penalty is None or name not in penalty.strength_names()
        object.__setattr__(self if own else penalty, name, value)

    def strength_names(self) -> list[str]:
        return self.penalty.strength_names()

    def bind(self, optimizer: keras.Optimizer) -> None:
        super().bind(optimizer)
        self.penalty.bind(optimizer)

    def unbind(self, optimizer: keras.Optimizer) -> None:
        super().unbind(optimizer)
        self.penalty.unbind(optimizer)

    def at(self, w: Tensor, s: Strengths) -> Strengths:
        return self.penalty.at(w, s)

    def smooth(self, w: Tensor, s: Strengths) -> Tensor:
        return self.penalty.smooth(w, s)

    def smooth_gradient(self, w: Tensor, s: Strengths) -> Tensor:
        return self.penalty.smooth_gradient(w, s)

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        return self.penalty.sharp(w, s)

    def sharp_subgradient(self, w: Tensor, s: Strengths) -> Tensor:
        return self.penalty.sharp_subgradient(w, s)

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        for part in self.steps:
            z = part.sharp_prox(z, step, s)
        return z

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        """Back through the maps, the last one first, each with what it saw of the former z."""
        seen = [z]
        for part in self.steps[:-1]:
            seen.append(part.sharp_prox(seen[-1], step, s))
        offset = ops.zeros_like(w)
        for part, before in zip(reversed(self.steps), reversed(seen), strict=True):
            offset = offset + part.sharp_offset(w + offset, before, step, s)
        return offset

    def sharpness(self, s: Strengths) -> Tensor:
        return self.penalty.sharpness(s)

    def widest(self) -> float:
        return self.penalty.widest()

    def own_step(self) -> float | None:
        return self.penalty.own_step()

    def averaged(self, average: Tensor, w: Tensor) -> Tensor:
        for part in (self.penalty, *self.constraints):
            average = part.averaged(average, w)
        return average

    def check_weight(self, shape: tuple[int, ...], name: str) -> None:
        for part in (self.penalty, *self.constraints):
            part.check_weight(shape, name)

    def passes_over(self, shape: tuple[int, ...]) -> str:
        return self.penalty.passes_over(shape)

    def value(self, w: Tensor, **start: Tensor) -> Tensor:
        """As in `Penalty`; `start` for a penalty that measures the distance to one."""
        return self.penalty.value(w, **start)

    def subgradient(self, w: Tensor, **start: Tensor) -> Tensor:
        """As in `Penalty`, of the penalty alone."""
        return self.penalty.subgradient(w, **start)

    def prox(self, w: Tensor, step: float = 1.0, **start: Tensor) -> Tensor:
        """As in `Penalty`: the map of the penalty and its sets together."""
        for part in self.steps if self.penalty in self.steps else [self.penalty, *self.steps]:
            w = part.prox(w, step, **(start if part is self.penalty else {}))
        return w

    def get_config(self) -> dict[str, Any]:
        return {
            "penalty": keras.regularizers.serialize(self.penalty),
            "constraints": [keras.regularizers.serialize(one) for one in self.constraints],
        }

    def __repr__(self) -> str:
        return f"Constrained({self.penalty!r}, {self.constraints!r})"


def checked(name: str, value: Any, kind: type[Penalty]) -> Any:
    """A part as it is given, or as it stands in a configuration."""
    found = keras.regularizers.get(value) if isinstance(value, dict) else value
    if not isinstance(found, kind) or isinstance(found, Constrained):
        what = "a penalty of kreg" if name == "penalty" else "sets such as kreg.NonNegative()"
        raise check.invalid(name, what, found)
    return found


def in_order(penalty: Penalty, constraints: list[Projection]) -> list[Penalty]:
    """The maps whose composition is that of the whole, the first one first.

    Raises:
        ValueError: If no order of them is.
    """
    kinked = [penalty] if penalty.has_sharp else []
    wrong = [one for one in constraints if not fits(penalty, one)]
    if wrong or not together(constraints):
        raise check.invalid(
            "constraints",
            "sets whose projection, together with the penalty, is a known proximal map",
            constraints,
            f"{penalty!r} with {wrong or constraints!r} is none; those that are stand in the "
            "docstring of kreg.Constrained.",
        )
    cones = [one for one in constraints if type(one) is NonNegative and kinked]
    others = [one for one in constraints if one not in cones]
    last = sorted(others, key=lambda one: isinstance(one, MaxNorm))
    return [*cones, *kinked, *last]


def together(constraints: list[Projection]) -> bool:
    """Whether the sets have a common projection: one of them, or the cone and the cap."""
    kinds = sorted(type(one).__name__ for one in constraints)
    return len(kinds) == 1 or kinds == ["MaxNorm", "NonNegative"]


def fits(penalty: Penalty, constraint: Projection) -> bool:
    """Whether the one map after the other is the map of both."""
    if not penalty.has_sharp:
        return True
    if type(constraint) is NonNegative:
        return penalty.with_cone
    if isinstance(constraint, Box):
        return penalty.with_box
    same = getattr(penalty, "axis", None) in (None, getattr(constraint, "axis", None))
    return isinstance(constraint, MaxNorm) and penalty.with_cap and same

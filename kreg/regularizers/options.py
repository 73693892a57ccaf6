"""`reg`: which penalty on the weights, and how strong. Strengths may be schedules."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from kreg.check import Bounds, Interval
from kreg.fields import Number, Options, kind, many, one_of, ranged, scheduled, switch, table

STRENGTH: Interval = {"low": 0}
ADAPTIVE: Interval = {"low": 0}
CONCAVITY: dict[str, Interval] = {
    "mcp": {"low": 1, "low_open": True},
    "scad": {"low": 2, "low_open": True},
}
CURVATURE: Interval = {"low": 0, "low_open": True}
BOUND: Interval = {}
NORM: Interval = {"low": 0, "low_open": True}
PERIOD: Bounds = {"low": 1}
SHARE: Interval = {"low": 0, "high": 1, "low_open": True, "high_open": True}
ACTIVITIES = ("l1", "l2", "kl")
AXES = {"inputs": -2, "outputs": -1}


def strength(default: float, meaning: str) -> Any:
    return scheduled(default, meaning, **STRENGTH)


@dataclass
class PenaltyOptions(Options):
    """What every kind has; `component` is called with the keys that only it has."""

    beside: ClassVar[tuple[str, ...]] = (
        "rules",
        "weights",
        "nonneg",
        "max_norm",
        "strength",
        "activity",
        "activity_form",
        "activity_target",
    )

    rules: list[Any] = many(
        [],
        'strengths by layer, the later ones count: [{layers: "hidden_*", l1: 1.0e-4}, {layers: '
        "head, kind: none}]",
    )
    activity: float = ranged(
        0.0,
        "beside the penalty of weights, one of what hidden units put out: its strength",
        **STRENGTH,
    )
    activity_form: str = one_of(
        "l1", ACTIVITIES, "kl: of each unit's mean to activity_target, for model.activation=sigmoid"
    )
    activity_target: float = ranged(0.05, "mean activity that activity_form=kl wants", **SHARE)

    def arguments(self) -> dict[str, Any]:
        return {
            name: value for name, value in super().arguments().items() if name not in self.beside
        }


@dataclass
class NoPenaltyOptions(PenaltyOptions):
    kind: str = kind("none")


@dataclass
class Strengthened(PenaltyOptions):
    """`strength` stands for the numbers that say how strong a kind is, whatever it calls them.

    `shares` says which of its keys these are, and how much of the strength each of them is.
    """

    shares: ClassVar[dict[str, float]] = {"l1": 1.0}
    strength: float | None = ranged(
        None,
        "one name for all kinds, so that a grid can vary both: in the place of the kind's own "
        "strength; of two each gets half",
        type=float,
        **STRENGTH,
    )

    def at(self, strength: float) -> Self:
        """The kind with that strength, under its own names."""
        own: dict[str, Any] = {name: share * strength for name, share in self.shares.items()}
        return replace(self, strength=None, **own)


@dataclass
class InsideCone(PenaltyOptions):
    """A penalty whose proximal map with `NonNegative` is known."""

    nonneg: bool = switch(False, "true: no weight is negative, either")


@dataclass
class InsideCap(PenaltyOptions):
    """A penalty whose proximal map with `MaxNorm` is known."""

    max_norm: float | None = ranged(
        None, "a cap on the norm of the weights that enter a unit, too", type=float, **NORM
    )


@dataclass
class Inside(InsideCap, InsideCone):
    """A penalty whose proximal map with both, or with one of them, is known."""


@dataclass
class Selecting(Strengthened):
    """Which weights the penalty goes to."""

    weights: str = one_of(
        "kernels",
        ("kernels", "features"),
        "features: the learned scales of model=realmlp alone, 0 drops a column; let l1 grow from 0",
    )


@dataclass
class L1Options(Selecting, Inside, component="kreg.regularizers:L1"):
    kind: str = kind("l1")
    l1: Number = strength(
        2e-4, "strength, or a schedule {kind: linear, start: 0.0, end: 2.0e-4, duration: 500}"
    )


@dataclass
class L0Options(Selecting, InsideCone, component="kreg.regularizers:L0"):
    shares = {"l0": 1.0}
    kind: str = kind("l0")
    l0: Number = strength(1e-5, "cost of a weight that is not zero; let it grow from 0")
    gamma: float = ranged(
        500.0,
        "no weight is kept below sqrt(2 * gamma * l0), none is shrunk; above the learning rate",
        **CURVATURE,
    )


@dataclass
class AdaptiveL1Options(Strengthened, Inside, component="kreg.regularizers:AdaptiveL1"):
    kind: str = kind("adaptive_l1")
    l1: Number = strength(2e-5, "strength at a weight that starts at 1")
    gamma: float = ranged(1.0, "power of the start: small weights go, large ones stay", **ADAPTIVE)


@dataclass
class L2Options(Strengthened, Inside, component="kreg.regularizers:L2"):
    shares = {"l2": 1.0}
    kind: str = kind("l2")
    l2: Number = strength(1e-4, "strength of the sum of squares, without the factor 1/2")


@dataclass
class ElasticNetOptions(Strengthened, Inside, component="kreg.regularizers:ElasticNet"):
    shares = {"l1": 0.5, "l2": 0.5}
    kind: str = kind("elasticnet")
    l1: Number = strength(1e-4, "strength of the sum of absolute values")
    l2: Number = strength(1e-4, "strength of the sum of squares")


@dataclass
class Grouped(Strengthened):
    """Which weights form a group."""

    groups: str = one_of(
        "inputs",
        tuple(AXES),
        "the weights that leave a unit, or that enter it",
    )

    def arguments(self) -> dict[str, Any]:
        found = super().arguments()
        return found | {"axis": AXES[found.pop("groups")]}


@dataclass
class GroupLassoOptions(Grouped, Inside, component="kreg.regularizers:GroupLasso"):
    kind: str = kind("group")
    l1: Number = strength(5e-4, "strength, times the root of the group's size")
    adaptive: float = ranged(
        0.0,
        "power by which small groups count more than large ones; 1: fewer, less shrunk",
        **ADAPTIVE,
    )


@dataclass
class SparseGroupLassoOptions(
    Grouped, InsideCap, InsideCone, component="kreg.regularizers:SparseGroupLasso"
):
    shares = {"l1": 0.5, "group": 0.5}
    kind: str = kind("sparse_group")
    l1: Number = strength(1e-4, "strength of single zeros")
    group: Number = strength(3e-4, "strength of zero groups")


def flattening(curve: str, default: float = 500.0) -> Any:
    """A literature's 3 or 3.7 is for standardised columns and half the squared error."""
    meaning = (
        "no size above gamma * l1 is shrunk; a larger l1 wants a smaller gamma, else it is a lasso"
    )
    return ranged(default, meaning, **CONCAVITY[curve])


@dataclass
class MCPOptions(Selecting, InsideCone, component="kreg.regularizers:MCP"):
    kind: str = kind("mcp")
    l1: Number = strength(2e-4, "the lasso's strength at zero")
    gamma: float = flattening("mcp")


@dataclass
class SCADOptions(Selecting, InsideCone, component="kreg.regularizers:SCAD"):
    kind: str = kind("scad")
    l1: Number = strength(2e-4, "the lasso's strength at zero")
    gamma: float = flattening("scad")


@dataclass
class GroupMCPOptions(Grouped, Inside, component="kreg.regularizers:GroupMCP"):
    kind: str = kind("group_mcp")
    l1: Number = strength(5e-4, "strength at zero, times the root of the group's size")
    gamma: float = flattening("mcp", 100.0)


@dataclass
class GroupSCADOptions(Grouped, Inside, component="kreg.regularizers:GroupSCAD"):
    kind: str = kind("group_scad")
    l1: Number = strength(5e-4, "strength at zero, times the root of the group's size")
    gamma: float = flattening("scad", 100.0)


@dataclass
class NuclearNormOptions(Strengthened, component="kreg.regularizers:NuclearNorm"):
    kind: str = kind("nuclear")
    l1: Number = strength(1e-3, "strength of the sum of the singular values of dense kernels")
    every: int | None = ranged(
        None,
        "steps from one decomposition to the next; null: 1 up to a smaller side of 64, else 10",
        type=int,
        **PERIOD,
    )


@dataclass
class MaxNormOptions(InsideCone, component="kreg.regularizers:MaxNorm"):
    kind: str = kind("maxnorm")
    max_value: float = ranged(3.0, "largest norm of the weights that enter a unit", **NORM)


@dataclass
class UnitNormOptions(PenaltyOptions, component="kreg.regularizers:UnitNorm"):
    kind: str = kind("unitnorm")


@dataclass
class BoxOptions(PenaltyOptions, component="kreg.regularizers:Box"):
    kind: str = kind("box")
    low: float | None = ranged(-1.0, "no weight is below; null: no bound", optional=True, **BOUND)
    high: float | None = ranged(1.0, "no weight is above; null: no bound", optional=True, **BOUND)


@dataclass
class NonNegativeOptions(InsideCap, component="kreg.regularizers:NonNegative"):
    kind: str = kind("nonneg")


@dataclass
class L2SPOptions(Strengthened, Inside, component="kreg.regularizers:L2SP"):
    shares = {"l2": 1.0}
    kind: str = kind("l2sp")
    l2: Number = strength(1e-3, "strength of the sum of squares of w - w_start")


KINDS = table(
    NoPenaltyOptions,
    L1Options,
    L0Options,
    AdaptiveL1Options,
    L2Options,
    ElasticNetOptions,
    GroupLassoOptions,
    SparseGroupLassoOptions,
    MCPOptions,
    SCADOptions,
    GroupMCPOptions,
    GroupSCADOptions,
    NuclearNormOptions,
    MaxNormOptions,
    UnitNormOptions,
    BoxOptions,
    NonNegativeOptions,
    L2SPOptions,
)

"""`reg`: which penalty on the weights, and how strong. Strengths may be schedules."""

from dataclasses import dataclass
from typing import Any

from kreg.check import Interval
from kreg.fields import Number, Options, kind, one_of, ranged, scheduled, table

STRENGTH: Interval = {"low": 0}
ADAPTIVE: Interval = {"low": 0}
CONCAVITY: dict[str, Interval] = {
    "mcp": {"low": 1, "low_open": True},
    "scad": {"low": 2, "low_open": True},
}
CURVATURE: Interval = {"low": 0, "low_open": True}
BOUND: Interval = {}
NORM: Interval = {"low": 0, "low_open": True}
AXES = {"inputs": -2, "outputs": -1}


def strength(default: float, meaning: str) -> Any:
    return scheduled(default, meaning, **STRENGTH)


@dataclass
class NoPenaltyOptions(Options):
    kind: str = kind("none")


@dataclass
class Selecting(Options):
    """Which weights the penalty goes to."""

    weights: str = one_of(
        "kernels",
        ("kernels", "features"),
        "features: the learned scales of model=realmlp alone, 0 drops a column; let l1 grow from 0",
    )

    def arguments(self) -> dict[str, Any]:
        return {name: value for name, value in super().arguments().items() if name != "weights"}


@dataclass
class L1Options(Selecting, component="kreg.regularizers:L1"):
    kind: str = kind("l1")
    l1: Number = strength(
        2e-4, "strength, or a schedule {kind: linear, start: 0.0, end: 2.0e-4, duration: 500}"
    )


@dataclass
class L0Options(Selecting, component="kreg.regularizers:L0"):
    kind: str = kind("l0")
    l0: Number = strength(1e-5, "cost of a weight that is not zero; let it grow from 0")
    gamma: float = ranged(
        500.0,
        "no weight is kept below sqrt(2 * gamma * l0), none is shrunk; above the learning rate",
        **CURVATURE,
    )


@dataclass
class L2Options(Options, component="kreg.regularizers:L2"):
    kind: str = kind("l2")
    l2: Number = strength(1e-4, "strength of the sum of squares, without the factor 1/2")


@dataclass
class ElasticNetOptions(Options, component="kreg.regularizers:ElasticNet"):
    kind: str = kind("elasticnet")
    l1: Number = strength(1e-4, "strength of the sum of absolute values")
    l2: Number = strength(1e-4, "strength of the sum of squares")


@dataclass
class Grouped(Options):
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
class GroupLassoOptions(Grouped, component="kreg.regularizers:GroupLasso"):
    kind: str = kind("group")
    l1: Number = strength(5e-4, "strength, times the root of the group's size")
    adaptive: float = ranged(
        0.0,
        "power by which small groups count more than large ones; 1: fewer, less shrunk",
        **ADAPTIVE,
    )


@dataclass
class SparseGroupLassoOptions(Grouped, component="kreg.regularizers:SparseGroupLasso"):
    kind: str = kind("sparse_group")
    l1: Number = strength(1e-4, "strength of single zeros")
    group: Number = strength(3e-4, "strength of zero groups")


def flattening(curve: str) -> Any:
    meaning = "weights above gamma * l1 are not shrunk; take that far above the learning rate"
    return ranged(500.0, meaning, **CONCAVITY[curve])


@dataclass
class MCPOptions(Selecting, component="kreg.regularizers:MCP"):
    kind: str = kind("mcp")
    l1: Number = strength(2e-4, "the lasso's strength at zero")
    gamma: float = flattening("mcp")


@dataclass
class SCADOptions(Selecting, component="kreg.regularizers:SCAD"):
    kind: str = kind("scad")
    l1: Number = strength(2e-4, "the lasso's strength at zero")
    gamma: float = flattening("scad")


@dataclass
class GroupMCPOptions(Grouped, component="kreg.regularizers:GroupMCP"):
    kind: str = kind("group_mcp")
    l1: Number = strength(5e-4, "strength at zero, times the root of the group's size")
    gamma: float = flattening("mcp")


@dataclass
class GroupSCADOptions(Grouped, component="kreg.regularizers:GroupSCAD"):
    kind: str = kind("group_scad")
    l1: Number = strength(5e-4, "strength at zero, times the root of the group's size")
    gamma: float = flattening("scad")


@dataclass
class MaxNormOptions(Options, component="kreg.regularizers:MaxNorm"):
    kind: str = kind("maxnorm")
    max_value: float = ranged(3.0, "largest norm of the weights that enter a unit", **NORM)


@dataclass
class NonNegativeOptions(Options, component="kreg.regularizers:NonNegative"):
    kind: str = kind("nonneg")


@dataclass
class L2SPOptions(Options, component="kreg.regularizers:L2SP"):
    kind: str = kind("l2sp")
    l2: Number = strength(1e-3, "strength of the sum of squares of w - w_start")


KINDS = table(
    NoPenaltyOptions,
    L1Options,
    L0Options,
    L2Options,
    ElasticNetOptions,
    GroupLassoOptions,
    SparseGroupLassoOptions,
    MCPOptions,
    SCADOptions,
    GroupMCPOptions,
    GroupSCADOptions,
    MaxNormOptions,
    NonNegativeOptions,
    L2SPOptions,
)

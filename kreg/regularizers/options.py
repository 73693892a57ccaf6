"""`reg`: which penalty on the weights, and how strong. Strengths may be schedules."""

from dataclasses import dataclass
from typing import Any

from kreg.check import Interval
from kreg.fields import Number, Options, kind, one_of, ranged, scheduled, table

STRENGTH: Interval = {"low": 0}
ADAPTIVE: Interval = {"low": 0}
AXES = {"inputs": -2, "outputs": -1}


def strength(default: float, meaning: str) -> Any:
    return scheduled(default, meaning, **STRENGTH)


@dataclass
class NoPenaltyOptions(Options):
    kind: str = kind("none")


@dataclass
class L1Options(Options, component="kreg.regularizers:L1"):
    kind: str = kind("l1")
    l1: Number = strength(
        2e-4, "strength, or a schedule {kind: linear, start: 0.0, end: 2.0e-4, duration: 500}"
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


@dataclass
class L2SPOptions(Options, component="kreg.regularizers:L2SP"):
    kind: str = kind("l2sp")
    l2: Number = strength(1e-3, "strength of the sum of squares of w - w_start")


KINDS = table(
    NoPenaltyOptions,
    L1Options,
    L2Options,
    ElasticNetOptions,
    GroupLassoOptions,
    SparseGroupLassoOptions,
    L2SPOptions,
)

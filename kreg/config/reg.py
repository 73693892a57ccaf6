"""`reg`: which penalty on the weights, and how strong. Strengths may be schedules."""

from dataclasses import dataclass

from kreg.config.fields import kind, one_of, ranged, scheduled


def strength(default: float):
    return scheduled(default, low=0)


@dataclass
class NoPenalty:
    kind: str = kind("none")


@dataclass
class L1:
    kind: str = kind("l1")
    l1: object = strength(2e-4)


@dataclass
class L2:
    kind: str = kind("l2")
    l2: object = strength(1e-4)


@dataclass
class ElasticNet:
    kind: str = kind("elasticnet")
    l1: object = strength(1e-4)
    l2: object = strength(1e-4)


@dataclass
class Group:
    kind: str = kind("group")
    l1: object = strength(5e-4)
    groups: str = one_of("inputs", "inputs", "outputs")
    adaptive: float = ranged(0.0, low=0)


@dataclass
class SparseGroup:
    kind: str = kind("sparse_group")
    l1: object = strength(1e-4)
    group: object = strength(3e-4)
    groups: str = one_of("inputs", "inputs", "outputs")


@dataclass
class L2SP:
    kind: str = kind("l2sp")
    l2: object = strength(1e-3)


KINDS = {
    "none": NoPenalty,
    "l1": L1,
    "l2": L2,
    "elasticnet": ElasticNet,
    "group": Group,
    "sparse_group": SparseGroup,
    "l2sp": L2SP,
}

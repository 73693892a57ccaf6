"""The penalties of a search by their names, each with one strength."""

from collections.abc import Callable
from typing import Any

from kreg import regularizers

GAMMA = 500.0  # as in `reg=mcp`: far above any learning rate
# each kind's penalty of a strength; of two strengths each gets half
KINDS: dict[str, Callable[[float], Any] | None] = {
    "none": None,
    "l1": lambda strength: regularizers.L1(strength),
    "l2": lambda strength: regularizers.L2(strength),
    "elasticnet": lambda strength: regularizers.ElasticNet.from_ratio(strength, 0.5),
    "group": lambda strength: regularizers.GroupLasso(strength),
    "sparse_group": lambda strength: regularizers.SparseGroupLasso(strength / 2, strength / 2),
    "mcp": lambda strength: regularizers.MCP(strength, gamma=GAMMA),
    "scad": lambda strength: regularizers.SCAD(strength, gamma=GAMMA),
    "group_mcp": lambda strength: regularizers.GroupMCP(strength, gamma=GAMMA),
    "group_scad": lambda strength: regularizers.GroupSCAD(strength, gamma=GAMMA),
    "l2sp": lambda strength: regularizers.L2SP(strength),
}


def penalty(kind: str, strength: float) -> Any:
    """The penalty of that kind and strength, `None` for `"none"`.

    >>> penalty("elasticnet", 0.01)
    ElasticNet(l1=0.005, l2=0.005)
    """
    make = KINDS[kind]
    return None if make is None else make(strength)

"""The layer table: which layer holds how many parameters, and what regularizes it.

A row is a plain dict. The callback computes the numbers with `kreg.diagnostics.weights`; a number
that was not computed is `None` or missing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

# key -> what the page's column is called
COLUMNS = {
    "name": "layer",
    "type": "type",
    "params": "parameters",
    "share": "share",
    "per_example": "per example",  # parameters for each training example
    "freedom": "degrees of freedom",  # of a linear regression: trace of the hat matrix
    "regularization": "regularized by",  # text: "L2(0.001), Dropout(0.5) after"; "" for nothing
    "norm": "‖W‖",  # Frobenius norm
    "spectral_norm": "σ₁",
    "stable_rank": "stable rank",
    "distance": "from start",  # ||W - W0|| / ||W0||
    "update_ratio": "update",  # ||dW|| / ||W|| over the last epoch
    "dead": "dead units",  # share in [0, 1]
    "zeros": "zeros",  # share of exact zeros in [0, 1]
}
# further keys: `effective`, parameters that are not exactly zero; `rank` and `full_rank` of kernels
# with a penalty of singular values, what it has left of them and the most that it could be
SHOWN = 6  # layers whose rank is told in a line


class Ranked(TypedDict):
    """A layer with a penalty of singular values."""

    name: str
    rank: int
    full_rank: int


class Totals(TypedDict):
    """Numbers of parameters, and which share of them nothing regularizes."""

    params: int
    effective: int | None
    unregularized: int
    unregularized_share: float
    largest_unregularized: str | None


def table(rows: Iterable[Mapping[str, Any]], train_rows: int | None = None) -> list[dict[str, Any]]:
    """The rows with `share`, `per_example` and `unregularized` filled in, unregularized first.

    Args:
        rows: Dicts with `name` (text), `type` (text), `params` (whole number), `trainable`
            (bool, default `True`), `regularization` (text, empty for nothing) and any other key of
            `COLUMNS`.
        train_rows: Number of training examples, or `None`.
    """
    filled = [dict(row) for row in rows]
    total = sum(row.get("params") or 0 for row in filled) or 1
    for row in filled:
        params = row.get("params") or 0
        row["share"] = params / total
        row["per_example"] = params / train_rows if train_rows else None
        bare = not row.get("regularization") and row.get("trainable", True)
        row["unregularized"] = bool(bare and params)
    return sorted(filled, key=lambda row: (not row["unregularized"], -row["share"]))


def totals(rows: Iterable[Mapping[str, Any]]) -> Totals:
    """Parameters in all and those that are not zero, the share that nothing regularizes."""
    rows = list(rows)
    params = sum(row.get("params") or 0 for row in rows)
    counted = [row["effective"] for row in rows if row.get("effective") is not None]
    bare = [row for row in rows if row.get("unregularized")]
    free = sum(row.get("params") or 0 for row in bare)
    largest = max(bare, key=lambda row: row.get("params") or 0, default=None)
    return {
        "params": params,
        "effective": sum(counted) if counted else None,
        "unregularized": free,
        "unregularized_share": free / params if params else 0.0,
        "largest_unregularized": largest["name"] if largest else None,
    }


def ranked(rows: Iterable[Mapping[str, Any]]) -> list[Ranked]:
    """The layers with a penalty of singular values.

    >>> ranked([{"name": "a", "rank": 3, "full_rank": 64}, {"name": "b"}])
    [{'name': 'a', 'rank': 3, 'full_rank': 64}]
    """
    found = [row for row in rows if row.get("rank") is not None]
    return [{"name": r["name"], "rank": r["rank"], "full_rank": r["full_rank"]} for r in found]


def ranks_told(layers: list[Ranked]) -> tuple[str, str]:
    """How much is left of all of them together, and of each.

    >>> ranks_told([{"name": "a", "rank": 3, "full_rank": 64}])
    ('3 of 64', 'a 3 of 64')
    """
    left, most = (sum(one[key] for one in layers) for key in ("rank", "full_rank"))
    each = [f"{one['name']} {one['rank']:,} of {one['full_rank']:,}" for one in layers[:SHOWN]]
    more = [f"{len(layers) - SHOWN:,} more"] if len(layers) > SHOWN else []
    return f"{left:,} of {most:,}", ", ".join(each + more)

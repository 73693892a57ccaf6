"""A run's fitted preprocessing, from the plain numbers in its `data.json`: for new rows."""

from kreg import check
from kreg.data.columns import Columns
from kreg.data.standardise import Standard

KINDS = {"standard": Standard, "columns": Columns}


def from_dict(saved: dict):
    """The fitted object that `to_dict` described: call it with rows, get float32 features.

    >>> import json
    >>> fitted = Standard.fit([[0.0], [2.0]], ["x"])
    >>> from_dict(json.loads(json.dumps(fitted.to_dict())))([[3.0]]).tolist()
    [[2.0]]
    """
    return KINDS[check.choice("kind", saved.get("kind"), KINDS)].from_dict(saved)

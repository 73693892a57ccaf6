"""The penalties of a search by name, each with one strength, as `reg.strength` makes them."""

from typing import Any

from kreg import regularizers
from kreg.regularizers.options import KINDS as OPTIONS
from kreg.regularizers.options import Strengthened

STRONG = {kind: options for kind, options in OPTIONS.items() if issubclass(options, Strengthened)}
KINDS = ("none", *STRONG)


def penalty(kind: str, strength: float) -> Any:
    """The penalty of that kind and strength, of two strengths half each; `None` for `"none"`.

    >>> penalty("elasticnet", 0.01)
    ElasticNet(l1=0.005, l2=0.005)
    """
    if kind == "none":
        return None
    options = STRONG[kind]().at(strength)
    _, _, name = options.component.partition(":")
    return getattr(regularizers, name)(**options.arguments())

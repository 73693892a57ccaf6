"""The penalties of the `reg` group on the model of a training, and what they pass over."""

import warnings
from typing import TYPE_CHECKING

from kreg.factories import activities, reg
from kreg.fields import Options

if TYPE_CHECKING:
    import keras

PASSED_OVER = (
    "reg={kind} passes over {path}: {why}. Name the layer where it is meant: "
    "reg.rules=[{{layers: {layer}}}]."
)


def attach(network: "keras.Model", cfg: Options, steps: int) -> list[str]:
    """Attach the penalties of the `reg` group to a model; sentences on their limits."""
    from kreg.surgery.regularization import attach as attach_rules
    from kreg.surgery.regularization import passed_over

    activities.penalise(network, cfg)
    rules = reg.rules(cfg, steps, network)
    if rules is None:
        return []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        attach_rules(network, rules)
    told = [str(warning.message) for warning in caught]
    for path, why in passed_over(network, rules).items():
        layer = path.rpartition("/")[0]
        told.append(PASSED_OVER.format(kind=cfg.kind, path=repr(path), why=why, layer=layer))
    return told

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
LASSO = (
    "{name}: nothing above {flat:.2g} is shrunk, which is gamma times the strength, but what it is "
    "about starts at {size:.2g} at most. It acts much like a lasso; with a gamma of {gamma:.2g} it "
    "leaves the larger half alone."
)
FAR = 10**9  # the step at which every schedule has ended
STEEP = 0.5  # of the slope at zero
LEAST = 3.7  # gamma, of standardised columns


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
    return [*told, *like_a_lasso(network)]


def like_a_lasso(network: "keras.Model") -> list[str]:
    """A sentence where a penalty that levels off is steep at the largest sizes of the start, too.

    The weights grow from there, so that it may be of use all the same: it is no mistake.
    """
    from kreg.surgery.rules import weights_of

    found = [place for _, weight in weights_of(network) if (place := levels_off(weight))]
    if not found:
        return []
    name, gamma, flat, size = min(found, key=lambda place: place[2] / place[3])
    if size >= (1 - STEEP) * flat:
        return []
    better = max(gamma * (1 - STEEP) * size / flat, LEAST)
    return [LASSO.format(name=name, flat=flat, size=size, gamma=better)]


def levels_off(weight: "keras.Variable") -> tuple[str, float, float, float] | None:
    """Of a concave penalty its name, its gamma, the size at which it is flat, and the largest."""
    from keras import ops

    from kreg.regularizers.concave import Concave
    from kreg.regularizers.strength import at_step

    found = getattr(weight.regularizer, "penalty", weight.regularizer)
    if not isinstance(found, Concave):
        return None
    height = float(found.height(weight, {"l1": at_step(found.l1, FAR)}))
    largest = float(ops.convert_to_numpy(ops.max(found.sizes(weight))))
    flat = found.gamma * height
    return (type(found).__name__, found.gamma, flat, largest) if flat and largest else None

"""What a loss asks of the kreg optimizer that trains its weights: strengths, starts, pulls."""

from collections.abc import Sequence

import keras
from keras import ops

from kreg import private_keras
from kreg.optimizers.penalised_weights import PenalisedWeights
from kreg.regularizers import Penalty
from kreg.regularizers.penalty import Strengths
from kreg.regularizers.prox import Tensor


def strengths_of(known: PenalisedWeights, penalty: Penalty) -> Strengths | None:
    """The current strengths of a penalty as float32 scalars; `None` if it is on no weight."""
    variables = known.strengths_of(penalty) or {}
    values = {name: in_loss(variable) for name, variable in variables.items()}
    complete = values and all(value is not None for value in values.values())
    return values if complete else None


def start_of(
    known: PenalisedWeights, penalty: Penalty, w: Tensor, trained: Sequence[keras.Variable]
) -> Tensor:
    """The start of the weight `w` for a penalty that measures the distance to it.

    Args:
        known: What the optimizer keeps.
        penalty: The penalty.
        w: The weight; where the loss gets arrays in the place of weights, its values.
        trained: The weights of the optimizer, in its order.

    Raises:
        ValueError: If several weights could be meant.
    """
    found = [(i, one) for i, one in known.by_index.items() if one.penalty is penalty]
    same = [one for i, one in found if trained[i] is w]
    shape = tuple(w.shape)
    candidates = same or [one for _, one in found if one.has_start_of(shape)]
    if len(candidates) > 1:
        raise ValueError(
            f"One {type(penalty).__name__} is shared by {len(candidates)} weights of shape "
            f"{shape}, and this backend does not say which is meant. Give each layer its own."
        )
    if not candidates or in_loss(candidates[0].start) is None:
        return ops.convert_to_tensor(w)
    return candidates[0].known_start(ops.convert_to_tensor(w), in_loss)


def pull_of(
    known: PenalisedWeights, penalty: Penalty, w: Tensor, trained: Sequence[keras.Variable]
) -> Strengths:
    """What the last step has kept of the pull of a penalty on the weight `w`, if it is known."""
    mine = known.by_index.items()
    found = [one for i, one in mine if one.penalty is penalty and trained[i] is w]
    if not found:
        return {}
    pull, square = (in_loss(found[0].kept(name)) for name in ("hidden", "square"))
    return {} if pull is None else {"pull": pull, "square": square}


def in_loss(variable: keras.Variable) -> Tensor | None:
    """The value of an optimizer's variable for a loss, or `None` where nobody knows it.

    JAX's trainer takes these variables away while a loss is computed. A training step gets their
    values in another way; a test step, and so `val_loss`, holds the strengths of its trace.
    """
    if keras.backend.backend() != "jax" or private_keras.model_in_step() is None:
        return ops.convert_to_tensor(variable)
    return private_keras.values_in_loss().get(id(variable))

"""The moving averages of weights put in their place: zeros stay zeros, frozen weights stay."""

from collections.abc import Callable, Sequence

import keras
from keras import ops

from kreg.optimizers.penalised_weights import PenalisedWeights
from kreg.regularizers.prox import Tensor


def written(
    write: Callable[[Sequence[keras.Variable]], None],
    weights: Sequence[keras.Variable],
    wanted: Sequence[keras.Variable],
    known: PenalisedWeights,
) -> None:
    """Write the averages into some of the weights, as their penalties allow.

    Args:
        write: Keras's own way, which takes all weights of the optimizer.
        weights: These, in its order.
        wanted: Those that are trained now; the others are frozen.
        known: What the optimizer keeps of the penalties.
    """
    trained = {id(weight) for weight in wanted}
    sharp = [
        (weights[i], one.penalty) for i, one in known.by_index.items() if one.hidden is not None
    ]
    last = [copied(weight) for weight, _ in sharp]
    frozen = [(weight, copied(weight)) for weight in weights if id(weight) not in trained]
    write(weights)
    for (weight, penalty), value in zip(sharp, last, strict=True):
        weight.assign(penalty.averaged(ops.convert_to_tensor(weight), value))
    for weight, value in frozen:
        weight.assign(value)


def copied(weight: keras.Variable) -> Tensor:
    """The value of a weight, which stays when the weight is written to."""
    return ops.copy(ops.convert_to_tensor(weight))

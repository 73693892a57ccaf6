"""How many rows are measured, so that measuring stays near a share of the training time.

Sizes decide, and no clock: the same rows are measured on every machine, however busy it is, and a
verdict is a function of seed and configuration.
"""

import math

import keras

PASSES = 3  # forward passes that a training step costs a row: one forward, about two backward
LEAST = 64  # training rows: fewer say too little
CHEAP = 2**28  # operations an epoch: some milliseconds of one core, whatever the training takes
FEWEST, MOST = 512, 2048  # validation rows: below, the error hides what an onset is worth


def rows_for(train: int | None, budget: float) -> int:
    """Validation rows that cost four fifths of `budget`.

    >>> rows_for(6000, 0.05), rows_for(1257, 0.05), rows_for(60000, 0.05), rows_for(None, 0.05)
    (720, 512, 2048, 2048)
    """
    if train is None:
        return MOST
    return min(MOST, max(FEWEST, round(0.8 * budget * PASSES * train)))


def training_rows(
    rows: int, *, beside: int, trained: int | None, operations: float, budget: float
) -> int:
    """How many of the chosen training rows are measured in every epoch.

    All of them where that is cheap; else as many as `budget` leaves beside the validation rows, but
    not below 64.

    Args:
        rows: Training rows that were chosen.
        beside: Validation rows that are measured, too.
        trained: Rows that an epoch trains on; `None` where that is not known: all are measured.
        operations: Of one forward pass of one row; see `operations`.
        budget: Share of the training time.

    >>> training_rows(2048, beside=0, trained=6000, operations=1e7, budget=0.05)
    900
    >>> training_rows(49, beside=11, trained=49, operations=8e3, budget=0.05)
    49
    """
    if trained is None or rows * operations <= CHEAP:
        return rows
    return min(rows, max(LEAST, int(budget * PASSES * trained) - beside))


def operations(model: keras.Model) -> float:
    """About how many operations one forward pass of one row costs; infinity where that is unknown.

    Each weight counts two in each place of the feature map, a look-up in a table as if it were a
    product: rather too many than too few.
    """
    return sum(_operations(layer) for layer in _leaves(model))


def _leaves(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    inner = getattr(layer, "layers", None)
    return [layer] if inner is None else [leaf for part in inner for leaf in _leaves(part)]


def _operations(layer: keras.layers.Layer) -> float:
    weights = sum(math.prod(weight.shape) for weight in layer.weights)
    return 2.0 * weights * _places(layer) if weights else 0.0


def _places(layer: keras.layers.Layer) -> float:
    """In how many places the weights are applied; infinitely many where the sizes are open."""
    try:
        tensors = keras.tree.flatten([layer.input, layer.output])
    except (AttributeError, ValueError):  # of a subclassed model, whose graph nobody knows
        return math.inf
    first = getattr(layer, "data_format", None) == "channels_first"
    spaces = [tensor.shape[2:] if first else tensor.shape[1:-1] for tensor in tensors]
    return max(math.prod(math.inf if n is None else n for n in space) for space in spaces)


def sentence(measured: int, chosen: int, total: int | None = None) -> str:
    """What was thinned, or nothing.

    Args:
        measured: Training rows on the curve.
        chosen: Training rows that are held for the numbers at the end.
        total: All training rows, where that is known.
    """
    if measured == chosen:
        return ""
    rows = f"{measured:,} of {total or chosen:,} training rows"
    return f"To save time the clean training curve uses {rows}."

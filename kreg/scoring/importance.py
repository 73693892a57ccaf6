"""Permutation importance: how much worse the predictions are when a column tells nothing.

The values of one column are dealt to other rows, the others stay, and the loss is taken again. The
rise is the column's importance, the mean over some such deals. Of two columns that say the same,
each looks unimportant: the other one stands in. Source: Breiman, Random forests, 2001.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.scoring import tasks

Array = NDArray[Any]
REPEATS = 5
ROWS = 1_000  # at most, of the validation rows
FEWEST_ROWS = 50
COLUMNS = 50  # at most
AT_ONCE = 8_192  # rows
CELLS = 20_000_000  # of one block of rows


def affordable(passes: int, rows: int, columns: int) -> tuple[int, int]:
    """How many rows and columns a number of predicted rows is enough for.

    >>> affordable(100_000, 500, 30), affordable(10_000, 500, 30), affordable(10_000, 500, 9_000)
    ((500, 30), (66, 30), (50, 40))
    """
    columns = min(columns, COLUMNS)
    if not columns:
        return 0, 0
    rows = min(rows, ROWS)
    kept = min(max(passes // (REPEATS * columns), FEWEST_ROWS), rows)
    return kept, max(min(columns, passes // (REPEATS * max(kept, 1))), 1)


def measured(
    predict: Callable[[Array], Array],
    x: Array,
    groups: Sequence[Array],
    measure: Callable[[Array], Array],
) -> tuple[Array, Array]:
    """How much each measure changes when a group of columns is dealt anew.

    Args:
        predict: From rows as `x` to predictions.
        x: Rows as the model reads them, `(rows, width)`.
        groups: The places of each column among the `width`; a column of words has several.
        measure: From predictions of these rows to `(measures,)`.

    Returns:
        Mean change `(groups, measures)` and its standard deviation over the deals.
    """
    before, jobs = measure(predict(x)), [(g, r) for g in range(len(groups)) for r in range(REPEATS)]
    after = np.empty((len(groups), REPEATS, len(before)))
    together = max(min(AT_ONCE, CELLS // max(x.shape[1], 1)) // len(x), 1)
    for begin in range(0, len(jobs), together):
        some = jobs[begin : begin + together]
        said = predict(np.concatenate([dealt(x, groups[g], g, r) for g, r in some]))
        for place, (g, r) in enumerate(some):
            after[g, r] = measure(said[place * len(x) : (place + 1) * len(x)])
    change = after - before
    return change.mean(axis=1), change.std(axis=1, ddof=1)


def dealt(x: Array, places: Array, group: int, repeat: int) -> Array:
    """The rows, with the values of some places dealt to other rows, all of a row together."""
    order = np.random.default_rng([group, repeat]).permutation(len(x))
    found = x.copy()
    found[:, places] = x[order][:, places]
    return found


def measures(
    task: str, known: Array, threshold: float
) -> tuple[list[str], Callable[[Array], Array]]:
    """What is measured of a task: names, and a function of its predictions.

    The first one is what the columns are ordered by.
    """
    if task == "regression":
        spread = np.maximum(((known - known.mean(axis=0)) ** 2).mean(axis=0), tasks.TINY)

        def errors(values: Array) -> Array:
            square = ((values - known) ** 2).mean(axis=0)
            share = float((square / spread).mean())
            return np.array([share, np.sqrt(square[0])][: 2 if len(square) == 1 else 1])

        return ["unexplained", "rmse"][: 2 if known.shape[1] == 1 else 1], errors
    if task == "multilabel":
        return ["loss", "error"], lambda values: _of_labels(values, known)

    def classes(values: Array) -> Array:
        wrong = tasks.said(task, values, threshold) != known
        return np.array([tasks.losses(values, known).mean(), wrong.mean()])

    return ["loss", "error"], classes


def _of_labels(values: Array, known: Array) -> Array:
    loss = tasks.label_losses(values, known).mean()
    return np.array([loss, ((values >= tasks.HALF) != (known >= tasks.HALF)).mean()])

"""What the measured rows themselves say: findings without which no verdict is right."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import stats

from kreg.measuring.neighbours import features
from kreg.measuring.predictions import PredictionReader
from kreg.measuring.rows import Rows

FAR = 100.0  # interquartile ranges from the median: no tail of data reaches so far
RARE = 0.05  # share of rows up to which far values are outliers, not a second cluster
UNSCALED = 100.0  # standard deviations between the targets' mean and zero
SHARE = 0.02  # of validation rows that are training rows: less is chance in coarse data
SMALL = 0.02  # share of rows below which a class is rare, where there are two
SURE = 1e-6  # p-value of a shift: many columns are asked
SHIFTED = 0.5  # standard deviations by which a shift matters


def findings(
    train: Rows, validation: Rows | None, reader: PredictionReader, names: Sequence[str] = ()
) -> list[str]:
    """Sentences about the rows; each limits what a verdict may say.

    Args:
        train: Training rows.
        validation: Validation rows, or `None`.
        reader: How the model's output is read.
        names: Of the inputs, where they are columns that have some. Defaults to `()`.
    """
    x, y = features(train), targets(train)
    found = [] if x is None else inputs(x, names)
    if reader.task == "regression" and y is not None:
        found += values(y)
    if validation is None:
        return found
    other, labels = features(validation), targets(validation)
    if x is not None and other is not None:
        found += again(train, x, validation, other) or shift(x, other, names)
    if reader.kind in ("sparse", "binary") and y is not None and labels is not None:
        found += classes(y.astype(int), labels.astype(int))
    return found


def targets(rows: Rows) -> np.ndarray | None:
    """One number a row, shape (n,), or `None`."""
    y = rows.y
    plain = isinstance(y, np.ndarray) and y.size == len(rows) and y.dtype.kind in "fiub"
    return y.reshape(-1).astype(float) if plain else None


def called(column: int, names: Sequence[str], count: int) -> str:
    """An input by its name, or by its position from zero."""
    return f"Column {names[column]!r}" if len(names) == count else f"Input {column}"


def inputs(x: np.ndarray, names: Sequence[str] = ()) -> list[str]:
    """Inputs that do not vary, and values far outside of their column."""
    if not np.ptp(x, axis=0).any():
        return ["No input varies between the training rows: there is nothing to learn from."]
    far = outlying(x)
    column = int(far.sum(axis=0).argmax())
    if not far[:, column].any():
        return []
    return [
        f"{called(column, names, x.shape[1])} has values in {far[:, column].mean():.1%} of the "
        f"training rows that are up to {reach(x[:, column]):.3g} interquartile ranges from its "
        "median: clip or remove them."
    ]


def reach(values: np.ndarray) -> float:
    """The largest distance from the median, in interquartile ranges: it has no unit.

    >>> reach(np.array([0.0, 1.0, 2.0, 3.0, 4.0, 102.0]))
    39.8
    """
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(np.abs(values - middle).max() / (high - low))


def values(y: np.ndarray) -> list[str]:
    """Targets that do not vary, lie far outside, or far from zero in their own unit."""
    if not np.ptp(y):
        return ["All training targets are the same: there is nothing to learn."]
    far = outlying(y[:, None])[:, 0]
    if far.any():
        return [
            f"{far.mean():.1%} of the training targets are outliers, up to {reach(y):.3g} "
            "interquartile ranges from their median: look at them, or use a robust loss (huber)."
        ]
    if abs(y.mean()) > UNSCALED * y.std() > 0:
        return [
            f"The targets are {y.mean():.3g} +- {y.std():.2g}: subtract the mean and divide by the "
            "spread before training."
        ]
    return []


def outlying(x: np.ndarray) -> np.ndarray:
    """Booleans of the shape (n, columns): values that are rare and far from their column's middle.

    >>> outlying(np.array([[0.0], [1.0], [2.0], [3.0]] * 10 + [[1e6]])).sum().item()
    1
    """
    low, middle, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
    far = np.abs(x - middle) > FAR * (high - low)
    return far & (high > low) & (far.mean(axis=0) <= RARE)


def again(train: Rows, x: np.ndarray, validation: Rows, other: np.ndarray) -> list[str]:
    """Validation rows that are training rows as well, target included.

    Where training rows of equal inputs differ in the target, none of them tells the answer.
    """
    known: dict[bytes, set[float | None]] = {}
    for key, target in answers(train, x):
        known.setdefault(key, set()).add(target)
    same = float(np.mean([known.get(key) == {told} for key, told in answers(validation, other)]))
    if same <= SHARE or not np.ptp(x, axis=0).any():
        return []
    return [
        f"{same:.0%} of the measured validation rows are training rows as well: that share of the "
        "validation loss is memory."
    ]


def answers(rows: Rows, x: np.ndarray) -> Iterator[tuple[bytes, float | None]]:
    """The inputs of each row as bytes, and its target, if that is one number."""
    y = targets(rows)
    return ((row.tobytes(), None if y is None else float(y[i])) for i, row in enumerate(x))


def shift(x: np.ndarray, other: np.ndarray, names: Sequence[str] = ()) -> list[str]:
    """Inputs that are distributed otherwise on the two sides."""
    spread = np.sqrt((x.var(axis=0) + other.var(axis=0)) / 2)
    gap = np.abs(x.mean(axis=0) - other.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    column = int(gap.argmax())
    chance = stats.mannwhitneyu(x[:, column], other[:, column]).pvalue * x.shape[1]
    if gap[column] < SHIFTED or chance > SURE:
        return []
    return [
        f"{called(column, names, x.shape[1])} differs between training and validation rows by "
        f"{gap[column]:.1f} standard deviations: they are not from one distribution."
    ]


def classes(y: np.ndarray, other: np.ndarray) -> list[str]:
    """A rare class; classes in other shares."""
    count = int(max(y.max(), other.max())) + 1
    table = np.array([np.bincount(side, minlength=count) for side in (y, other)])
    table = table[:, table.sum(axis=0) > 0]
    found = []
    share = table.sum(axis=0) / table.sum()
    if len(share) == 2 and share.min() < SMALL:
        found.append(
            f'One class has {share.min():.1%} of the rows, so "always the other" is right in '
            f"{share.max():.1%}: judge by precision and recall, weigh the classes."
        )
    if table.shape[1] > 1 and stats.chi2_contingency(table).pvalue < SURE:
        found.append(
            "The classes have other shares in validation than in training: split at random or "
            "stratified, or expect a shift."
        )
    return found

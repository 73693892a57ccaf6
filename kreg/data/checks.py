"""What is checked before the first step: errors where training would be meaningless, else warnings.

Every finding is one sentence that names the split, the column and what to do.
"""

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from kreg import check
from kreg.data import leaks
from kreg.data.dataset import SAMPLE, TASKS, Array, Data, Raw, is_lazy, on_disk
from kreg.data.splits import Rows, Splitting

MAX_ROWS = 50_000_000
ON_DISK = 4_000_000_000  # rows of a table that is never held
HUGE = 1e4  # unscaled columns above it stall a gradient
OVERFLOW = 1e18  # squares of values above it are infinite in float32
NAMED = 5  # columns that a sentence names before it counts the rest


def check_raw(raw: Raw) -> None:
    """Refuse rows and labels that no split could repair."""
    check.choice("task", raw.task, TASKS)
    rows = len(raw.y)
    if len(raw.x) != rows:
        raise ValueError(f"{raw.name}: {len(raw.x)} rows of inputs but {rows} targets.")
    most = ON_DISK if on_disk(raw.x) else MAX_ROWS
    if not 3 <= rows <= most:
        raise ValueError(f"{raw.name}: {rows} rows; kreg trains on 3 to {most:,} rows.")
    for y in [raw.y] + ([raw.test[1]] if raw.test else []):
        _check_targets(raw, np.asarray(y))
    if raw.weight is not None:
        _check_weights(raw, np.asarray(raw.weight))
    if np.asarray(raw.x[:1]).dtype.kind == "c":
        raise ValueError(f"{raw.name}: the inputs are complex numbers. Give real and imaginary "
                         "parts as columns of their own.")  # fmt: skip


def _check_weights(raw: Raw, weight: Array) -> None:
    if weight.shape != (len(raw.y),) or weight.dtype.kind not in "iufb":
        raise ValueError(
            f"{raw.name}: weight must be one number a row; it is {weight.dtype} of shape "
            f"{weight.shape}."
        )
    wrong = ~np.isfinite(weight) | (weight < 0)
    if wrong.any():
        raise ValueError(
            f"{raw.name}: {int(wrong.sum())} of {len(weight)} weights are negative or not finite, "
            f"the first of them {weight[wrong][0]:g}. A weight is a number from 0 on."
        )
    if weight.max() > OVERFLOW:
        raise ValueError(
            f"{raw.name}: weights up to {weight.max():g} overflow float32. Divide them by their "
            "mean."
        )


def _check_targets(raw: Raw, y: Array) -> None:
    if y.dtype.kind not in "iufb":
        raise ValueError(f"{raw.name}: the target is not numeric ({y.dtype}).")
    missing = int((~np.isfinite(y)).sum()) if y.dtype.kind == "f" else 0
    if missing:
        raise ValueError(
            f"{raw.name}: {missing} of {len(y)} targets are missing or not finite. "
            "Remove those rows."
        )
    classes = len(raw.class_names)
    if raw.task == "regression" and len(y) and np.abs(y).max() > OVERFLOW:
        raise ValueError(
            f"{raw.name}: targets up to {np.abs(y).max():g}; their squares overflow float32. "
            "Rescale the target."
        )
    if raw.task == "regression" or not len(y):
        return
    if raw.task == "multilabel":
        _check_labels(raw, y)
        return
    if y.dtype.kind == "f" and (y != np.rint(y)).any():
        raise ValueError(f"{raw.name}: class ids must be whole numbers; found {y[y % 1 != 0][0]}.")
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(
            f"{raw.name}: labels must be from 0 to {classes - 1}, one for each of the {classes} "
            f"classes; found {y.min()} to {y.max()}."
        )


def _check_labels(raw: Raw, y: Array) -> None:
    if y.ndim != 2 or not np.isin(y, (0, 1)).all():
        strange = y[~np.isin(y, (0, 1))].tolist()
        found = strange[0] if strange else f"shape {y.shape}"
        raise ValueError(f"{raw.name}: labels are columns of 0 and 1; found {found}.")


def check_sizes(raw: Raw, rows: Rows, how: Splitting) -> None:
    """Refuse an empty split; only the test split may be left out, by `test=0`."""
    tested = how.test > 0 and raw.test is None and raw.validation is None
    for name, part in zip(rows._fields, rows, strict=True):
        wanted = {"test": tested, "fold": bool(how.folds)}.get(name, True)
        if wanted and not len(part):
            raise ValueError(
                f"{raw.name}: the {name} split is empty ({len(raw.y)} rows in all). "
                "Change data.validation, data.test or data.folds, or bring more rows."
            )


def examine(data: Data, raw: Raw, rows: Rows) -> list[str]:
    """Errors in the assembled splits are raised; everything doubtful is returned as sentences."""
    _check_weight_sums(data)
    found = _classes(data)
    looked_at, sampled = _looked_at(data)
    found += sampled + _columns(looked_at) + _merged_levels(data)
    found += leaks.duplicates(data)
    if not data.is_image:
        found += leaks.revealing_columns(looked_at)
    found += leaks.straddling_groups(raw, rows)
    return [f"{data.name}: {sentence}" for sentence in found]


def _looked_at(data: Data) -> tuple[Data, list[str]]:
    """What the checks of single columns look at, and a sentence where that is a sample."""
    if not on_disk(data.train.x):
        return data, []
    parts = {name: split.sample() for name, split in data.splits.items()}
    whole = all(len(parts[name]) == len(split) for name, split in data.splits.items())
    told = (
        f"what reveals the target, is constant or too large is looked for in {SAMPLE:,} rows of "
        "each split at most, and scores are measured on these; columns that may be groups are not "
        "looked for."
    )
    train, validation, test = (parts[name] for name in ("train", "validation", "test"))
    looked_at = dataclasses.replace(
        data, train=train, validation=validation, test=test, fold=parts.get("fold")
    )
    return looked_at, [] if whole else [told]


def _check_weight_sums(data: Data) -> None:
    """Rows that all weigh nothing teach nothing and measure nothing."""
    for name, split in data.splits.items():
        if split.weight is not None and len(split) and not np.asarray(split.weight).any():
            raise ValueError(f"{data.name}: every row of the {name} split has the weight 0.")


def _classes(data: Data) -> list[str]:
    if data.task == "regression":
        if np.ptp(data.train.y, axis=0).max() == 0:
            raise ValueError(f"{data.name}: every training target is {data.train.y[0, 0]:g}.")
        return []
    if data.task == "multilabel":
        return _labels(data)
    present = {name: set(np.unique(split.y).tolist()) for name, split in data.splits.items()}
    if len(present["train"]) < 2:
        only = data.class_names[next(iter(present["train"]))]
        raise ValueError(f"{data.name}: the training split has a single class, {only!r}.")
    found = []
    for name in (name for name in data.splits if name != "train"):
        missing = sorted(set(range(len(data.class_names))) - present[name])
        if missing and len(data.splits[name]):
            found.append(f"{_listed([data.class_names[i] for i in missing])} missing in {name}.")
    unseen = sorted(set.union(*present.values()) - present["train"])
    if unseen:
        names = _listed([data.class_names[i] for i in unseen])
        found.append(f"{names} missing in train, so it cannot be learned.")
    return found


def _labels(data: Data) -> list[str]:
    """Labels that every training row has, or none."""
    share = data.train.y.mean(axis=0)
    if np.isin(share, (0, 1)).all():
        raise ValueError(f"{data.name}: all training rows have the same labels.")
    found = []
    for value, who in ((0, "no"), (1, "every")):
        names = [data.target_names[i] for i in np.flatnonzero(share == value)]
        if names:
            found.append(f"{who} training row has {_listed(names)}, so it cannot be learned.")
    return found


def _columns(data: Data) -> list[str]:
    """Non-finite, overflowing, huge and constant inputs."""
    if is_lazy(data.train.x) or data.train.x.dtype == np.uint8:
        return []
    for name, split in data.splits.items():
        _check_finite(data, name, split.flat())
    if data.is_image:
        return []
    flat = data.train.flat()
    largest = np.abs(flat).max(axis=0)
    found = []
    if (largest > HUGE).any():
        names = _names(data, largest > HUGE)
        found.append(f"{names}: values up to {largest.max():.3g}; standardise the columns.")
    constant = np.asarray(np.ptp(flat, axis=0) == 0)
    if constant.any():
        found.append(f"{_names(data, constant)}: constant in train, so it can teach nothing.")
    return found


def _merged_levels(data: Data) -> list[str]:
    """Categories that cannot be told apart any more."""
    merged = getattr(data.preprocessing, "merged", {})
    return [
        f"the {rare:,} rarest categories of column {name!r} share one feature. A larger "
        "data.max_categories gives them one each."
        for name, rare in merged.items()
    ]


def _check_finite(data: Data, split: str, flat: Array) -> None:
    bad = ~np.isfinite(flat).all(axis=0)
    if bad.any():
        raise ValueError(
            f"{data.name}: non-finite values in {split}, {_names(data, bad)}. "
            "Remove or replace them."
        )
    if len(flat) and np.abs(flat).max() > OVERFLOW:
        over = np.abs(flat).max(axis=0) > OVERFLOW
        raise ValueError(
            f"{data.name}: values above {OVERFLOW:g} in {split}, {_names(data, over)}; they "
            "overflow float32. Rescale the columns."
        )


def _names(data: Data, mask: ArrayLike) -> str:
    columns = np.flatnonzero(mask)
    known = data.feature_names
    names = [known[i] if i < len(known) else str(i) for i in columns]
    return f"column{'s' if len(names) > 1 else ''} {_listed(names)}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(repr, names[:NAMED])) + more

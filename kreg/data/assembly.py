"""From the rows of a source to `Data`: split, fit on the training rows, add noise, check."""

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kreg.data import checks
from kreg.data.dataset import CLASSES, Array, Data, Inputs, Raw, Split, on_disk
from kreg.data.preprocessing import Fitted, Standard, numbered_columns
from kreg.data.splits import Indices, Rows, Splitting, split_rows, subset, with_label_noise

LONGEST_NAME = 64
UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|`$&\u200b-\u200f\u2028-\u202e\ufeff]+')


def assemble(raw: Raw, how: Splitting | None = None, *, scale_target: bool = True) -> Data:
    """Split, preprocess and check a source's rows.

    Everything that is fitted (means, scales, categories) is fitted on the training rows alone.

    Args:
        raw: What the source read.
        how: A `Splitting`. Defaults to `Splitting()`.
        scale_target: Whether regression targets are standardised; `Data.target_mean` and
            `Data.target_scale` undo it. Defaults to `True`.

    Raises:
        ValueError: One sentence, where training on these rows would be meaningless.
    """
    how = how or Splitting()
    checks.check_raw(raw)
    rows = _dealt(raw, how)
    fitted = raw.preprocess(raw.rows(rows.train)) if raw.preprocess else None
    train, validation, test, fold = (_split(raw, part, fitted) for part in rows)
    if raw.test is not None:
        test = Split(_inputs(raw.test[0], fitted), _targets(raw.test[1], raw.task))
    data = _data(raw, (train, validation, test), fitted)
    data.fold = fold if how.folds else None
    if raw.test is None and raw.validation is None:
        data.places = _places(data, rows)
    data.warnings += checks.examine(data, raw, rows)
    _finish_targets(data, how, scale_target)
    return data


def _dealt(raw: Raw, how: Splitting) -> Rows:
    """The rows of each split, of the training rows those that are kept."""
    own_test = raw.test is not None
    if raw.dealing is not None and raw.validation is None:
        rows = raw.dealing.split(how, own_test)
        checks.check_sizes(raw, rows, how)
        return rows._replace(train=raw.dealing.subset(rows.train, how))
    labels = strata(raw)
    rows = split_rows(
        labels,
        how,
        group=raw.group,
        time=raw.time,
        own_test=own_test,
        validation=raw.validation,
    )
    checks.check_sizes(raw, rows, how)
    return rows._replace(train=subset(rows.train, labels, how))


def strata(raw: Raw) -> Array:
    """What the splits are stratified by: whole numbers are classes, floats are numbers.

    Rows with several labels go by the set of these.
    """
    if raw.task == "multilabel":
        return np.unique(raw.y, axis=0, return_inverse=True)[1].reshape(-1)
    return np.asarray(raw.y, float if raw.task == "regression" else np.int64)


def _places(data: Data, rows: Rows) -> dict[str, NDArray[np.integer[Any]]]:
    """The numbers of the rows of each split; rows on the disk know theirs."""
    found: dict[str, NDArray[np.integer[Any]]] = dict(
        zip(("train", "validation", "test", "fold"), rows, strict=True)
    )
    return found | {n: part.x.index for n, part in data.splits.items() if on_disk(part.x)}


def _split(raw: Raw, rows: Indices, fitted: Fitted | None) -> Split:
    weight = None if raw.weight is None else np.asarray(raw.weight, np.float32)[rows]
    return Split(_inputs(raw.rows(rows), fitted), _targets(raw.y[rows], raw.task), weight)


def _inputs(x: Any, fitted: Fitted | None) -> Inputs:
    if on_disk(x):
        return x.prepared(fitted)
    inputs: Inputs = fitted(x) if fitted else x
    return inputs


def _targets(y: ArrayLike, task: str) -> Array:
    if task in CLASSES:
        return np.asarray(y, np.int32)
    targets = np.asarray(y, np.float32)
    return targets.reshape(len(targets), math.prod(targets.shape[1:]))


def _data(raw: Raw, splits: tuple[Split, Split, Split], fitted: Fitted | None) -> Data:
    train, validation, test = splits
    classes = len(raw.class_names)
    outputs = {"binary": 1, "classification": classes}.get(raw.task) or train.y.shape[1]
    names = list(getattr(fitted, "names", None) or raw.feature_names)
    if not names and not raw.is_image:
        names = numbered_columns(train.x)
    return Data(
        name=safe(raw.name),
        task=raw.task,
        train=train,
        validation=validation,
        test=test,
        outputs=outputs,
        class_names=safe_all(raw.class_names),
        target_names=safe_all(raw.target_names or _numbered(outputs, raw.task)),
        feature_names=safe_all(names),
        is_image=raw.is_image,
        preprocessing=fitted,
        warnings=list(raw.warnings),
        words=[str(name) for name in raw.class_names or raw.target_names],
        reading=dict(raw.reading),
    )


def _numbered(outputs: int, task: str) -> list[int]:
    """Numbers in place of the names of several targets that have none."""
    return [] if task in CLASSES or outputs == 1 else list(range(outputs))


def _finish_targets(data: Data, how: Splitting, scale_target: bool) -> None:
    """Noise on the training labels, then the scale of the clean training targets."""
    clean = data.train.y
    if data.task == "multilabel":  # each label of a row is a class of two
        flipped = with_label_noise(clean.reshape(-1).astype(np.int32), 2, how)
        data.train.y = flipped.reshape(clean.shape).astype(np.float32)
        return
    data.train.y = with_label_noise(clean, len(data.class_names), how)
    if data.task == "regression" and scale_target:
        scaler = Standard.fit(clean)
        for split in data.splits.values():
            split.y = scaler(split.y)
        data.target_mean = scaler.mean.tolist()
        data.target_scale = scaler.scale.tolist()


def safe(name: object, fallback: str = "unnamed") -> str:
    """A name from the outside world, fit for files, TensorBoard tags and reports.

    No path separators, control characters, shell or HTML signs, leading dots, or great length.

    >>> safe("../../etc/passwd")
    '_.._etc_passwd'
    >>> safe("T-shirt/top")
    'T-shirt_top'
    """
    text = UNSAFE.sub("_", str(name)).strip().lstrip(".")
    return text[:LONGEST_NAME].strip() or fallback


def safe_all(names: Iterable[object]) -> list[str]:
    """Safe and still different: a name that appears again gets a number."""
    seen: dict[str, int] = {}
    result: list[str] = []
    for name in map(safe, names):
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result

"""From the rows of a source to `Data`: split, fit on the training rows, add noise, check."""

import numpy as np

from kreg.data import checks
from kreg.data.dataset import Data, Split
from kreg.data.names import safe, safe_all
from kreg.data.raw import Raw
from kreg.data.splits import Splitting, split_rows, subset, with_label_noise
from kreg.data.standardise import Standard


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
    rows = split_rows(raw.y, how, group=raw.group, time=raw.time, own_test=raw.test is not None)
    checks.check_sizes(raw, rows, how)
    train_rows = subset(rows[0], raw.y, how)
    rows = (train_rows, *rows[1:])
    fitted = raw.preprocess(raw.rows(train_rows)) if raw.preprocess else None
    splits = [_split(raw, part, fitted) for part in rows]
    if raw.test is not None:
        splits[2] = _own_test(raw, fitted)
    data = _data(raw, splits, fitted)
    data.warnings += checks.examine(data, raw, rows)
    _finish_targets(data, how, scale_target)
    return data


def _split(raw: Raw, rows, fitted) -> Split:
    x = fitted(raw.rows(rows)) if fitted else raw.rows(rows)
    weight = None if raw.weight is None else np.asarray(raw.weight, np.float32)[rows]
    return Split(x, _targets(raw.y[rows], raw.task), weight)


def _own_test(raw: Raw, fitted) -> Split:
    x, y = raw.test
    return Split(fitted(x) if fitted else x, _targets(y, raw.task))


def _targets(y, task: str) -> np.ndarray:
    if task != "regression":
        return np.asarray(y, np.int32)
    y = np.asarray(y, np.float32)
    return y.reshape(len(y), -1)


def _data(raw: Raw, splits, fitted) -> Data:
    train, validation, test = splits
    classes = len(raw.class_names)
    outputs = {"binary": 1, "classification": classes}.get(raw.task) or train.y.shape[1]
    names = list(getattr(fitted, "names", None) or raw.feature_names)
    return Data(
        name=safe(raw.name),
        task=raw.task,
        train=train,
        validation=validation,
        test=test,
        outputs=outputs,
        class_names=safe_all(raw.class_names),
        feature_names=safe_all(names),
        is_image=raw.is_image,
        preprocessing=fitted,
        warnings=list(raw.warnings),
    )


def _finish_targets(data: Data, how: Splitting, scale_target: bool) -> None:
    """Noise on the training labels, then the scale of the clean training targets."""
    clean = data.train.y
    data.train.y = with_label_noise(clean, len(data.class_names), how)
    if data.task == "regression" and scale_target:
        scaler = Standard.fit(clean)
        for split in data.splits.values():
            split.y = scaler(split.y)
        data.target_mean = scaler.mean.tolist()
        data.target_scale = scaler.scale.tolist()

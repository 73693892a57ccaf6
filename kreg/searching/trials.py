"""One training of a search: on the rows of one fold and seed, scored on the rows held out."""

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kreg import check, weight_names
from kreg.callbacks import NonFinite
from kreg.data.splits import Indices, Rows, Splitting, split_rows
from kreg.fitting import fit
from kreg.measuring import clean_evaluator, take
from kreg.surgery import sparsity

OBJECTIVE = "fold_clean_loss"
SHARE = 0.15  # of all rows: what early stopping looks at


@dataclass(frozen=True)
class Data:
    """The rows, as arrays or nests of arrays.

    Args:
        x, y: Inputs and targets.
        strata: One label or number a row, by which the folds are alike.
    """

    x: Any
    y: Any
    strata: np.ndarray

    @classmethod
    def of(cls, x: Any, y: Any) -> "Data":
        """Checked: arrays with the same number of rows."""
        x, y = (keras.tree.map_structure(as_array, part) for part in (x, y))
        lengths = {len(leaf) for leaf in keras.tree.flatten((x, y))}
        if len(lengths) != 1:
            raise check.invalid("x, y", "as many rows in each array", sorted(lengths))
        return cls(x, y, labels(keras.tree.flatten(y)[0]))

    def __len__(self) -> int:
        return len(self.strata)

    def rows(self, chosen: "Indices | slice") -> tuple[Any, Any]:
        """`(x, y)` of some rows."""
        return tuple(
            keras.tree.map_structure(lambda leaf: leaf[chosen], part) for part in (self.x, self.y)
        )


def as_array(leaf: Any) -> np.ndarray:
    found = np.asarray(leaf)
    if found.ndim == 0 or found.dtype == object:
        advice = "Folds are cut from arrays: a data set or a generator must be read first."
        raise check.invalid("x, y", "arrays of numbers, or nests of them", type(leaf), advice)
    return found


def labels(y: np.ndarray) -> np.ndarray:
    """What the folds are stratified by: classes, also of one-hot rows, else the first target."""
    flat = y.reshape(len(y), -1)
    one_hot = flat.shape[1] > 1 and np.isin(flat, (0, 1)).all() and (flat.sum(axis=1) == 1).all()
    if one_hot:
        found: np.ndarray = flat.argmax(axis=1)
        return found
    first = flat[:, 0]
    whole = first.dtype.kind == "f" and len(np.unique(first)) <= 2  # classes written as 0.0, 1.0
    return first.astype(np.int64) if whole else first


def split(data: Data, folds: int, fold: int, seed: int, stops: bool) -> Rows:
    """Training rows, those that stop it, and those that score it; they are the same for all."""
    how = Splitting(SHARE if stops else 0.0, test=0.0, folds=folds, fold=fold, seed=seed)
    return split_rows(data.strata, how)


@dataclass(frozen=True)
class Training:
    """How each training goes, whatever its setting.

    Args:
        epochs: At most, or exactly where nothing stops it.
        batch_size: Rows a step, or `None` for Keras's.
        stops: Whether early stopping looks at rows that are split off the training rows.
    """

    epochs: int
    batch_size: int | None
    stops: bool

    def run(self, model: keras.Model, data: Data, rows: Rows, seed: int) -> dict[str, Any]:
        """Train, score on the held-out rows, and tell: a row of the table."""
        train, held = data.rows(rows.train), data.rows(rows.fold)
        validation = data.rows(rows.validation) if self.stops else None
        guard = NonFinite(verbose=0)
        keras.utils.set_random_seed(seed)
        history = fit(
            model, *train, batch_size=self.batch_size, epochs=self.epochs, verbose=0,
            validation_data=validation, callbacks=[guard], diagnostics={"probe_training": False},
        )  # fmt: skip
        found = {"status": "failed", "objective": math.nan, "problem": guard.failure}
        if not guard.failure:
            found = scored(model, held)
        verdict, stopping = history.verdict, history.stopping
        return {
            **found,
            "verdict": verdict.state if verdict is not None and self.stops else None,
            "best_epoch": self.epochs if stopping is None else stopping.best_epoch + 1,
            "epochs": len(history.epoch),
            "params": weight_names.parameters(model),
            "sparsity": sparsity(model).fraction,
        }


def scored(model: keras.Model, held: tuple[Any, Any]) -> dict[str, Any]:
    """The clean numbers of the rows that trained nothing and stopped nothing."""
    evaluate = clean_evaluator(model)
    measured = evaluate(take("fold", held, len(keras.tree.flatten(held[0])[0])))
    evaluate.let_go()
    loss = math.nan if measured.loss is None else float(measured.loss)
    problem = "" if math.isfinite(loss) else f"The loss of the held-out rows is {loss}."
    status = "failed" if problem else "done"
    metrics = {f"fold_clean_{k}": v for k, v in measured.metrics.items() if k != "loss"}
    return {"status": status, "objective": loss, "problem": problem, **metrics}


def refitted(model: keras.Model, data: Data, how: Training, epochs: int, seed: int) -> str:
    """Train on all rows for so many epochs; returns what broke, or an empty string."""
    guard = NonFinite(verbose=0)
    keras.utils.set_random_seed(seed)
    model.fit(
        data.x, data.y, batch_size=how.batch_size, epochs=epochs, verbose=0, callbacks=[guard]
    )
    return guard.failure

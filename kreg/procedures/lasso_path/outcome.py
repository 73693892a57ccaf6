"""What a path has found, in the user's own units and names: the fields of `result.json`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from kreg.config.experiment_arguments import CHOICES
from kreg.data.own_units import units
from kreg.diagnostics.intervals import of_mean, of_root
from kreg.procedures.lasso_path.cross_validation import CrossValidated, losses, right
from kreg.procedures.lasso_path.rows import Encoded, Rows
from kreg.procedures.lasso_path.solvers import Floats, Path

Plain: TypeAlias = dict[str, Any]
NATS = "nats a row"
OWN = "the target's own"


@dataclass(frozen=True)
class Outcome:
    """A path with its errors.

    Args:
        rows: Where it comes from.
        whole: All rows but those of the test, and the test rows.
        path: The path of all rows but those of the test.
        errors: Its cross-validation.
        scale: What the target was divided by.
        choose: `"min"` or `"1se"`.
    """

    rows: Rows
    whole: Encoded
    path: Path
    errors: CrossValidated
    scale: float
    choose: str

    @cached_property
    def place(self) -> int:
        """Where the chosen strength stands in the path."""
        return self.errors.place(self.choose)

    @property
    def metric(self) -> str:
        return "rmse" if self.rows.squared else "log_loss"

    def as_dict(self) -> Plain:
        """Plain values, for JSON."""
        metrics, errors = self.metrics()
        raw, at = self.rows.raw, self.point
        return {
            "task": raw.task,
            "units": {self.metric: OWN if self.rows.squared else NATS},
            "rows": {"cross_validated": len(self.rows.pool), "test": len(self.whole.held)},
            "folds": len(self.rows.folds),
            "columns": len(self.whole.names),
            "classes": raw.class_names,
            "choose": self.choose,
            "strengths": {name: at(self.errors.place(name)) for name in CHOICES},
            "chosen": at(self.place),
            "guessing": at(0)["cv_error"],
            "metrics": metrics,
            "standard_errors": errors,
            "intercept": self.intercept(),
            "selected": list(self.selected()),
            "path": [at(place) for place in range(len(self.path.strengths))],
            "objective": metrics[f"cv_{self.metric}"],
            "objective_name": f"cv_{self.metric}",
            "warnings": self.warnings(),
        }

    def point(self, place: int) -> Plain:
        """One strength of the path: as kreg's `reg.l1`, and as scikit-learn writes it."""
        strength = float(self.path.strengths[place])
        error, spread = self.cv_error(place)
        theirs = {"alpha": strength * self.scale / 2} if self.rows.squared else {
            "C": 1 / (strength * len(self.whole.train))
        }  # fmt: skip
        return {
            "l1": strength,
            "scikit_learn": theirs,
            "cv_error": error,
            "standard_error": spread,
            "features": int(self.path.used[place].sum()),
            "features_in_folds": self.errors.features[:, place].tolist(),
        }

    def cv_error(self, place: int) -> tuple[float, float]:
        """Mean error of the folds and its standard error, as `metric` is measured."""
        found = float(self.errors.error[place]), float(self.errors.standard_error[place])
        return of_root(*found) if self.rows.squared else found

    def metrics(self) -> tuple[dict[str, float], dict[str, float]]:
        """Cross-validated and test scores of the chosen strength, and their standard errors."""
        found = {f"cv_{self.metric}": self.cv_error(self.place)}
        if self.errors.accuracy is not None:
            found["cv_accuracy"] = float(self.errors.accuracy[self.place]), np.nan
        if len(self.whole.held):
            found |= {f"test_{name}": pair for name, pair in self.tested().items()}
        known = {name: error for name, (_, error) in found.items() if np.isfinite(error)}
        return {name: value for name, (value, _) in found.items()}, known

    def tested(self) -> dict[str, tuple[float, float]]:
        """The test rows, which have chosen nothing."""
        held, alone = self.whole.held, self.chosen_alone
        row_losses = losses(alone, held, self.rows.squared, self.scale)[0]
        if self.rows.squared:
            absolute = of_mean(np.sqrt(row_losses))
            return {"rmse": of_root(*of_mean(row_losses)), "mae": absolute}
        return {"accuracy": of_mean(right(alone, held)[0]), "log_loss": of_mean(row_losses)}

    @property
    def chosen_alone(self) -> Path:
        """The path with the chosen strength only."""
        only = slice(self.place, self.place + 1)
        path = self.path
        return Path(path.strengths[only], path.kernel[only], path.bias[only])

    @cached_property
    def own(self) -> tuple[Floats, Floats]:
        """Weights `(strengths, columns, outputs)` and biases for the user's own columns."""
        mean, scale = units(self.whole.fitted, len(self.whole.names))
        size = self.scale if self.rows.squared else 1.0
        kernel = self.path.kernel * size / scale[:, None]
        return kernel, self.path.bias * size - mean @ kernel

    def intercept(self) -> Any:
        return self.told(self.own[1][self.place])

    def told(self, values: Floats) -> Any:
        """A number; one for each class where there are more than two."""
        if len(values) == 1:
            return float(values[0])
        return dict(zip(self.rows.raw.class_names, values.tolist(), strict=True))

    def selected(self) -> Iterator[Plain]:
        """The columns that the chosen strength leaves, the largest weights first."""
        kernel, used = self.path.kernel[self.place], self.path.used
        size = np.abs(kernel).max(axis=1)
        order = self.order()
        for column in np.argsort(-size, kind="stable")[: used[self.place].sum()]:
            yield {
                "name": self.whole.names[column],
                "weight": self.told(self.own[0][self.place, column]),
                "per_deviation": self.told(
                    kernel[column] * (self.scale if self.rows.squared else 1)
                ),
                "order": order[column] + 1,
                "entered_at": float(self.path.strengths[np.argmax(used[:, column])]),
                "folds": int(self.errors.chosen[:, self.place, column].sum()),
            }

    def order(self) -> dict[int, int]:
        """Column to its place among those that have entered, the strongest strength first."""
        used = self.path.used
        ever, first = np.flatnonzero(used.any(axis=0)), used.argmax(axis=0)
        size = [-np.abs(self.path.kernel[first[column], column]).max() for column in ever]
        entered = sorted(zip(first[ever], size, ever, strict=True))
        return {int(column): place for place, (_, _, column) in enumerate(entered)}

    def warnings(self) -> list[str]:
        """What limits the answer."""
        found, last = list(self.rows.warnings), len(self.path.strengths) - 1
        if self.path.used.any() and self.errors.place("min") == last:
            found.append(
                "The error is smallest at the weakest strength of the path. Take a smaller "
                "arguments.ratio to see whether it falls on."
            )
        if not self.path.used[self.place].any():
            found.append(
                "No column lowers the cross-validated error: the chosen model only guesses."
            )
        missed = self.path.unsolved + self.errors.unsolved
        if missed:
            found.append(f"{missed} solutions miss the tolerance of the solver a little.")
        return found


def table(outcome: Outcome) -> tuple[list[str], list[list[float]]]:
    """Head and rows of `path.csv`: a strength a row, its error, and the weights in own units."""
    ever = np.flatnonzero(outcome.path.used.any(axis=0))
    classes = outcome.rows.raw.class_names if outcome.path.kernel.shape[2] > 1 else [""]
    heads = [f"{outcome.whole.names[c]}{f' [{k}]' if k else ''}" for c in ever for k in classes]
    rows = [
        [point["l1"], point["cv_error"], point["standard_error"], point["features"],
         *outcome.own[1][place], *outcome.own[0][place, ever].reshape(-1)]
        for place, point in enumerate(map(outcome.point, range(len(outcome.path.strengths))))
    ]  # fmt: skip
    free = [f"intercept{f' [{k}]' if k else ''}" for k in classes]
    return ["l1", f"cv_{outcome.metric}", "standard_error", "features", *free, *heads], rows

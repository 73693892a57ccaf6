"""Outputs of the model as a table in the user's words and units."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg import check
from kreg.prediction import conformal
from kreg.prediction.kept import Kept
from kreg.prediction.outputs import predicted
from kreg.scoring import tasks

if TYPE_CHECKING:
    import keras
    import pandas as pd

Array = NDArray[Any]
Columns = dict[str, Any]
CONFORMAL, DROPOUT = "conformal", "dropout"
KINDS = (CONFORMAL, DROPOUT)
SAMPLES = 50
SEPARATOR = "|"
NOT_FINITE = "the model's output is not finite"


class Answers:
    """Predictions of a run, with what is not sure about them.

    Args:
        kept: The run.
        uncertainty: `"conformal"`, `"dropout"` or `None`.
        level: How often an interval or a set holds the truth, in (0, 1).
        threshold: From which probability on a row is of the positive class; `None`: the run's own.
        words: Whether classes are named; else only their probabilities are told.

    Raises:
        ValueError: If the run cannot say this.
    """

    def __init__(
        self,
        kept: Kept,
        uncertainty: str | None = None,
        level: float = conformal.LEVEL,
        threshold: float | None = None,
        words: bool = True,
    ) -> None:
        self.kept, self.uncertainty, self.words = kept, uncertainty, words
        if uncertainty is not None:
            check.choice("uncertainty", uncertainty, KINDS)
        self.bounds = bounds(kept, level) if uncertainty == CONFORMAL else []
        self.threshold = own_threshold(kept) if threshold is None else threshold
        check.number("threshold", self.threshold, low=0, high=1)
        if threshold is not None and kept.task != "binary":
            raise ValueError(f"A threshold is for two classes; the run's task is {kept.task}.")
        self.function: Callable[[Array], tuple[Array, Columns]] | None = None

    def __call__(self, model: "keras.Model", inputs: Array) -> "pd.DataFrame":
        """One row a prediction, in the order of the inputs."""
        import pandas as pd

        if self.function is None:
            self.function = self._function(model)
        values, more = self.function(inputs)
        if not self.words:
            return pd.DataFrame(values)
        return pd.DataFrame(self.columns(values) | self._intervals(values) | more)

    def _function(self, model: "keras.Model") -> Callable[[Array], tuple[Array, Columns]]:
        task, target = self.kept.task, self.kept.data["target"]
        if self.uncertainty == DROPOUT:
            return self._sampled(model)
        return lambda x: (predicted(task, model.predict_on_batch(x), target), {})

    def _sampled(self, model: "keras.Model") -> Callable[[Array], tuple[Array, Columns]]:
        """Predictions with the noise on, many times: see `kreg.mc_predict`."""
        from kreg.layers import monte_carlo

        regression = self.kept.task == "regression"
        sampler = monte_carlo.Sampler(
            model,
            monte_carlo.active_noise(model),
            samples=SAMPLES,
            seed=0,
            output="values" if regression else "logits",
            keep_samples=False,
        )

        def sampled(x: Array) -> tuple[Array, Columns]:
            found = sampler.predict(x, batch_size=len(x), verbose=0)
            mean = np.asarray(found["mean"], np.float64)
            if regression:
                return self._spread(mean, found["std"])
            if self.kept.task == "binary":
                mean = np.concatenate([1 - mean, mean], axis=1)
            names = () if self.kept.task == "multilabel" else ("entropy", "mutual_information")
            return mean, {name: np.asarray(found[name], np.float64) for name in names}

        return sampled

    def _spread(self, mean: Array, std: Array) -> tuple[Array, Columns]:
        target = self.kept.data["target"]
        own = np.asarray(std, np.float64) * np.asarray(target["scale"] or 1.0)
        names = self._named("std")
        return predicted("regression", mean, target), dict(zip(names, own.T, strict=True))

    def columns(self, values: Array) -> Columns:
        """`prediction`, and the probability of each class or label."""
        task, words = self.kept.task, self.kept.words
        if task == "regression":
            return dict(zip(self._named("prediction"), values.T, strict=True))
        said = (
            listed(values >= tasks.HALF, words, self._separator())
            if task == "multilabel"
            else np.array(words, object)[self.ids(values)]
        )
        each = {f"probability_{word}": values[:, i] for i, word in enumerate(words)}
        return {"prediction": said, **each}

    def ids(self, values: Array) -> NDArray[np.int64]:
        """The class of each row: the most likely one, or by the threshold of two."""
        return tasks.said(self.kept.task, values, self.threshold)

    def _intervals(self, values: Array) -> Columns:
        if not self.bounds:
            return {}
        if self.kept.task == "regression":
            wide = np.array(self.bounds)
            ends = {"lower": values - wide, "upper": values + wide}
            return {
                name: column
                for end, part in ends.items()
                for name, column in zip(self._named(end), part.T, strict=True)
            }
        within = conformal.sets(values, self.bounds[0])
        return {"set": listed(within, self.kept.words, SEPARATOR)}

    def _named(self, what: str) -> list[str]:
        words = self.kept.words
        return [f"{what}_{word}" for word in words] if len(words) > 1 else [what]

    def _separator(self) -> str:
        return self.kept.reading.get("label_separator") or SEPARATOR


def listed(within: NDArray[np.bool_], words: Sequence[str], separator: str) -> Array:
    """The words of each row in one text.

    >>> listed(np.array([[True, True], [False, False]]), ["a", "b"], "|").tolist()
    ['a|b', '']
    """
    names = np.array(words, object)
    return np.array([separator.join(names[row]) for row in within], object)


def bounds(kept: Kept, level: float) -> list[float]:
    """One for each output, in its units.

    Raises:
        ValueError: If no rows calibrate the run, or too few for the level.
    """
    known = (kept.calibration or {}).get("conformal")
    if known is None:
        reason = "it has no test rows, which neither trained it nor chose its epoch"
        if kept.task == "multilabel":
            reason = "its task is multi-label"
        elif kept.calibration is None:
            reason = "kreg 0.1 has trained it and kept no scores"
        raise ValueError(
            f"Nothing calibrates the intervals of {kept.folder}: {reason}. "
            f"--uncertainty={DROPOUT} needs none."
        )
    return [conformal.bound(scores, level) for scores in known["scores"]]


def own_threshold(kept: Kept) -> float:
    """The operating point of a binary run: 0.5 where none was chosen."""
    point = (kept.calibration or {}).get("operating_point")
    return float(point["threshold"]) if point else tasks.HALF

"""What the model that is kept says on the rows of a split: asked once, whoever wants to know."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kreg.prediction import outputs
from kreg.training.plan import Plan

if TYPE_CHECKING:
    import keras

    from kreg.data import Split

MOST = 100_000  # rows of a split
AT_ONCE = 1024
VALUES = 2**24  # of the rows that the model reads at once: large pictures are fewer


@dataclass(frozen=True)
class Answered:
    """Rows of a split, with what the model says of them.

    Args:
        index: Their numbers in the split, `(rows,)`.
        rows: The rows.
        outputs: Of the model, `(rows, outputs)`.
        values: Probabilities, or numbers in the target's own units.
        truth: Class ids `(rows,)`, labels, or numbers in the target's own units.
    """

    index: np.ndarray
    rows: "Split"
    outputs: np.ndarray
    values: np.ndarray
    truth: np.ndarray

    def __len__(self) -> int:
        return len(self.index)


@dataclass
class Said:
    """The answers of a model on the splits of a training.

    Args:
        plan: The training.
        model: Any model of its outputs; no optimizer is needed.
    """

    plan: Plan
    model: "keras.Model"
    known: dict[str, Answered] = field(default_factory=dict)

    def __call__(self, split: str) -> Answered:
        """On all rows of a split; of very many, on `MOST` at even distances."""
        if split not in self.known:
            self.known[split] = self._answered(split)
        return self.known[split]

    def _answered(self, split: str) -> Answered:
        data = self.plan.data
        rows, index = data.splits[split], np.arange(len(data.splits[split]))
        if len(rows) > MOST:
            rows, index = rows.spread(MOST), np.arange(MOST) * len(rows) // MOST
        found, truth = answers(self.model, rows), rows.y
        if data.task == "regression":
            truth = outputs.in_own_units(truth, data.to_target())
        return Answered(index, rows, found, self.values(found), truth)

    def values(self, found: np.ndarray) -> np.ndarray:
        """Outputs of the model as a user means them."""
        return outputs.predicted(self.plan.data.task, found, self.plan.data.to_target())


def answers(model: "keras.Model", part: "Split") -> np.ndarray:
    """The outputs in inference, step by step: a function that is compiled would cost more."""
    size = max(min(AT_ONCE, VALUES // int(np.prod(part.x.shape[1:]) or 1)), 1)
    return np.concatenate([asked(model, part.x[i : i + size]) for i in range(0, len(part), size)])


def asked(model: "keras.Model", x: np.ndarray) -> np.ndarray:
    """The outputs of one block of rows."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(model(x, training=False)))

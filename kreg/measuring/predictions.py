"""Confidence and correctness of each prediction, where the model classifies."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from kreg import private_keras
from kreg.measuring.rows import Nest

KINDS = {  # a loss's name contains -> how its targets are written
    "sparse_categorical": "sparse",
    "categorical": "one_hot",
    "binary": "binary",
}
TASKS = {"sparse": "classification", "one_hot": "classification", "binary": "binary"}
CLASSES = 1000  # scores of more are not brought to the host in every epoch
REGRESSION = ("mean_squared", "mean_absolute", "mse", "mae", "huber", "log_cosh", "poisson")


@dataclass(frozen=True)
class PredictionReader:
    """How to read a model's single output: `confidence = max_k p_k`, `correct = (argmax p == y)`.

    Args:
        loss: Name of the compiled loss, or `None`.
        task: `"classification"`, `"binary"`, `"regression"` or `None` when not known.
        kind: `"sparse"`, `"one_hot"`, `"binary"` or `None`.
        from_logits: Whether the output still lacks its softmax or sigmoid.
        smoothing: The loss's `label_smoothing`.
    """

    loss: str | None = None
    task: str | None = None
    kind: str | None = None
    from_logits: bool = False
    smoothing: float = 0.0

    def __call__(self, y: Nest, y_pred: Nest) -> tuple[Any, Any] | None:
        """`(confidence, correct)`, each of shape (n,), or `None` where it makes no sense."""
        if self.kind is None or keras.tree.is_nested(y_pred) or len(y_pred.shape) != 2:
            return None
        scores = ops.cast(y_pred, "float32")
        if self.kind == "binary":
            return None if scores.shape[-1] != 1 else self._binary(y, scores[:, 0])
        chances = ops.softmax(scores, axis=-1) if self.from_logits else scores
        labels = y if self.kind == "sparse" else ops.argmax(y, axis=-1)
        labels = ops.cast(ops.reshape(labels, (-1,)), "int32")
        right = ops.equal(ops.cast(ops.argmax(chances, axis=-1), "int32"), labels)
        return ops.max(chances, axis=-1), right

    def scores(self, y: Nest, y_pred: Nest) -> Any:
        """Logits of shape (n, k), or logarithms of probabilities; `None` where there are none.

        They are what a temperature divides: `softmax(scores / T)`, of labels `sigmoid(scores / T)`.
        """
        single = not (keras.tree.is_nested(y_pred) or keras.tree.is_nested(y) or y is None)
        if self.kind is None or not single or len(y_pred.shape) != 2 or y_pred.shape[1] > CLASSES:
            return None
        behind = y_pred if self.from_logits else private_keras.logits_of(y_pred)
        if behind is not None:
            return ops.cast(behind, "float32")
        chances = ops.clip(ops.cast(y_pred, "float32"), keras.config.epsilon(), 1.0)
        if self.kind != "binary":
            return ops.log(chances)
        rest = ops.clip(1.0 - chances, keras.config.epsilon(), 1.0)
        return ops.log(chances) - ops.log(rest)

    def classes(self, y_pred: Nest) -> int | None:
        """Number of classes of predictions of shape (n, ..., outputs); `None` for another task."""
        if self.kind is None or keras.tree.is_nested(y_pred):
            return None
        outputs = int(y_pred.shape[-1])
        return outputs if self.kind != "binary" else 2 if outputs == 1 else None

    def _binary(self, y: Nest, scores: Any) -> tuple[Any, Any]:
        chance = ops.sigmoid(scores) if self.from_logits else scores
        truth = ops.reshape(ops.cast(y, "float32"), (-1,)) > 0.5
        return ops.maximum(chance, 1.0 - chance), ops.equal(chance > 0.5, truth)


def prediction_reader(model: keras.Model) -> PredictionReader:
    """How to read the predictions of a compiled model: its loss tells."""
    loss = getattr(model, "loss", None)
    if loss is None:
        return PredictionReader()
    if isinstance(loss, (dict, list, tuple)):
        return PredictionReader(loss=", ".join(map(name_of, keras.tree.flatten(loss))))
    if isinstance(loss, str):
        loss = keras.losses.get(loss) if loss not in ("ce", "crossentropy") else loss
    name = name_of(loss)
    kind = next((kind for part, kind in KINDS.items() if part in name), None)
    known = loss.get_config() if hasattr(loss, "get_config") else {}
    logits, smoothing = bool(known.get("from_logits")), float(known.get("label_smoothing") or 0.0)
    regression = any(part in name for part in REGRESSION)
    if regression:
        return PredictionReader(loss=name, task="regression", from_logits=logits)
    task = None if kind is None else TASKS[kind]
    return PredictionReader(name, task, kind, logits, smoothing)


def name_of(loss: Any) -> str:
    """A loss's name: of the object, the function, or the text itself."""
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", loss))

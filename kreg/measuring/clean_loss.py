"""The clean loss: what the model would pay for its predictions alone, without a trace in training.

Keras's logged losses contain penalties, dropout noise, augmentation and a running mean. Here the
compiled loss and metrics are computed in inference mode on fixed, un-augmented rows by a function
of their own: no iterator is touched, no random number is drawn, no variable of the model moves.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from kreg import private_keras
from kreg.measuring.predictions import prediction_reader
from kreg.measuring.replicas import Replicas, Step, graph, tensors, to_host
from kreg.measuring.rows import Batch, Nest, Rows

FUSED = 4  # at most so many batches become one graph


@dataclass
class Measurement:
    """Clean numbers of one set of rows at one moment.

    Args:
        loss: Mean clean loss, as Keras averages it, or `None` for a model without compiled loss.
        metrics: Metric name to value.
        examples: Losses of shape (n,), sample weights included, or `None`.
        confidence: Largest probability of each prediction, shape (n,), or `None`.
        correct: Whether each prediction is right, shape (n,), or `None`.
        other: Mean of `add_loss` and activity penalties, in the loss's unit.
    """

    loss: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    examples: np.ndarray | None = None
    confidence: np.ndarray | None = None
    correct: np.ndarray | None = None
    other: float = 0.0

    def into(self, logs: dict[str, Any], prefix: str) -> None:
        """Write the loss and the metrics into Keras's logs: `<prefix>loss`, `<prefix><metric>`."""
        if self.loss is not None:
            logs[f"{prefix}loss"] = self.loss
        self.metrics_into(logs, prefix)

    def metrics_into(self, logs: dict[str, Any], prefix: str) -> None:
        """The metrics alone."""
        logs.update({f"{prefix}{name}": v for name, v in self.metrics.items() if name != "loss"})


class CleanEvaluator:
    """`clean(rows) = mean_i loss(y_i, f(x_i; training=False))`, with all compiled metrics.

    The model's own metrics are lent for it and given back as they were.

    Args:
        model: A compiled and built `keras.Model`, as it is when `on_train_begin` is called.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.reader = prediction_reader(model)
        self.replicas = Replicas(model)
        self._forward = _inference(model)
        self._loss = private_keras.compiled_loss(model)
        self._run = self.replicas.compile(self._step)
        # a graph for each number of batches: TensorFlow relaxes over sizes only, not numbers
        self._fused: dict[int, Callable[..., Any]] = {}
        self._on_device: dict[int, tuple[Rows, list[Batch]]] = {}

    @property
    def has_examples(self) -> bool:
        """Whether per-example losses can be measured for this model."""
        return private_keras.has_example_loss(self._loss)

    def __call__(self, rows: Rows) -> Measurement:
        """The measurement, which leaves the model as it was."""
        private_keras.build_metrics(self.model, next(rows.batches()))
        if self.replicas.strategy is not None:
            return self._one_by_one(list(rows.batches()))
        batches = self._moved(rows)
        if len(batches) > FUSED:
            return self._one_by_one(batches)
        if len(batches) not in self._fused:
            self._fused[len(batches)] = graph(self._at_once, self.replicas.eager)
        found, metrics = to_host(self._fused[len(batches)](*batches))
        return _joined(_counted(batches, found), metrics)

    @property
    def losses(self) -> list[Any]:
        """The compiled losses, output by output, each with `path` and `loss`."""
        return private_keras.output_losses(self._loss)

    def predict(self, rows: Rows) -> Nest:
        """The model's outputs for a few rows, as NumPy arrays."""
        return to_host(self._forward(tensors(rows.x)))

    def instead(self, predict: Callable[[int], Nest], rows: Rows) -> Measurement:
        """The measurement of `predict(count)`, outputs for so many rows, in place of the model."""

        def judge(x: Nest, y: Nest, weight: Nest) -> dict[str, Any]:
            count = len(keras.tree.flatten(x)[0])
            y_pred = tensors(predict(count))
            found = {} if self._loss is None else {"loss": self._loss(y, y_pred, weight)}
            return dict(to_host({**found, **self._vectors(y, y_pred, weight)}))

        return self._one_by_one(list(rows.batches()), judge)

    def let_go(self) -> None:
        """Forget the rows that were moved to the device."""
        self._on_device.clear()

    def _moved(self, rows: Rows) -> list[Batch]:
        """The batches as tensors, moved once for rows that are measured again and again."""
        if id(rows) not in self._on_device:
            self._on_device[id(rows)] = rows, [tensors(batch) for batch in rows.batches()]
        return self._on_device[id(rows)][1]

    def _at_once(self, *batches: Batch) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """All batches in one call: a list of results, and the metrics."""
        before = [ops.copy(v) for v in self._metric_variables()]
        self.model.reset_metrics()
        empty = [ops.copy(v) for v in self._metric_variables()]
        found = [self._step(*batch) for batch in batches]
        metrics = self._metrics(empty)
        for variable, value in zip(self._metric_variables(), before, strict=True):
            variable.assign(value)
        return found, metrics

    def _one_by_one(self, batches: list[Batch], run: Step | None = None) -> Measurement:
        """The same with a call for each batch, for many batches and for several devices."""
        before = [ops.convert_to_numpy(v) for v in self._metric_variables()]
        self.model.reset_metrics()
        empty = [ops.convert_to_numpy(v) for v in self._metric_variables()]
        found = [(run or self._run)(*batch) for batch in batches]
        metrics = to_host(self._metrics(empty))
        for variable, value in zip(self._metric_variables(), before, strict=True):
            variable.assign(value)
        return _joined(_counted(batches, found), metrics)

    def _step(self, x: Nest, y: Nest, weight: Nest) -> dict[str, Any]:
        """One batch: a dict of tensors; scalars are means over the rows, vectors have one a row."""
        y_pred = self._forward(x)
        penalties = [ops.cast(loss, "float32") for loss in self.model.losses]
        regularized = [v for v in self.model.trainable_variables if v.regularizer is not None]
        result: dict[str, Any] = {}
        if len(penalties) > len(regularized):
            own = sum(ops.cast(v.regularizer(v), "float32") for v in regularized)
            result["other"] = sum(penalties) - own
        if self._loss is not None:
            result["loss"] = self._loss(y, y_pred, weight)
        elif self.model.loss is not None:
            total = self.model.compute_loss(x, y, y_pred, weight)
            result["loss"] = total - sum(penalties)
        self.model.compute_metrics(x, y, y_pred, weight)
        return {**result, **self._vectors(y, y_pred, weight)}

    def _vectors(self, y: Nest, y_pred: Nest, weight: Nest) -> dict[str, Any]:
        result: dict[str, Any] = {}
        example_loss = private_keras.example_loss(self._loss)
        if example_loss is not None:
            examples = example_loss(y, y_pred, weight)
            if len(examples.shape) == 1:  # a loss function may average by itself
                result["examples"] = examples
        read = self.reader(y, y_pred)
        if read is not None:
            result["confidence"], result["correct"] = read
        return result

    def _metric_variables(self) -> list[keras.Variable]:
        return [v for metric in self.model.metrics for v in metric.variables]

    def _metrics(self, empty: list[Any]) -> dict[str, Any]:
        """Metric name to `(value, whether anything has updated it)`."""
        results: dict[str, Any] = {}
        position = 0
        for metric in self.model.metrics:
            values = metric.variables
            start = empty[position : position + len(values)]
            position += len(values)
            pairs = zip(values, start, strict=True)
            moved = [ops.any(ops.not_equal(value, old)) for value, old in pairs]
            found = metric.result()
            found = found if isinstance(found, dict) else {metric.name: found}
            updated = ops.any(ops.stack(moved)) if moved else False
            results.update({name: (value, updated) for name, value in found.items()})
        return results


def _inference(model: keras.Model) -> Callable[[Nest], Nest]:
    """`x -> model(x)` in inference mode, also where `call` takes no `training`."""
    parameters = inspect.signature(model.call).parameters
    if "training" in parameters:
        return lambda x: model(x, training=False)
    return lambda x: model(x)


def _counted(batches: list[Batch], found: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """`(rows, result)` of each batch."""
    rows = [int(keras.tree.flatten(batch[0])[0].shape[0]) for batch in batches]
    return list(zip(rows, found, strict=True))


def _joined(
    batches: Sequence[tuple[int, dict[str, Any]]], metrics: Mapping[str, Any]
) -> Measurement:
    """Scalars averaged by rows, as Keras's loss tracker does; vectors one after the other.

    A metric that nothing has updated, a tracker of the model's own say, has nothing to tell.
    """
    rows = np.array([count for count, _ in batches], float)
    told = {name: value for name, (value, updated) in metrics.items() if updated}
    numbers = {name: float(value) for name, value in told.items() if np.size(value) == 1}
    result = Measurement(metrics=numbers)
    for name in batches[0][1]:
        parts = [np.asarray(values[name]) for _, values in batches]
        if name in ("loss", "other"):
            setattr(result, name, float(np.average(np.array(parts, float), weights=rows)))
        else:
            setattr(result, name, np.concatenate(parts))
    return result

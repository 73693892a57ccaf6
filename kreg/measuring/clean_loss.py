"""The clean loss: what the model would pay for its predictions alone, without a trace in training.

Keras's logged losses contain penalties, dropout noise, augmentation and a running mean. Here the
compiled loss and metrics are computed in inference mode on fixed, un-augmented rows by a function
of their own: no iterator is touched, no random number is drawn, no variable of the model moves.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import keras
from keras import ops

from kreg import private_keras
from kreg.measured import measuring
from kreg.measuring import frozen, own_loss
from kreg.measuring.lent import inference, lent
from kreg.measuring.measurement import Measurement, counted, joined
from kreg.measuring.own_loss import has_activity, without_penalties
from kreg.measuring.predictions import prediction_reader
from kreg.measuring.replicas import Replicas, Step, graph, over_states, tensors, to_host
from kreg.measuring.rows import FEW, Batch, Nest, Rows

T = TypeVar("T")
MOST_KNOWN = 512  # things that were found out about rows
FUSED = 4  # at most so many batches become one graph


class UnmeasurableError(ValueError):
    """The model has no clean loss that could be measured: a sentence says why."""


class CleanEvaluator:
    """`clean(rows) = mean_i loss(y_i, f(x_i; training=False))`, with all compiled metrics.

    The loss is the compiled one, of a sum over rows their mean; of a model that computes its own,
    what its `compute_loss` or its `test_step` says without penalties; where nothing is compiled,
    what `add_loss` adds.
    The model's own metrics, averages and seeds are lent for it and given back as they were.

    Args:
        model: A compiled `keras.Model`, built when it is asked for the first time.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.reader = prediction_reader(model)
        self.replicas = Replicas(model)
        self.own = own_loss.way(model)
        self.masked = False  # whether some positions of the outputs do not count
        self.frozen = frozen.known(model)
        self._forward = inference(self.frozen.rest if self.frozen else model)
        self._loss = private_keras.compiled_loss(model) if self.own is None else None
        self._run = self.replicas.compile(self._step)
        # a graph for each number of batches: TensorFlow relaxes over sizes only, not numbers
        self._fused: dict[int, Callable[..., Any]] = {}
        self._mapped: dict[tuple[int, ...], Callable[..., Any]] = {}  # the same for many states
        self._found: dict[Hashable, Any] = {}  # about rows, see `once`
        self._on_device: dict[int, tuple[Rows, list[Batch]]] = {}

    @property
    def has_examples(self) -> bool:
        """Whether per-example losses are measured in every epoch."""
        return private_keras.has_example_loss(self._loss)

    def __call__(self, rows: Rows) -> Measurement:
        """The measurement, which leaves the model as it was.

        Raises:
            UnmeasurableError: If the model has no clean loss.
        """
        reason = own_loss.why_not(self.model, self.replicas.strategy is not None)
        if reason:
            raise UnmeasurableError(reason)
        if self.own != own_loss.STEP:
            private_keras.build_metrics(self.model, next(rows.batches()))
        self._element = rows.element
        if self.replicas.strategy is not None:
            return self._one_by_one(list(rows.batches()))
        batches = self._moved(rows)
        if len(batches) > FUSED:
            return self._one_by_one(batches)
        if len(batches) not in self._fused:
            self._fused[len(batches)] = graph(self._at_once, self.replicas.eager)
        found, metrics = to_host(self._fused[len(batches)](*batches))
        return joined(counted(batches, found), metrics)

    def in_states(
        self, rows: Rows, variables: Sequence[keras.Variable], values: list[Any]
    ) -> list[Measurement] | None:
        """`self(rows)` for several states of the model in one call, up to rounding.

        Args:
            rows: The rows.
            variables: What a state consists of.
            values: One tensor a variable, states first.

        Returns:
            One measurement a state. `None` where there is no such call: of a model whose loss is
            not the compiled one, that runs eagerly or on several devices, of very many rows.
        """
        plain = self.own is None and self._loss is not None and self.frozen is None
        alone = self.replicas.strategy is None and not self.replicas.eager
        batches = self._moved(rows) if plain and alone else []
        if not 0 < len(batches) <= FUSED:
            return None
        key = (len(batches), *map(id, variables))
        if key not in self._mapped:
            self._mapped[key] = graph(over_states(self._at_once, variables))
        found, metrics = to_host(self._mapped[key](values, *batches))
        return [
            joined(counted(batches, part_of(found, i)), part_of(metrics, i))
            for i in range(len(values[0]))
        ]

    @property
    def losses(self) -> list[Any]:
        """The compiled losses, output by output, each with `path` and `loss`."""
        return private_keras.output_losses(self._loss)

    def predict(self, rows: Rows) -> Nest:
        """The model's outputs for a few rows, as NumPy arrays."""
        with lent(self.model):
            return to_host(self._forward(self._seen(next(rows.batches()))[0]))

    def instead(self, predict: Callable[[int], Nest], rows: Rows) -> Measurement:
        """The measurement of `predict(count)`, outputs for so many rows, in place of the model."""

        def judge(x: Nest, y: Nest, weight: Nest) -> dict[str, Any]:
            count = len(keras.tree.flatten(x)[0])
            y_pred = tensors(predict(count))
            with measuring():
                found = {} if self._loss is None else self._mean(y, y_pred, weight)
                return dict(to_host({**found, **self._vectors(y, y_pred, weight)}))

        return self._one_by_one(list(rows.batches()), judge)

    def once(self, what: Hashable, make: Callable[[], T], *rows: Rows) -> T:
        """`make()`, which depends on the compiled loss and on rows alone, once for the same rows.

        Jobs of a sweep that share a model have the same rows again and again.

        Args:
            what: Its name.
            make: Makes it; it must not be changed afterwards.
            *rows: The rows. Where they are many bytes, or no numbers, nothing is remembered.
        """
        names = [part.digest() if part.bytes() <= FEW else None for part in rows]
        if None in names:
            return make()
        key = (what, *names)
        if key not in self._found:
            while len(self._found) >= MOST_KNOWN:
                del self._found[next(iter(self._found))]
            self._found[key] = make()
        found: T = self._found[key]
        return found

    def let_go(self) -> None:
        """Forget the rows that were moved to the device."""
        self._on_device.clear()

    def _moved(self, rows: Rows) -> list[Batch]:
        """The batches as tensors, moved once for rows that are measured again and again."""
        if id(rows) not in self._on_device:
            self._on_device[id(rows)] = rows, [self._seen(batch) for batch in rows.batches()]
        return self._on_device[id(rows)][1]

    def _seen(self, batch: Batch) -> Batch:
        """A batch as tensors, with features where these are kept."""
        x, y, weight = batch
        moved: Batch = tensors((self.frozen.features(x) if self.frozen else x, y, weight))
        return moved

    @contextmanager
    def _lent(self) -> Iterator[list[Any]]:
        """Metrics at their start, whose values it yields; everything is given back at the end."""
        metrics = self._metric_variables()
        with lent(self.model, metrics):
            self.model.reset_metrics()
            yield [ops.copy(v) for v in metrics]

    def _at_once(self, *batches: Batch) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """All batches in one call: a list of results, and the metrics."""
        with self._lent() as empty:
            found = [self._step(*batch) for batch in batches]
            return found, self._metrics(empty)

    def _one_by_one(self, batches: list[Batch], run: Step | None = None) -> Measurement:
        """The same with a call for each batch, for many batches and for several devices."""
        with self._lent() as empty:
            found = [(run or self._run)(*batch) for batch in batches]
            metrics = to_host(self._metrics(empty))
        return joined(counted(batches, found), metrics)

    def _step(self, x: Nest, y: Nest, weight: Nest) -> dict[str, Any]:
        """One batch: a dict of tensors; scalars are means over the rows, vectors have one a row."""
        with measuring():
            return self._measured(x, y, weight)

    def _measured(self, x: Nest, y: Nest, weight: Nest) -> dict[str, Any]:
        if self.own is not None:
            return self._own_step(x, y, weight)
        if self._loss is None:
            return self._added_step(x, y, weight)
        y_pred = self._forward(x)
        result = self._mean(y, y_pred, weight)
        if len(self.model.losses) > len(self._penalties()):
            result["other"] = own_loss.added(self.model) - sum(self._penalties())
        self.masked = any(private_keras.mask_of(p) is not None for p in keras.tree.flatten(y_pred))
        self.model.compute_metrics(x, y, y_pred, weight)
        return {**result, **self._vectors(y, y_pred, weight)}

    def _mean(self, y: Nest, y_pred: Nest, weight: Nest) -> dict[str, Any]:
        return {"loss": private_keras.row_mean(self._loss, y, y_pred, weight)}  # type: ignore[arg-type]

    def _penalties(self) -> list[Any]:
        weights = self.model.trainable_variables
        return [ops.cast(v.regularizer(v), "float32") for v in weights if v.regularizer is not None]

    def _added_step(self, x: Nest, y: Nest, weight: Nest) -> dict[str, Any]:
        """A model whose only loss is that of `add_loss`."""
        with without_penalties(self.model):
            y_pred = self._forward(x)
            loss = own_loss.added(self.model)
        self.model.compute_metrics(x, y, y_pred, weight)
        if loss is None:
            return {}
        if not any(map(has_activity, private_keras.all_layers(self.model))):
            return {"loss": loss}
        self._forward(x)
        return {"loss": loss, "other": own_loss.added(self.model) - sum(self._penalties()) - loss}

    def _own_step(self, x: Nest, y: Nest, weight: Nest) -> dict[str, Any]:
        """A model with a `test_step` or a `compute_loss` of its own."""
        with without_penalties(self.model):
            if self.own == own_loss.STEP:
                logs = self.model.test_step(self._element(x, y, weight))
                return {"logs": {**logs}, **self._beside(x, y, weight)}
            y_pred = self._forward(x)
            loss = own_loss.computed(self.model, x, y, y_pred, weight)
            self.model.compute_metrics(x, y, y_pred, weight)
            return {"loss": loss, **self._beside(x, y, weight)}

    def _beside(self, x: Nest, y: Nest, weight: Nest) -> dict[str, Any]:
        """The compiled loss and what it says of single rows.

        They count where that loss is what the model's own step says, as in most of them.
        """
        loss = private_keras.given_loss(self.model)
        if loss is None:
            return {}
        try:
            y_pred = self._forward(x)
            return {"compiled": loss(y, y_pred, weight), **self._vectors(y, y_pred, weight, loss)}
        except Exception:  # it does not fit the rows: then it is not the model's loss
            return {}

    def _vectors(self, y: Nest, y_pred: Nest, weight: Nest, loss: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = {}
        example_loss = private_keras.example_loss(self._loss or loss)
        if example_loss is not None:
            examples = example_loss(y, y_pred, weight)
            if len(examples.shape) == 1:  # a loss function may average by itself
                result["examples"] = examples
        read = self.reader(y, y_pred)
        if read is not None:
            result["confidence"], result["correct"] = read
        scores = self.reader.scores(y, y_pred)
        if scores is not None:
            result["scores"], result["targets"] = scores, y
            if weight is not None and not keras.tree.is_nested(weight):
                result["weights"] = weight
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


def part_of(nest: Nest, place: int) -> Nest:
    """The numbers of one of several states."""
    return keras.tree.map_structure(lambda values: values[place], nest)

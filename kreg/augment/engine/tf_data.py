"""A pipeline on any batched `tf.data.Dataset`, with record indices and epochs if it has none."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import tensorflow as tf

from kreg import check
from kreg.augment.engine.batch import rounded
from kreg.augment.engine.records import Record, Target, images_of, read, written

if TYPE_CHECKING:
    from kreg.augment.pipeline import Pipeline


def apply(
    pipeline: "Pipeline",
    dataset: tf.data.Dataset,
    *,
    indexed: bool = False,
    epochs: int | None = None,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """The dataset with augmented batches, in the same order and of the same structure.

    Each iteration is one epoch: `model.fit(pipeline.apply(ds), epochs=...)` sees a new draw in
    each. The epoch number counts the iterations that were begun. The result remembers `dataset`:
    `kreg.fit` measures its rows as they are, without augmentation.

    Args:
        pipeline: `Pipeline`.
        dataset: Batched dataset of `x`, `(x, y)` or `(x, y, weight)`, each a tensor or a nest.
        indexed: `True` if the elements are `(index, element)`, as `ds.enumerate()` before shuffling
            and batching makes them. Then a record keeps its draw wherever shuffling, sharding or
            another batch size puts it. Otherwise its position in the iteration is its index.
        epochs: Whole number or `None`. With a number, the result runs through the dataset that
            many times, for `fit(..., steps_per_epoch=...)`; it then holds no state, so that its
            iterator can be saved. Defaults to `None`.
        first_epoch: Whole number >= 0: the epoch of the first iteration. Defaults to `0`.
    """
    first_epoch = check.integer("first_epoch", first_epoch, low=0)
    epochs = None if epochs is None else check.integer("epochs", epochs, low=1)
    refuse_other_sources(dataset)
    if not indexed:
        refuse_unbatched(dataset.element_spec)
    applied = Applied(pipeline, dataset, indexed, epochs, first_epoch)
    refuse_mismatched(pipeline, applied.numbered(dataset))
    return applied.on(dataset)


Function = TypeVar("Function", bound=Callable[..., Any])


def as_it_is(function: Function) -> Function:
    """The same function, which autograph leaves alone.

    Autograph would bury the sentences of errors in its own, and rewrite every function that is
    called from here, which takes seconds: nothing here branches on the value of a tensor.
    """
    plain: Function = tf.autograph.experimental.do_not_convert(function)
    return plain


class Applied:
    """What an augmented dataset was made of. The dataset has it as its attribute `augmented_from`.

    Args:
        pipeline: `Pipeline`.
        source: The dataset without augmentation.
        indexed, epochs, first_epoch: As for `apply`.
    """

    def __init__(
        self,
        pipeline: "Pipeline",
        source: tf.data.Dataset,
        indexed: bool,
        epochs: int | None,
        first_epoch: int,
    ):
        self.pipeline, self.source, self.indexed = pipeline, source, indexed
        self.epochs, self.first_epoch = epochs, first_epoch
        with tf.init_scope():
            self.counter = tf.Variable(first_epoch, dtype=tf.int64, trainable=False)

    def numbered(self, source: tf.data.Dataset) -> tf.data.Dataset:
        return source if self.indexed else number_records(source, self.pipeline.target)

    def on(self, source: tf.data.Dataset) -> tf.data.Dataset:
        """The augmented dataset on a source with the same elements; the epochs are counted on."""
        if self.epochs is None:
            result = self.mapped(self.begun(source), self.pipeline.jit).prefetch(tf.data.AUTOTUNE)
        else:
            records, first = self.numbered(source), self.first_epoch
            numbers = tf.data.Dataset.range(first, first + self.epochs)
            result = numbers.flat_map(
                as_it_is(
                    lambda epoch: self.mapped(
                        records.map(as_it_is(lambda *record: (epoch, *record))), False
                    )
                )
            )
        result.augmented_from = self  # with the counter: a dataset holds a handle of it only
        return result

    def mapped(self, records: tf.data.Dataset, keep: bool) -> tf.data.Dataset:
        """`(epoch, index, element)` augmented."""

        def step(epoch: tf.Tensor, index: tf.Tensor, element: Any) -> Any:
            return augmented(self.pipeline, index, element, epoch, keep)

        return records.map(as_it_is(step), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    def begun(self, source: tf.data.Dataset) -> tf.data.Dataset:
        """`(epoch, index, element)`; the counter moves when the first element is asked for.

        One pass in a `flat_map` would know its epoch as well, but TensorFlow sets up what stands in
        there for each iterator, which costs more than sixteen batches of small images.
        """

        def step(state: tuple[tf.Tensor, tf.Tensor], element: Any) -> Any:
            before, epoch = state
            begins = epoch < 0  # an addition of zero is cheaper than a branch
            started = self.counter.assign_add(tf.cast(begins, tf.int64)) - 1
            epoch = tf.where(begins, started, epoch)
            if self.indexed:
                return (before, epoch), (epoch, *element)
            index = before + positions(element, self.pipeline.target)
            return (before + tf.shape(index, tf.int64)[0], epoch), (epoch, index, element)

        start = tf.constant(0, tf.int64), tf.constant(-1, tf.int64)
        return source.scan(start, as_it_is(step))

    def plain(self, element: Any) -> Any:
        """An element of the source as the model reads it: of the dtype that augmented images have,
        labels as probabilities where a stage makes them so, and nothing moved.

        Raises:
            ValueError: If the stages change the size of the pictures: then it is none that the
                model could read.
        """
        element = element[1] if self.indexed else element
        sides: list[Any] = [*element] if isinstance(element, tuple) else [element]
        x, y, weight = sides + [None] * (3 - len(sides))
        target = self.pipeline.target
        record = read(x, y, weight, target)
        plan = self.pipeline.plan(record.images)
        if plan.after._replace(dtype=plan.spec.dtype) != plan.spec:
            raise ValueError(
                "The stages of kreg.augment.Pipeline change the size of the pictures, so those "
                "before them are none that the model reads."
            )
        images = tf.cast(record.images, plan.dtype)
        parts = self.pipeline.encoded(plan, record.parts)
        result = written(record._replace(images=images, parts=parts), x, y, weight, target)
        return result[: len(sides)] if isinstance(element, tuple) else result[0]


def number_records(dataset: tf.data.Dataset, target: Target) -> tf.data.Dataset:
    """`(index, element)` with positions counted over batches of any size."""

    def step(before: tf.Tensor, element: Any) -> tuple[tf.Tensor, Any]:
        index = before + positions(element, target)
        return before + tf.shape(index, tf.int64)[0], (index, element)

    return dataset.scan(tf.constant(0, tf.int64), as_it_is(step))


def positions(element: Any, target: Target) -> tf.Tensor:
    """0, 1, ... for the records of a batch."""
    first = element[0] if isinstance(element, tuple) else element
    return tf.range(tf.shape(images_of(first, target), tf.int64)[0])


def augmented(
    pipeline: "Pipeline", index: tf.Tensor, element: Any, epoch: tf.Tensor, keep: bool
) -> Any:
    """One batch, whatever its structure; with `keep` by a function that outlives the iterator."""
    if not isinstance(element, tuple):
        record = read(element, None, None, pipeline.target)
        result = run(pipeline, record, index, epoch, keep)
        return written(result, element, None, None, pipeline.target)[0]
    sides: list[Any] = [*element, *[None] * (3 - len(element))]
    x, y, weight = sides
    record = read(x, y, weight, pipeline.target)
    result = run(pipeline, record, index, epoch, keep)
    return written(result, x, y, weight, pipeline.target)[: len(element)]


def run(
    pipeline: "Pipeline", record: Record, index: tf.Tensor, epoch: tf.Tensor, keep: bool
) -> Record:
    """`Pipeline.run`, within the graph or by a call from it.

    What XLA compiles inside of `tf.data` it compiles again for each iterator, and each epoch of
    `fit` has its own. A call back from the graph uses what the process has compiled, and computes
    what is not compiled without the rewriting of graphs, so that no bit differs.
    """
    tensors = [*record.tensors(), tf.cast(index, tf.int64), epoch]
    if not keep:
        return pipeline.run(record, *tensors[-2:])
    pipeline.check_parts(record)
    size = record.images.shape[0]
    empty = record._replace(bystanders=[])

    def whole(*tensors: tf.Tensor) -> list[tf.Tensor]:
        return pipeline.run(empty.holding(tensors[:-2]), *tensors[-2:]).tensors()

    def called(*tensors: tf.Tensor) -> list[tf.Tensor]:
        with tf.device("cpu:0"):
            held = empty.holding(tensors[:-2])
            filled = size or rounded(int(tensors[0].shape[0]))
            index, epoch = tensors[-2:]
            return pipeline.run(held, index, epoch, size=filled).tensors()

    with tf.init_scope():  # traced for the dtypes and shapes of the results alone
        signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
        outputs = tf.function(whole, signature, autograph=False).get_concrete_function().outputs
    results = tf.py_function(called, tensors, [output.dtype for output in outputs])
    for result, output in zip(results, outputs):
        result.set_shape(output.shape)
    return record.holding(results)


def refuse_other_sources(dataset: Any) -> None:
    """Arrays and Keras's own sequences are no `tf.data.Dataset`: say what to do with each."""
    if isinstance(dataset, tf.data.Dataset):
        return
    if (
        hasattr(dataset, "__getitem__")
        and not hasattr(dataset, "shape")
        and not isinstance(dataset, (tuple, list, dict))
    ):
        advice = "In its __getitem__, call pipeline(x, y, index=..., epoch=...) on the batch."
    else:
        advice = "Arrays: tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(128)."
    raise ValueError(
        f"Pipeline.apply takes a batched tf.data.Dataset. Received: {type(dataset).__name__}. "
        f"{advice}"
    )


def refuse_unbatched(element_spec: Any) -> None:
    for part in tf.nest.flatten(element_spec):
        if getattr(part, "shape", tf.TensorShape(None)).rank == 0:
            raise ValueError(
                "kreg.augment works on batches: a component of the dataset is a scalar. "
                "Call `.batch(...)` before `.apply(...)`."
            )


def inputs_of(pipeline: "Pipeline", element: Any) -> Any:
    return images_of(element[0] if isinstance(element, tuple) else element, pipeline.target)


def refuse_mismatched(pipeline: "Pipeline", dataset: tf.data.Dataset) -> None:
    """Build the plan and hold the first batch against the value range: mistakes surface here."""
    element_spec = dataset.element_spec[1]
    if isinstance(element_spec, tuple) and len(element_spec) > 3:
        raise ValueError(
            f"Records are x, (x, y) or (x, y, weight). Received: {len(element_spec)} parts. "
            f'Put inputs together in a dictionary with the key "images", in `dataset.map`.'
        )
    images = inputs_of(pipeline, element_spec)
    pipeline.plan(images)
    if pipeline.value_range is None or not images.dtype.is_floating:
        return
    for _, element in dataset.take(1):
        batch = inputs_of(pipeline, element)
        low, high = float(tf.reduce_min(batch)), float(tf.reduce_max(batch))
        if low < 0 or high > pipeline.value_range[1]:
            raise check.invalid(
                "value_range",
                f"a range that holds the images, whose values go from {low:g} to {high:g}",
                pipeline.value_range,
            )

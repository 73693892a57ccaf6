"""A stream that is read before `fit` reads it, and that `fit` sees as if nobody had.

A generator can be read once. A data set that shuffles, or draws random numbers, can be read again,
but each reading moves what the next ones get, and the training would be another one.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

from kreg import private_keras


class ReadAhead:
    """The first elements of a stream, kept until `rest()` hands them on.

    Args:
        stream: An iterable.
        seen: What is measured of an element. Defaults to the element itself.
        most: How many elements training will use, or `None` for a whole pass: no more are read.

    >>> ahead = ReadAhead(iter([1, 2, 3]))
    >>> next(iter(ahead)), list(ahead.rest())
    (1, [1, 2, 3])
    """

    def __init__(
        self,
        stream: Iterable[Any],
        seen: Callable[[Any], Any] | None = None,
        most: int | None = None,
    ) -> None:
        self.stream, self.seen, self.most = stream, seen or (lambda element: element), most
        self._count = 0  # of elements that were read to be kept
        self._iterator: Iterator[Any] | None = None
        self._kept: deque[Any] = deque()

    def _read(self) -> Iterator[Any]:
        """Elements that were not read before."""
        if self._iterator is None:
            self._iterator = iter(without_prefetch(self.stream))
        return self._iterator

    def __iter__(self) -> Iterator[Any]:
        """The elements from the first one on; what is read is kept."""
        yield from map(self.seen, list(self._kept))
        left = None if self.most is None else self.most - self._count
        for element in itertools.islice(self._read(), left):
            self._count += 1
            self._kept.append(element)
            yield self.seen(element)

    def cardinality(self) -> int:
        """How many elements there are, as TensorFlow counts; -2 where nobody knows."""
        known = getattr(self.stream, "cardinality", None)
        whole = int(known()) if known else -2
        return whole if self.most is None else self.most if whole < 0 else min(whole, self.most)

    def rest(self) -> Iterator[Any]:
        """One pass: what was kept, which is let go, and then what comes."""
        while self._kept:
            yield self._kept.popleft()
        yield from self._read()

    def dataset(self, idle_from: int | None = None) -> Any:
        """A `tf.data.Dataset` whose first pass is `rest()`; later ones are those of the stream.

        Args:
            idle_from: From which pass on (0 is the first) another one is begun before it that
                nobody reads: that too moves the order of a shuffle. `None` for never.
        """
        import tensorflow as tf

        stream: Any = self.stream
        second = tf.data.Dataset.from_tensors(tf.constant(1, tf.int64)).repeat()
        after_idle = tf.data.Dataset.choose_from_datasets([stream, stream], second)
        idle = tf.constant(2**62 if idle_from is None else idle_from, tf.int64)
        first = tf.data.Dataset.from_generator(self.rest, output_signature=stream.element_spec)
        with tf.init_scope():
            passes = tf.Variable(0, dtype=tf.int64, trainable=False)

        def one_pass(number: Any) -> Any:
            def only_if(condition: Any) -> Any:
                return tf.where(condition, tf.constant(-1, tf.int64), 0)

            found = first.take(only_if(number == 0))
            found = found.concatenate(stream.take(only_if((number > 0) & (number < idle))))
            return found.concatenate(after_idle.take(only_if((number > 0) & (number >= idle))))

        begin = tf.data.Dataset.from_tensors(0).map(lambda _: passes.assign_add(1) - 1)
        found = begin.flat_map(tf.autograph.experimental.do_not_convert(one_pass))
        if stream.cardinality() != tf.data.UNKNOWN_CARDINALITY:
            found = found.apply(tf.data.experimental.assert_cardinality(stream.cardinality()))
        found = found.with_options(stream.options())
        found.holds = (self, first, passes)  # a data set keeps handles only
        return found


def without_prefetch(stream: Any) -> Any:
    """The stream without the prefetch that `tf.data` adds by itself.

    `fit` prefetches what it is handed. With a second prefetch below it, a repeated shuffle would
    run ahead further than in Keras's own fit, and begin a pass that the next fit should get.
    """
    if not hasattr(stream, "element_spec"):
        return stream
    import tensorflow as tf

    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False
    return stream.with_options(options)


def idle_from(dataset: Any, steps_per_epoch: bool) -> int | None:
    """From which pass on Keras begins one that it does not read.

    On TensorFlow it begins a pass at the end of each epoch whose length it knows and, without
    `steps_per_epoch`, another one for the next epoch.
    """
    if steps_per_epoch or keras.backend.backend() != "tensorflow":
        return None
    return 1 if int(dataset.cardinality()) > 0 else 2


def must_be_handed_on(dataset: Any) -> bool:
    """Whether a pass over a `tf.data.Dataset` changes the next ones."""
    inside = list(private_keras.datasets_inside(dataset))
    asks_python = any("PyFunc" in name for d in inside for name in private_keras.operations(d))
    return asks_python or any(private_keras.reshuffles(d) or draws(d) for d in inside)


def draws(dataset: Any) -> bool:
    """Whether one of a data set's own functions draws random numbers, as an augmentation does."""
    names = private_keras.operations(dataset)
    return any(name.startswith(("Random", "StatelessRandom")) for name in names)

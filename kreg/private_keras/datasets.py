"""What a `tf.data.Dataset` is made of: TensorFlow has no public way to ask."""

from collections.abc import Iterator
from typing import Any


def datasets_inside(dataset: Any) -> Iterator[Any]:
    """A `tf.data.Dataset` and all that it was made from, the outermost first."""
    yield dataset
    inputs = getattr(dataset, "_inputs", None)
    for one in inputs() if callable(inputs) else ():
        yield from datasets_inside(one)


def reshuffles(dataset: Any) -> bool:
    """Whether this is a `shuffle` that has another order in each pass."""
    return bool(getattr(dataset, "_reshuffle_each_iteration", False))


def shuffles(data: Any) -> bool:
    """Whether a `tf.data.Dataset` has a new order in every pass: each pass moves the next ones."""
    return any(map(reshuffles, datasets_inside(data)))


def operations(dataset: Any) -> set[str]:
    """The kinds of TensorFlow's operations in the functions of a `map`, a `filter` and the like."""
    functions = getattr(dataset, "_functions", None)
    found = set()
    for one in functions() if callable(functions) else ():
        graph = one.function.graph.as_graph_def()
        found |= {node.op for node in graph.node}
        found |= {node.op for inner in graph.library.function for node in inner.node_def}
    return found

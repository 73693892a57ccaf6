"""From what `fit` is given to what is measured: the training and the validation side."""

import math
import types
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kreg import private_keras
from kreg.fitting.read_ahead import ReadAhead, draws, idle_from, must_be_handed_on

AUGMENTED = (
    "The training data set draws random numbers in a `.map` of its own, which cannot be undone: "
    "its rows are measured once augmented. Augment with kreg.augment.Pipeline(...).apply(dataset), "
    "or pass kreg.Diagnostics(train=...) the rows before."
)
MOVED = (
    "Something follows kreg.augment.Pipeline.apply in the training data set, so its order of rows "
    "has moved on by the rows that were read to be measured. Let `apply` be the last step: it "
    "prefetches by itself."
)


@dataclass
class Given:
    """What is measured, and what `fit` gets in the place of what it was given.

    Args:
        x: The argument `x` of `fit`.
        validation_data: Its argument `validation_data`.
        train: Source of the training rows for Diagnostics, or `None`.
        validation: The same of the validation rows.
        augmented: Whether `x` is augmented by a kreg pipeline, which is undone for `train`.
        sentences: What must be said about the data.
    """

    x: Any
    validation_data: Any
    train: Any = None
    validation: Any = None
    augmented: bool = False
    sentences: tuple[str, ...] = ()

    def end(self, steps_per_epoch: bool) -> None:
        """After `fit`: the pass that Keras would have begun last, see `idle_from`."""
        stream: Any = getattr(self.train, "stream", None)
        if hasattr(stream, "element_spec") and idle_from(stream, steps_per_epoch) is not None:
            iter(stream)


def given(
    x: Any,
    y: Any,
    sample_weight: Any,
    validation_data: Any,
    validation_split: float,
    batches: tuple[int | None, int | None] = (None, None),
) -> Given:
    """The sides of a training, from the arguments of `fit`.

    Args:
        x, y, sample_weight, validation_data, validation_split: As in `fit`.
        batches: How many the training and the validation will read, where that was said.
    """
    if is_stream(x):
        found = streamed(x, batches[0])
        found.validation_data = validation_data
    else:
        split = validation_split if validation_data is None else 0.0
        parts = (x, y) if sample_weight is None else (x, y, sample_weight)
        train, validation = divided(parts, split)
        found = Given(x, validation_data, train, validation)
    if is_stream(validation_data):
        found.validation_data, found.validation = handed_on(validation_data, batches[1])
    elif validation_data is not None:
        found.validation = validation_data
    return found


def is_stream(data: Any) -> bool:
    """Whether `data` yields batches: a data set, a loader, a generator; no array, nest or pair."""
    if data is None or isinstance(data, (list, tuple, dict, str)):
        return False
    if isinstance(data, (types.GeneratorType, keras.utils.PyDataset)):
        return True
    has_shape = hasattr(data, "shape") or hasattr(data, "__array__")
    return not has_shape and (hasattr(data, "element_spec") or hasattr(data, "__iter__"))


def is_shuffled_by_keras(x: Any) -> bool:
    """Whether `fit(shuffle=True)`, the default, means anything; for all else Keras warns of it."""
    if isinstance(x, keras.utils.PyDataset):
        return x.num_batches is not None
    return not is_stream(x)


def streamed(x: Any, most: int | None) -> Given:
    """The training side of a stream."""
    if hasattr(x, "element_spec"):
        inside = list(private_keras.datasets_inside(x))
        makers = [d.augmented_from for d in inside if hasattr(d, "augmented_from")]
        if makers:
            return un_augmented(x, makers[0], most)
        sentences = (AUGMENTED,) if any(map(draws, inside)) else ()
        x, train = handed_on(x, most)
        return Given(x, None, train, sentences=sentences)
    x, train = handed_on(x, most)
    return Given(x, None, train)


def un_augmented(x: Any, applied: Any, most: int | None) -> Given:
    """The rows before a kreg pipeline, as the model reads them."""
    ahead = ReadAhead(applied.source, applied.plain, most)
    sentences, is_last = [], getattr(x, "augmented_from", None) is applied
    if must_be_handed_on(applied.source):
        x = applied.on(ahead.dataset(idle_from(applied.source, most is not None))) if is_last else x
        sentences += [] if is_last else [MOVED]
    found = Given(x, None, ahead, augmented=True)
    try:
        next(iter(ahead), None)
    except ValueError as error:
        found.train, found.augmented = None, False
        sentences.append(f"{error} The clean training loss is not measured.")
    found.sentences = tuple(sentences)
    return found


def handed_on(stream: Any, most: int | None) -> tuple[Any, Any]:
    """What `fit` gets, and what is measured, of a stream that both of them read."""
    if isinstance(stream, types.GeneratorType):
        ahead = ReadAhead(stream, most=most)
        return ahead.rest(), ahead
    if hasattr(stream, "element_spec") and must_be_handed_on(stream):
        ahead = ReadAhead(stream, most=most)
        return ahead.dataset(idle_from(stream, most is not None)), ahead
    return stream, stream


def divided(parts: tuple[Any, ...], split: float) -> tuple[tuple[Any, ...], tuple[Any, ...] | None]:
    """The rows that are trained on, and the last ones, which Keras validates on."""
    if not split:
        return parts, None
    leaves = [leaf for leaf in keras.tree.flatten(parts) if leaf is not None]
    first = math.floor(len(leaves[0]) * (1.0 - split))  # as Keras rounds

    def pick(rows: slice) -> tuple[Any, ...]:
        return tuple(
            keras.tree.map_structure(lambda a: None if a is None else np.asarray(a)[rows], part)
            for part in parts
        )

    return pick(slice(first)), pick(slice(first, None))

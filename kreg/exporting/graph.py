"""One Keras model of stock layers, from the user's rows to probabilities or target units."""

import dataclasses
from typing import TYPE_CHECKING, Any

from kreg.exporting import columns
from kreg.prediction.kept import Kept

if TYPE_CHECKING:
    import keras

ROWS, ENCODED = "rows", "encoded"  # inputs that hold all columns at once


@dataclasses.dataclass(frozen=True)
class Layout:
    """What the inputs of an exported model are.

    Args:
        kept: The run.
        words: Whether the format can read strings.
        dtype: Of numbers in the user's units: `"float64"`, or `"float32"`.
    """

    kept: Kept
    words: bool
    dtype: str

    @property
    def named(self) -> bool:
        """Whether each column is an input of its own, because some are words."""
        return self.words and bool(self.kept.categorical)

    @property
    def outside(self) -> bool:
        """Whether preprocessing stays outside: words, in a format that reads none."""
        return not self.words and bool(self.kept.categorical)

    @property
    def times(self) -> list[int]:
        """The places of dates whose time of the day is a number of its own."""
        apart = self.dtype == "float32" and not self.outside
        return columns.timed(self.kept.numeric) if apart else []

    def refuse_coarse(self) -> None:
        """Refuse a table whose numbers the format cannot tell apart.

        Raises:
            ValueError: With the columns.
        """
        if self.dtype == "float32" and not self.outside:
            columns.refuse_coarse(self.kept.numeric or columns.of_array(self.kept))

    def inputs(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Name -> shape of one row, and its type."""
        shape = tuple(self.kept.data["input_shape"])
        if self.named:
            known = columns.names([*self.kept.numeric, *self.kept.categorical])
            numbers = len(self.kept.numeric)
            kinds = [self.dtype] * numbers + ["string"] * (len(known) - numbers)
            return {name: ((1,), kind) for name, kind in zip(known, kinds, strict=True)}
        if self.kept.data["is_image"]:
            return {"pictures": (shape, self.kept.data.get("input_type", "float32"))}
        if self.outside:
            return {ENCODED: (shape, "float32")}
        width = (len(self.kept.numeric) + len(self.times),) if self.kept.numeric else shape
        return {ROWS: (width, self.dtype if self.kept.data["preprocessing"] else "float32")}


def build(layout: Layout, model: "keras.Model") -> "keras.Model":
    """The model with preprocessing before it and the meaning of its outputs behind it.

    Args:
        layout: Of the inputs.
        model: The run's `model.keras`, from preprocessed rows to logits or scaled targets.
    """
    import keras

    known = layout.inputs()
    inputs = {
        name: keras.Input(shape, dtype=kind, name=name) for name, (shape, kind) in known.items()
    }
    outputs = answer(model(features(layout, inputs)), layout)
    given = inputs if layout.named else next(iter(inputs.values()))
    return keras.Model(given, outputs, name="exported")


def features(layout: Layout, inputs: dict[str, Any]) -> Any:
    """What the trained model reads."""
    from keras import layers, ops

    x = next(iter(inputs.values()))
    fitted = layout.kept.data["preprocessing"]
    if fitted is None or layout.outside:
        return ops.cast(x, "float32")
    if fitted["kind"] == "standard":
        return columns.standard(x, fitted["mean"], fitted["scale"], layout.dtype)
    numbers, words = layout.kept.numeric, layout.kept.categorical
    each = list(inputs.values())
    if layout.named and numbers:
        first = each[: len(numbers)]
        x = layers.Concatenate(dtype=layout.dtype)(first) if len(first) > 1 else first[0]
    times = x[:, len(numbers) :] if layout.times else None
    x = x[:, : len(numbers)] if layout.times else x
    parts = columns.numeric(x, numbers, layout.dtype, times) if numbers else []
    given = each[len(numbers) :] if layout.named else []
    parts += [columns.categorical(x, c) for x, c in zip(given, words, strict=True)]
    return layers.Concatenate(dtype="float32")(parts) if len(parts) > 1 else parts[0]


def answer(outputs: Any, layout: Layout) -> Any:
    """Probabilities of all classes or labels, or the target in its own units."""
    from keras import layers

    task, target = layout.kept.task, layout.kept.data["target"]
    if task == "classification":
        return layers.Softmax(dtype="float32", name="probabilities")(outputs)
    if task == "regression":
        scale, mean = target["scale"] or 1.0, target["mean"] or 0.0
        return columns.rescaled(outputs, scale, mean, layout.dtype, name="prediction")
    yes = layers.Activation("sigmoid", dtype="float32")(outputs)
    if task == "multilabel":
        return layers.Identity(dtype="float32", name="probabilities")(yes)
    negated = layers.Rescaling(-1.0, dtype="float32")(outputs)
    no = layers.Activation("sigmoid", dtype="float32")(negated)
    return layers.Concatenate(dtype="float32", name="probabilities")([no, yes])

"""The table of what is attached to what."""

from dataclasses import dataclass

from kreg.surgery import slots
from kreg.surgery.rules import path_in, weights_of
from kreg.surgery.table import text_table


@dataclass(frozen=True)
class Attachment:
    """One weight and its regularizer.

    Args:
        weight: The weight's path, `"backbone/conv/kernel"` say.
        shape: Its shape.
        regularizer: What is attached, as text.
        active: Whether training feels it: `False` for a frozen layer.
        saved: Whether `save` and `clone_model` keep it.
    """

    weight: str
    shape: tuple
    regularizer: str
    active: bool
    saved: bool


class Attachments(list):
    """A list of `Attachment` that prints as a table."""

    def __str__(self) -> str:
        header = ("weight", "shape", "regularizer", "active", "saved")
        return text_table(header, [(a.weight, a.shape, a.regularizer, *flags(a)) for a in self])


def flags(row: Attachment) -> tuple[str, str]:
    return "yes" if row.active else "no: frozen", "yes" if row.saved else "no"


def attached(model) -> Attachments:
    """Every weight of `model` that has a regularizer, kreg's or Keras's.

    Args:
        model: A built `keras.Model`.

    >>> import keras
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="out")])
    >>> from kreg.surgery import regularize
    >>> print(attached(regularize(model, keras.regularizers.L2(0.5))))
    weight      shape   regularizer  active  saved
    ----------  ------  -----------  ------  -----
    out/kernel  (3, 1)  L2(l2=0.5)   yes     yes
    """
    return Attachments(
        Attachment(
            weight=path_in(model, weight),
            shape=tuple(weight.shape),
            regularizer=describe(weight.regularizer),
            active=weight.trainable,
            saved=slots.is_saved(layer, weight, model),
        )
        for layer, weight in weights_of(model)
        if weight.regularizer is not None
    )


def describe(regularizer) -> str:
    """`L2(l2=0.5)`: the class and what makes it different from others of the class."""
    config = regularizer.get_config() if hasattr(regularizer, "get_config") else {}
    fields = ", ".join(f"{key}={value!r}" for key, value in config.items())
    return f"{getattr(type(regularizer), '__name__', regularizer)}({fields})"

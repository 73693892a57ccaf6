"""The numbers in Keras's logs."""


def scalars(logs) -> dict[str, float]:
    """The entries of `logs` that are one number, as floats.

    >>> scalars({"loss": 1, "name": "run"})
    {'loss': 1.0}
    """
    return {name: float(value) for name, value in (logs or {}).items() if is_scalar(value)}


def is_scalar(value) -> bool:
    """Whether it is a Python number or an array of shape ()."""
    return isinstance(value, (int, float)) or getattr(value, "shape", None) == ()

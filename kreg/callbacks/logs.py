"""The numbers in Keras's logs."""

import numpy as np


def scalars(logs) -> dict[str, float]:
    """The entries of `logs` that are one number, as floats.

    >>> scalars({"loss": 1, "f1": np.ones(1), "name": "run"})
    {'loss': 1.0, 'f1': 1.0}
    """
    return {name: number(value) for name, value in (logs or {}).items() if is_scalar(value)}


def fill(logs: dict, prefix: str, measured, loss: bool = True) -> None:
    """Write a `Measurement` into the logs under `<prefix>loss` and `<prefix><metric>`."""
    if loss and measured.loss is not None:
        logs[f"{prefix}loss"] = measured.loss
    logs.update({f"{prefix}{name}": v for name, v in measured.metrics.items() if name != "loss"})


def is_scalar(value) -> bool:
    """Whether it is a Python number or an array with one element."""
    if isinstance(value, (int, float)):
        return True
    return hasattr(value, "shape") and np.prod(value.shape, dtype=int) == 1


def number(value) -> float:
    return float(value) if isinstance(value, (int, float)) else float(np.asarray(value).ravel()[0])

"""`kreg.fit`: `model.fit`, measured and stopped, with everything given once."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kreg import check
from kreg.callbacks import Diagnostics, EarlyStopping
from kreg.fitting.given_data import Given, given, is_shuffled_by_keras
from kreg.fitting.history import History
from kreg.randomness import same_randomness

Callback = keras.callbacks.Callback
STOPPING = (EarlyStopping, keras.callbacks.EarlyStopping)


def fit(
    model: keras.Model,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: int | str = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool = True,
    class_weight: Mapping[int, float] | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | Sequence[int] = 1,
    *,
    early_stopping: bool = True,
    diagnostics: Mapping[str, Any] | None = None,
) -> History:
    """`model.fit(x, y, ...)` with a `kreg.Diagnostics` and a `kreg.EarlyStopping` on the same data.

    The arguments are those of `model.fit`, and it is `model.fit` that trains: weights and logs are
    the same bit for bit as with `callbacks=[kreg.Diagnostics(...), kreg.EarlyStopping(), ...]`.
    Training rows are measured without augmentation where `kreg.augment.Pipeline.apply` made the
    data set. The rows of `validation_split` are no training rows. What is read of a generator or a
    shuffled data set to be measured is handed on to the training.

    Args:
        model: A compiled `keras.Model`.
        x: Arrays or tensors or a nest of them, a `tf.data.Dataset`, a `keras.utils.PyDataset`, a
            generator or a PyTorch `DataLoader`.
        y, batch_size, epochs, verbose: As in `model.fit`. `verbose=0` silences kreg as well.
        callbacks: As in `model.fit`. A `kreg.Diagnostics` among them is used as it is, and so is an
            `EarlyStopping`, kreg's or Keras's; what is missing is put before all others.
        validation_split, validation_data, shuffle, class_weight, sample_weight: As in `model.fit`.
        initial_epoch, steps_per_epoch, validation_steps, validation_batch_size, validation_freq: As
            in `model.fit`.
        early_stopping: Whether to stop by `val_clean_loss` and to go back to the best epoch, where
            there are validation data. Defaults to `True`.
        diagnostics: More arguments of `kreg.Diagnostics`, `{"rows": 2048}` say, or `None`.

    Returns:
        Keras's `History`, with `.verdict`, `.report()`, `.diagnostics` and `.stopping`.

    >>> import numpy as np
    >>> x, y = np.arange(40.0)[:, None] % 2, np.arange(40) % 2
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = fit(model, x, y, validation_split=0.25, epochs=2, verbose=0)
    >>> history.verdict.state, sorted(history.history)[:3]
    ('TOO EARLY', ['clean_loss', 'gap', 'loss'])
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        expected = "a list of callbacks: kreg.fit puts its own before them"
        raise check.invalid("callbacks", expected, type(callbacks).__name__)
    own = [one for one in keras.tree.flatten(callbacks or []) if one is not None]
    measure = next((one for one in own if isinstance(one, Diagnostics)), None)
    with same_randomness():
        steps = steps_per_epoch and steps_per_epoch * (epochs - initial_epoch)
        batches = steps, validation_steps
        data = given(x, y, sample_weight, validation_data, validation_split, batches)
        if measure is None:
            measure = measuring(data, class_weight, verbose, diagnostics)
            own = [measure, *own]
    stopping = next((one for one in own if isinstance(one, STOPPING)), None)
    if stopping is None and check.flag("early_stopping", early_stopping) and validates(data):
        stopping = EarlyStopping(verbose=spoken(verbose), validation_freq=every(validation_freq))
        own.insert(own.index(measure) + 1, stopping)
    history = History(measure, stopping, data.sentences)
    others: dict[str, Any] = {
        "batch_size": batch_size, "epochs": epochs, "verbose": verbose,
        "shuffle": shuffle and is_shuffled_by_keras(x),
        "class_weight": class_weight, "sample_weight": sample_weight,
        "initial_epoch": initial_epoch, "steps_per_epoch": steps_per_epoch,
        "validation_split": validation_split, "validation_data": data.validation_data,
        "validation_steps": validation_steps, "validation_batch_size": validation_batch_size,
        "validation_freq": validation_freq,
    }  # fmt: skip
    model.fit(data.x, y, callbacks=[*own, history], **others)
    data.end(steps_per_epoch is not None)
    return history


def measuring(
    data: Given,
    class_weight: Mapping[int, float] | None,
    verbose: int | str,
    more: Mapping[str, Any] | None,
) -> Diagnostics:
    """The Diagnostics of a training that was given none."""
    settings: dict[str, Any] = {
        "train": data.train,
        "validation": data.validation,
        "class_weight": class_weight,
        "verbose": spoken(verbose),
        **({"inputs": {"augmented": True}} if data.augmented else {}),
    }
    return Diagnostics(**{**settings, **(more or {})})


def validates(data: Given) -> bool:
    return data.validation is not None


def spoken(verbose: int | str) -> int:
    return int(verbose != 0)


def every(validation_freq: int | Sequence[int]) -> int:
    """After how many epochs there must have been a validation."""
    return validation_freq if isinstance(validation_freq, int) else max(validation_freq)

"""Save and load a model with what Keras's file format forgets: penalties, and what is frozen."""

import json
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras

from kreg import check, files, lora, private_keras, registration
from kreg.foreign import keras_file
from kreg.foreign.schema import conform
from kreg.regularizers import penalty_table
from kreg.surgery import frozen
from kreg.surgery.regularization import retrace
from kreg.surgery.rules import weights_of

MEMBER = "kreg_penalties.json"  # Keras passes over members of the archive that it does not know
FROZEN = "kreg_frozen.json"
CONFIG = "config.json"
OTHER_PARTS = (
    "The loaded model has other layers than the one that was saved: what was frozen is as Keras "
    "has loaded it. Set `trainable` of its layers, and call `model.compile`."
)


def save_model(model: keras.Model, path: "str | os.PathLike[str]") -> None:
    """`model.save(path)`, the whole or nothing, with all penalties and with what is frozen.

    Keras loses the penalty of a weight whose layer has no place for it in its configuration: the
    projections inside a `MultiHeadAttention`, the layers inside a layer of your own. Here they are
    kept beside the model, in the same file, which plain Keras reads as ever. Under an optimizer of
    `kreg.optimizers`, `model.save` keeps them as well. Keras also forgets what is frozen inside a
    model or layer of your own, or of KerasHub, and then leaves the optimizer's state out; this is
    kept in the same way.

    Args:
        model: A `keras.Model`.
        path: A path ending in `.keras`. A file that is there is replaced.

    Raises:
        ValueError: For another ending.

    >>> import tempfile
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(model, f"{folder}/model.keras")
    ...     load_model(f"{folder}/model.keras").count_params()
    4
    """
    if Path(path).suffix != ".keras":
        raise check.invalid("path", "a path ending in .keras", str(path))
    members = {MEMBER: penalty_table.written(_weights(model)), FROZEN: frozen.written(model)}
    with files.replacing(path) as temporary:
        model.save(temporary)
        for name, value in members.items():
            if value:
                keras_file.add(temporary, name, json.dumps(value))


def load_model(path: "str | os.PathLike[str]", **kwargs: Any) -> keras.Model:
    """`keras.models.load_model`, with kreg's classes registered and every penalty put back.

    What a `.keras` file claims of its weights is held against its size before Keras opens it.
    The penalties are those that `kreg.save_model` has written, or that the file's kreg optimizer
    names; the optimizer goes on with its state. What was frozen is frozen: `kreg.save_model` has
    written that too, where a model's configuration does not. Low-rank changes are merged into the
    kernels of every file; a warning says so of a model that has had some.

    Args:
        path: What `kreg.save_model` or `model.save` has written.
        **kwargs: Of `keras.models.load_model`: `custom_objects`, `compile`, `safe_mode`.
    """
    keras_file.check(path)
    registration.register(*registration.ROOMS)
    model = _loaded(path, **kwargs)
    private_keras.mend_configurations(model)
    own, of_optimizer = _tables(path)
    objects = kwargs.get("custom_objects")
    given = penalty_table.restore(own, _weights(model), objects)
    given += penalty_table.restore(of_optimizer, model.trainable_variables, objects)
    if given:
        retrace(model)
    if merged := lora.spent(model):
        warnings.warn(lora.merged_before(merged), UserWarning, stacklevel=2)
    return model


def _loaded(path: "str | os.PathLike[str]", **kwargs: Any) -> keras.Model:
    """What Keras loads, with what was frozen, and the optimizer built on what it has trained."""
    record: frozen.Frozen | None = keras_file.member(path, FROZEN)
    if record is None:
        return keras.models.load_model(path, **kwargs)
    conform(record, frozen.Frozen, FROZEN)
    model = keras.models.load_model(path, **kwargs | {"compile": False})
    if not frozen.fits(model, record):
        warnings.warn(OTHER_PARTS, UserWarning, stacklevel=3)
        return keras.models.load_model(path, **kwargs)
    config = keras_file.member(path, CONFIG)["compile_config"]
    if config and kwargs.get("compile", True):
        if record["optimizer"] is None:
            frozen.restore(model, record)
        else:
            frozen.train_as_the_optimizer(model, record)
        with (
            keras.saving.custom_object_scope(kwargs.get("custom_objects") or {}),
            private_keras.safe_mode(kwargs.get("safe_mode", True)),
        ):
            model.compile_from_config(config)
        model.load_weights(path)  # once more: the optimizer's state
    frozen.restore(model, record)
    return model


def _weights(model: keras.Model) -> list[keras.Variable]:
    return [weight for _, weight in weights_of(model)]


def _tables(
    path: "str | os.PathLike[str]",
) -> tuple[Sequence[penalty_table.Row], Sequence[penalty_table.Row]]:
    """What `save_model` has written, and what the optimizer's configuration holds."""
    own = keras_file.member(path, MEMBER)
    if own is not None:
        conform(own, list[penalty_table.Row], MEMBER)
        return own, []
    config = keras_file.member(path, CONFIG) or {}
    return [], next(_named("penalties", config.get("compile_config")), [])


def _named(name: str, config: Any) -> Iterator[Any]:
    """Every value of this name in a nest of configurations."""
    if isinstance(config, dict):
        if name in config:
            yield config[name]
        for value in config.values():
            yield from _named(name, value)

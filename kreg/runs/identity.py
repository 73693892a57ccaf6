"""Is this the same command? The configuration as plain sorted data, and its differences."""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from kreg.foreign import json_text

Plain: TypeAlias = dict[str, Any]
Changes: TypeAlias = dict[str, tuple[Any, Any]]

# keys that say how to run and not what to train
VOLATILE = (
    "resume",
    "check",
    "allow",
    "objective",
    "choose",
    "seeds",
    "workers",
    "trainer.verbose",
    "trainer.save_every",
    "logger",
)
# what says the same under another value, or did so in an earlier version
ALIKE = {("data.separator", ","): "auto"}
# the key that a resumed run may change, where no learning rate depends on it
EPOCHS = "trainer.epochs"
UNITS = "Epochs of auto and of a number may differ in length. "
PLANNED = (
    "The learning rate was planned over all epochs; only a run with optimizer.schedule=constant "
    "and optimizer.warmup=0, and without finetune=gradual, can be made longer. "
)


def canonical(config: Plain) -> Plain:
    """Flat `{"model.depth": 3, ...}` in sorted order, without the volatile keys."""
    flat = dict(sorted(_flatten(config, "")))
    kept = {key: value for key, value in flat.items() if not is_volatile(key)}
    return kept | {key: now for (key, value), now in ALIKE.items() if kept.get(key) == value}


def is_volatile(key: str) -> bool:
    """Whether a key, or the whole group that it is in, says how to run and not what to train."""
    return key in VOLATILE or key.split(".")[0] in VOLATILE


def _flatten(value: object, prefix: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flatten(item, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, json_text.parse(json.dumps(value), what=prefix)


def differences(old: Plain, new: Plain) -> Changes:
    """`{key: (old value, new value)}` for every key that differs.

    >>> differences({"reg": {"l1": 0.1}}, {"reg": {"l1": 0.2}})
    {'reg.l1': (0.1, 0.2)}
    """
    old, new = canonical(old), canonical(new)
    keys = sorted(old.keys() | new.keys())
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def forbidden(changes: Changes, config: Plain) -> Changes:
    """The differences that a resumed run must not have.

    More epochs of the same training are the one thing that may change, unless `config` plans the
    learning rate over all epochs: the epochs that are done would then have had other rates.
    """
    free = () if plans_ahead(config) or not counted(changes) else (EPOCHS,)
    return {key: pair for key, pair in changes.items() if key not in free}


def counted(changes: Changes) -> bool:
    """Whether both numbers of epochs are numbers: an epoch of auto has a length of its own."""
    return all(isinstance(value, int) for value in changes.get(EPOCHS, ()))


def why(forbidden: Changes) -> str:
    """The sentence that explains why another number of epochs is refused."""
    if EPOCHS not in forbidden:
        return ""
    return PLANNED if counted(forbidden) else UNITS


def plans_ahead(config: Plain) -> bool:
    """Whether the learning rate of a step depends on the number of epochs."""
    optimizer = config.get("optimizer", {})
    moves = optimizer.get("schedule", "constant") != "constant" or bool(optimizer.get("warmup"))
    return moves or config.get("finetune", {}).get("kind") == "gradual"


def sentence(changes: Changes) -> str:
    """`reg.l1 was 0.1 and is 0.2, ...`"""
    return ", ".join(f"{key} was {old!r} and is {new!r}" for key, (old, new) in changes.items())

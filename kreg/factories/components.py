"""From a checked kind to its component: what it names is loaded and called with its keys.

A component of the user's own is a `kind: package.module:Name` with `params`. What each group calls
the user's class or function with, before `params`, and what it wants back:

| group | arguments | result |
|---|---|---|
| model | `input_shape, outputs, task`; `dropout`, `rescale` if it names them | a `keras.Model` |
| reg | | a `keras.Regularizer`, or a list of `kreg.surgery.Rule` |
| dropout | a `kreg.layers.Place` | a `keras.layers.Layer`, or `None` |
| augment | | a list of stages of `kreg.augment` |
| data | | a `kreg.data.Raw` |
| optimizer | | a `keras.optimizers.Optimizer`; its zeros are made exact |
| stop | | a `kreg.EarlyStopping` |
| diagnostics | the `kreg.data.Data` | a `kreg.Diagnostics` |
| logger | | a `kreg.loggers.Logger` |
| callbacks | `data` if it names it: the `kreg.data.Data` | a Keras callback, or a list |
"""

import dataclasses
import importlib
import inspect
from typing import Any

from kreg.config.custom import Custom
from kreg.fields import Options, rule_of
from kreg.schedules import Schedule


def create(
    cfg: Options,
    *arguments: Any,
    steps_per_epoch: int | None = None,
    rank: int | None = None,
    **more: Any,
) -> Any:
    """The component of a kind of kreg's, called with its keys.

    Args:
        cfg: The checked group.
        *arguments: What every component of the group is called with.
        steps_per_epoch: Length of an epoch, for schedules by epochs.
        rank: Axes of the feature maps that a layer acts on, where there is a class for each.
        **more: Arguments that no key decides, or not alone.
    """
    plain = {field.name for field in dataclasses.fields(cfg) if rule_of(field).type is dict}
    keys = {
        name: value if name in plain else scheduled(value, steps_per_epoch)
        for name, value in cfg.arguments().items()
    }
    component = load(cfg.component.format(rank=rank, **vars(cfg)))
    return component(*arguments, **(keys | more))


def scheduled(value: Any, steps_per_epoch: int | None) -> Any:
    """A schedule with the length of an epoch filled in; anything else as it is."""
    if not isinstance(value, dict):
        return value
    return Schedule.from_config({"steps_per_epoch": steps_per_epoch, **value})


def create_custom(cfg: Custom, *arguments: Any, **offered: Any) -> Any:
    """A component of the user's own, with what its group hands over and the `params`.

    Args:
        cfg: The checked group.
        *arguments: What every component of the group is called with.
        **offered: What it is called with if it has parameters of these names.
    """
    component = load(cfg.kind)
    wanted = inspect.signature(component).parameters
    taken = {name: value for name, value in offered.items() if name in wanted}
    return component(*arguments, **taken, **cfg.params)


def load(kind: str) -> Any:
    """The object that `package.module:Name` names; the gate has checked that it is allowed.

    Raises:
        ValueError: If there is no such module or name.
    """
    module, _, name = kind.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"kind={kind}: there is no module {error.name!r}. Install it, or start kreg where "
            f"Python finds it."
        ) from error
    except AttributeError as error:
        raise ValueError(f"kind={kind}: the module {module!r} has no {name!r}.") from error

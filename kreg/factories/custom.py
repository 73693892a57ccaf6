"""Components of the user's own: `kind: package.module:Name` with `params`.

What each group calls the user's class or function with, before `params`, and what it wants back:

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
"""

import importlib
import inspect

from kreg.config.custom import is_custom

__all__ = ["create", "is_custom", "load"]


def load(kind: str):
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


def create(cfg, *arguments, **offered):
    """The component, called with what its group hands over and the user's own `params`.

    Args:
        cfg: A `kreg.config.custom.Custom`.
        *arguments: What every component of the group is called with.
        **offered: What it is called with if it has parameters of these names.
    """
    component = load(cfg.kind)
    wanted = inspect.signature(component).parameters
    taken = {name: value for name, value in offered.items() if name in wanted}
    return component(*arguments, **taken, **cfg.params)

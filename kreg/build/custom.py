"""Components of the user's own: `kind: package.module:Name` with `params`."""

import importlib


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


def create(cfg, *arguments):
    """The component, called with what its group hands over and the user's own `params`."""
    return load(cfg.kind)(*arguments, **cfg.params)

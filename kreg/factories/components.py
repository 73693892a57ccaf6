"""From a checked kind to its component: what it names is loaded and called with its keys.

What a component of the user's own, a `kind: package.module:Name`, is called with before its
`params`: see `kreg.factories.custom_parts` and section 9 of the guide.
"""

import dataclasses
import importlib
import inspect
from typing import Any

from kreg.config.custom import Custom
from kreg.fields import Options, rule_of
from kreg.schedules import Schedule

Parameters = dict[str, inspect.Parameter]


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
        **offered: What it is called with if it has parameters of these names, and `params` does
            not set them.
    """
    component = load(cfg.kind)
    wanted = parameters(component) or {}
    taken = {name: value for name, value in offered.items() if name in wanted}
    return component(*arguments, **(taken | cfg.params))


def parameters(component: Any) -> Parameters | None:
    """The parameters of a class or function; `None` where Python does not know them.

    Keras's classes have a `__new__` that takes anything, so a class is asked for its `__init__`.
    """
    asks_init = isinstance(component, type) and not hasattr(component, "__signature__")
    has_init = asks_init and component.__init__ is not object.__init__
    try:
        found = inspect.signature(component.__init__ if has_init else component).parameters
    except (TypeError, ValueError):
        return None
    return dict(list(found.items())[1:]) if has_init else dict(found)


def load(kind: str) -> Any:
    """The object that `package.module:Name` names; the gate has checked that it is allowed.

    Raises:
        ValueError: If there is no such module or name.
    """
    module, _, name = kind.partition(":")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"kind={kind}: there is no module {error.name!r}. Install it, or start kreg where "
            f"Python finds it."
        ) from error
    try:
        return getattr(found, name)
    except AttributeError as error:
        raise ValueError(f"kind={kind}: the module {module!r} has no {name!r}.") from error

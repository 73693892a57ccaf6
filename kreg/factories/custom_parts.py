"""A component of the user's own is asked, before anything is built, whether it takes its call.

Its parameters say so by their names. Python alone would accept more: `keras.applications` takes
three positional arguments too, and reads the number of classes as the width of its layers.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kreg import check
from kreg.applications import BY_NAME
from kreg.config.custom import Custom
from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.factories import components
from kreg.factories.components import Parameters

NUMBERS = (int, float, "int", "float")  # annotations that take no factory and no flag

LIBRARIES = ("keras", "kreg", "tensorflow")


@dataclass(frozen=True)
class Call:
    """What a group hands to a component of the user's own.

    Args:
        positional: In this order, whatever the parameters are called.
        offered: By name, where there is a parameter of that name and `params` does not set it.
    """

    positional: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()

    def __str__(self) -> str:
        named = ", ".join(self.positional) or "no argument"
        offered = " and ".join(self.offered)
        return f"{named}; {offered} by name if it has them" if offered else named


CALLS = {
    "model": Call(("input_shape", "outputs", "task"), ("dropout", "rescale")),
    "reg": Call(),
    "dropout": Call(("place",)),
    "augment": Call(),
    "data": Call(),
    "optimizer": Call(),
    "stop": Call(),
    "diagnostics": Call(("data",)),
    "logger.custom": Call(),
    "callbacks": Call((), ("data",)),
}
WANTED = {  # what an offered argument is, and which number a parameter of that name must not be
    "dropout": "a function `place -> layer or None`, and not a rate",
    "rescale": "a factor or None, and not a flag",
    "data": "the rows, a kreg.data.Data",
}


def ask_all(config: Config) -> None:
    """Refuse a component of the user's own that would not take its call, or would misread it.

    Raises:
        ConfigError: With the parameters that it has and what it is called with.
    """
    for group, call in CALLS.items():
        name, _, option = group.partition(".")
        cfg = getattr(config, name)
        if isinstance(cfg := cfg.get(option) if option else cfg, Custom):
            ask(group, cfg, call)


def ask(group: str, cfg: Custom, call: Call) -> None:
    """`ask_all` for one group."""
    component = components.load(cfg.kind)
    if not callable(component):
        raise ConfigError(f"{group}.kind={cfg.kind} is no class and no function: it is a "
                          f"{type(component).__name__}.")  # fmt: skip
    parameters = components.parameters(component)
    if parameters is None:  # of a builtin Python does not know them
        return
    for problem in problems(component, cfg, call, parameters):
        raise ConfigError(
            f"{group}.kind={cfg.kind} cannot be called as kreg calls a "
            f"{group.split('.')[0]}: {problem} "
            f"Its parameters are ({listed(parameters)}); kreg calls it with {call}, then with "
            f"{group}.params. {advice(cfg)}"
        )


def problems(component: Any, cfg: Custom, call: Call, parameters: Parameters) -> Iterator[str]:
    """What is wrong with a call, in sentences; the first one is enough."""
    offered = [n for n in call.offered if n in parameters and n not in cfg.params]
    yield from unknown(cfg, parameters)
    signature = inspect.Signature(list(parameters.values()))
    try:
        named = dict.fromkeys((*offered, *cfg.params))
        signature.bind(*call.positional, **named)
    except TypeError as error:
        yield f"{error}.".replace("'", "`")
        return
    takers = [
        p for p in parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    for name, taker in zip(call.positional, takers):
        if is_misread(name, taker, call, is_library(component)):
            yield f"`{name}` would be read as `{taker.name}`."
    for name in offered:
        if is_other_number(name, parameters[name]):
            yield (
                f"its `{name}` is a number of its own, and kreg hands over {WANTED[name]}. Give "
                f"the parameter another name, or a value in params."
            )


def unknown(cfg: Custom, parameters: Parameters) -> Iterator[str]:
    """`params` of names that the component does not have."""
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    for name in cfg.params:
        if name not in parameters:
            near = check.did_you_mean(name, list(parameters))
            yield f"it has no parameter `{name}`. {near}".rstrip()


def is_misread(name: str, taker: inspect.Parameter, call: Call, library: bool) -> bool:
    """Whether an argument lands in a parameter that means something else.

    In a function of the user's own a required parameter may have any name but that of another
    argument; an optional one, and every one of a library's, has a meaning of its own.
    """
    others = {*call.positional, *call.offered} - {name}
    has_meaning = library or taker.default is not taker.empty
    return taker.name in others or (has_meaning and taker.name != name)


def is_library(component: Any) -> bool:
    """Whether a component was written without a thought of being called by kreg."""
    return str(getattr(component, "__module__", "")).partition(".")[0] in LIBRARIES


def is_other_number(name: str, parameter: inspect.Parameter) -> bool:
    """Whether an offered argument would land in a rate, or in a flag."""
    if name == "rescale":
        return isinstance(parameter.default, bool) or parameter.annotation in (bool, "bool")
    untold = parameter.annotation is parameter.empty
    is_number = isinstance(parameter.default, int | float)
    return parameter.annotation in NUMBERS or (untold and is_number)


def listed(parameters: Parameters) -> str:
    """Parameters as in a function's head, without annotations."""
    bare = [p.replace(annotation=p.empty) for p in parameters.values()]
    return str(inspect.Signature(bare))[1:-1]


def advice(cfg: Custom) -> str:
    """What to do instead."""
    module, _, name = cfg.kind.partition(":")
    around = "Write a function of your own around it"
    is_known = module.startswith("keras.applications") and name in BY_NAME
    return f"Say model=backbone model.name={name}." if is_known else f"{around}."

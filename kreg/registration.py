"""Rooms whose classes Keras can save: nothing is imported with a room, everything on its first use.

`load_model` finds the classes that were registered, and a class is registered when its module is
imported. So whoever uses one public name of a room gets all of its modules.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import lazy_loader

ROOMS = ("kreg.regularizers", "kreg.optimizers", "kreg.layers", "kreg.models")
TOGETHER = {"kreg.optimizers": "kreg.regularizers", "kreg.models": "kreg.layers"}


def attach(room: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """`lazy_loader.attach_stub` for a room of classes that Keras can save."""
    load, names, public = lazy_loader.attach_stub(room, file)

    def get(name: str) -> Any:
        if name in public:
            register(room)
        return load(name)

    return get, names, public


def register(*rooms: str) -> None:
    """Let Keras know all classes of these rooms, and of the rooms that belong to them."""
    for room in rooms:
        register(*filter(None, [TOGETHER.get(room)]))
        package = importlib.import_module(room)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{room}.{module.name}")

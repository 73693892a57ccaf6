"""What a user names is what they get, whatever was imported before: no module hides a function.

Python sets a submodule as an attribute of its package when somebody first imports it. A function of
the same name in that package would then be gone, or come back, depending on who imported what.
"""

import importlib
import pkgutil
from types import ModuleType

import pytest

import kreg

MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(kreg.__path__, "kreg.")
    if not found.name.endswith("__main__")
)


@pytest.fixture(scope="module")
def packages() -> dict[str, ModuleType]:
    """All packages of kreg, after every module of kreg was imported."""
    loaded = {name: importlib.import_module(name) for name in ("kreg", *MODULES)}
    return {name: module for name, module in loaded.items() if hasattr(module, "__path__")}


def submodules(package: ModuleType) -> set[str]:
    return {found.name for found in pkgutil.iter_modules(package.__path__)}


def public_names(package: ModuleType) -> set[str]:
    return set(getattr(package, "__all__", ()))


def test_every_public_name_of_kreg_is_a_room_or_can_be_called(packages):
    for name in public_names(kreg) - {"__version__"}:
        found = getattr(kreg, name)
        if isinstance(found, ModuleType):
            assert found.__name__ == f"kreg.{name}"
        else:
            assert callable(found) and name not in submodules(kreg), name


def test_every_public_name_of_a_room_is_there_and_none_hides_a_module(packages):
    hiding = set()
    for path, package in packages.items():
        for name in public_names(package):
            found = getattr(package, name)
            if name in submodules(package) and not isinstance(found, ModuleType):
                hiding.add((path, name))
    assert not hiding


def test_no_room_has_the_name_of_a_public_function(packages):
    functions = {
        name
        for package in packages.values()
        for name in public_names(package)
        if callable(getattr(package, name))
    }
    assert {"path", "report", "compress", "regularize", "proximal"} <= functions
    assert not functions & submodules(kreg)

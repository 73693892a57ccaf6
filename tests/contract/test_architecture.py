"""The import table of the house: who may import whom. Nothing else is allowed."""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = {"schedules", "check", "held"}
ROOMS_THAT_BUILD = {
    "regularizers", "optimizers", "layers", "augment", "models", "data", "callbacks", "surgery",
}  # fmt: skip
APP_PARTS = {
    "build", "runs", "data", "callbacks", "diagnostics", "surgery", "config", "optimizers", "pages",
}  # fmt: skip
MAY_IMPORT = {
    "check": set(),
    "schedules": set(),
    "held": set(),
    "regularizers": set(),
    "layers": set(),
    "augment": set(),
    "diagnostics": set(),
    "data": set(),
    "runs": set(),
    "pages": {"diagnostics"},
    "tensorboard": {"diagnostics", "pages"},
    "optimizers": {"regularizers"},
    "surgery": {"regularizers", "layers"},
    "models": {"layers"},
    "callbacks": {"diagnostics", "tensorboard"},
    "config": set(),
    "build": ROOMS_THAT_BUILD | {"config", "pages"},
    "sweeps": {"config", "runs", "diagnostics", "pages"},
    "app": APP_PARTS,
    "cli": APP_PARTS | {"app", "sweeps", "launch"},
    "launch": {"config", "runs", "sweeps", "app"},
    "experiments": ROOMS_THAT_BUILD | {"diagnostics", "pages", "build", "config", "sweeps"},
    "hydra_plugin": {"config"},
    "_namespace_plugin": {"hydra_plugin"},
}  # fmt: skip
RENDERERS = {"markupsafe", "matplotlib", "PIL", "rich"}
FORBIDDEN = {  # room -> third-party packages that it must not import, at any depth of its code
    "check": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "schedules": {"keras", "tensorflow", "hydra", "omegaconf"},
    "held": {"tensorflow", "hydra", "omegaconf"},
    "diagnostics": {"keras", "tensorflow", "hydra", "omegaconf", *RENDERERS},
    "pages": {"keras", "tensorflow", "hydra", "omegaconf"},
    "runs": {"keras", "tensorflow", "hydra", "omegaconf"},
    "tensorboard": {"keras", "tensorflow", "hydra", "omegaconf"},
    "augment": {"keras", "hydra", "omegaconf"},
    "config": {"keras", "tensorflow", "numpy"},
    **{
        room: {"hydra", "omegaconf"}
        for room in (
            "regularizers",
            "optimizers",
            "layers",
            "models",
            "surgery",
            "callbacks",
            "data",
        )
    },
}
SHIM = "shim.py"  # the one file name under which a private Keras name may be reached


def room_of(path: Path) -> str:
    relative = path.relative_to(ROOT / "kreg")
    return relative.parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Dotted names of everything that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}: relative import; write the full name")
    return found


SOURCES = sorted(p for p in (ROOT / "kreg").rglob("*.py") if p != ROOT / "kreg" / "__init__.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_table(path):
    room = room_of(path)
    assert room in MAY_IMPORT or room == "__main__", f"{room} has no place in the table"
    allowed = MAY_IMPORT.get(room, {"cli"}) | SHARED | {room}
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] == "kreg" and len(parts) > 1 and parts[1] != "__version__":
            assert parts[1] in allowed, f"{room} may not import kreg.{parts[1]}"
        assert parts[0] not in FORBIDDEN.get(room, ()), f"{room} may not import {parts[0]}"
        if name.startswith(("keras.src", "tensorflow.keras", "tf_keras")):
            assert path.name == SHIM, f"{name} is private: only a file named {SHIM} may reach it"


def test_pytest_looks_into_every_folder(pytestconfig):
    """Its own list of folders to leave out has `build` in it."""
    hidden = pytestconfig.getini("norecursedirs")
    files = [*SOURCES, *(ROOT / "tests").rglob("test_*.py")]
    for folder in {part for path in files for part in path.relative_to(ROOT).parts[:-1]}:
        assert not any(fnmatch(folder, pattern) for pattern in hidden), folder

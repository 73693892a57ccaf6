"""What editors and type checkers see of `import kreg` is what there is."""

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest

import kreg

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "kreg" / "__init__.py"


def exported() -> dict[str, str]:
    """Name -> module of each `from module import name as name` below `if TYPE_CHECKING`."""
    tree = ast.parse(SOURCE.read_text())
    block = next(n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == TYPES)
    found = [n for n in block.body if isinstance(n, ast.ImportFrom)]
    return {alias.asname: node.module for node in found for alias in node.names}


TYPES = "TYPE_CHECKING"


def test_the_block_has_the_public_names_and_no_other():
    assert exported().keys() == {*kreg.PUBLIC, *kreg.ROOMS}


@pytest.mark.parametrize("name", sorted(exported()))
def test_each_name_is_the_object_of_the_runtime(name):
    module = importlib.import_module(exported()[name])
    assert getattr(module, name) is getattr(kreg, name)


def test_every_public_name_is_seen_and_no_other():
    assert set(kreg.__all__) == set(dir(kreg)) == {*exported(), "__version__"}
    assert all(hasattr(kreg, name) for name in kreg.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        kreg.nonsense  # noqa: B018


def test_the_package_says_that_it_has_types():
    assert files("kreg").joinpath("py.typed").is_file()


def public_objects() -> Iterator[object]:
    """Everything that `kreg` and its rooms list in `__all__`."""
    for name in kreg.__all__:
        found = getattr(kreg, name)
        if isinstance(found, ModuleType):
            yield from (getattr(found, inner) for inner in getattr(found, "__all__", ()))
        else:
            yield found


def own_functions(found: object) -> Iterator[Callable]:
    """A function itself; of a class the public ones that kreg wrote, those of its bases too."""
    if inspect.isfunction(found):
        yield found
    classes = [one for one in getattr(found, "__mro__", ()) if one.__module__.startswith("kreg.")]
    for name, member in (pair for one in classes for pair in vars(one).items()):
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        written = inspect.isfunction(function) and function.__module__.startswith("kreg.")
        if written and (name == "__init__" or not name.startswith("_")):
            yield function


def untyped(function: Callable) -> list[str]:
    """The parameters of a function that have no type, and `return`."""
    signature = inspect.signature(function)
    bare = [
        name
        for i, (name, one) in enumerate(signature.parameters.items())
        if one.annotation is one.empty and not (i == 0 and name in ("self", "cls"))
    ]
    returns = signature.return_annotation is not signature.empty or function.__name__ == "__init__"
    return bare if returns else [*bare, "return"]


def test_every_public_function_and_method_has_all_its_types():
    functions = {f for found in public_objects() for f in own_functions(found)}
    made = {f for f in functions if f.__code__.co_filename == "<string>"}  # by `dataclass`
    found = {f"{f.__module__}.{f.__qualname__}": untyped(f) for f in functions - made}
    assert len(found) > 300
    assert {name: bare for name, bare in found.items() if bare} == {}


DATA = """\
import numpy as np

x = y = x_val = y_val = np.zeros((8, 32, 32, 3))
"""


SETTINGS = """\
[mypy]
follow_imports = silent
implicit_reexport = false

[mypy-keras.*]
ignore_missing_imports = true
"""


def mypy(folder: Path, text: str) -> str:
    """What mypy says of a user's script and settings, kreg being what is installed."""
    (folder / "script.py").write_text(text)
    (folder / "mypy.ini").write_text(SETTINGS)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "script.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_type_checker_accepts_the_readme_and_rejects_nonsense(tmp_path):
    (script,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)
    script = script.replace("import keras, kreg", "import keras, kreg\n" + DATA)
    found = mypy(tmp_path, script + "\nkreg.nonsense\nkreg.L1(strenght=1)\nreveal_type(kreg.L1)\n")
    line = script.count("\n") + 2
    assert f'script.py:{line}: error: Module has no attribute "nonsense"' in found
    assert f'script.py:{line + 1}: error: Unexpected keyword argument "strenght"' in found
    assert 'Revealed type is "def (' in found and "L1" in found
    assert found.count("error") == 2, found

"""What a project owes its users beside code: it runs elsewhere, and says its version once."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import kreg

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "kreg").rglob("*.py"))
POSIX = {"crypt", "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}


def at_module_level(tree: ast.Module) -> set[str]:
    """The packages that importing a file imports: what is inside a function comes later."""
    found, left = set(), list(tree.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            left += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_needs_posix_to_be_imported(path):
    assert not at_module_level(ast.parse(path.read_text())) & POSIX


def test_the_look_for_imports_sees_those_of_classes_and_branches():
    text = "import os\nif os:\n  import fcntl\nclass A:\n  import pwd\ndef f():\n  import tty\n"
    assert at_module_level(ast.parse(text)) == {"os", "fcntl", "pwd"}


def test_all_say_the_same_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == kreg.__version__ == citation["version"]
    assert citation["license"] == project["license"]


def test_every_test_and_target_that_contributing_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"(?:tests|kreg|conf)/[\w/]+\.(?:py|yaml|pyi)", text))
    missing = [name for name in named if "NAME" not in name and not (ROOT / name).exists()]
    assert named and not missing
    targets = set(re.findall(r"make ([a-z-]+)", text))
    makefile = (ROOT / "Makefile").read_text()
    assert targets and all(f"\n{target}:" in makefile for target in targets)


def paths_of_turns() -> set[Path]:
    """What `.ci/run` runs of the long matrices: the paths of its turns."""
    turns = (ROOT / ".ci" / "run").read_text().partition("\nturns() {")[2].partition("\n}")[0]
    return {ROOT / word for word in turns.split() if word.startswith("tests/")}


# these have a target of their own
ELSEWHERE = ("tests/faults", "tests/unit/loggers", "tests/contract/test_site_build.py")


def test_every_slow_test_has_a_turn_in_ci():
    turns = paths_of_turns() | {ROOT / path for path in ELSEWHERE}
    slow = [p for p in (ROOT / "tests").rglob("test_*.py") if "mark.slow" in p.read_text()]
    assert len(slow) > 50 and all(path.exists() for path in turns)
    assert not [p for p in slow if not turns & {p, *p.parents}]

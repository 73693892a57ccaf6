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


WRITERS = {"write_text", "write_bytes", "savefig", "save"}
WHOLE = {"archive.save", "files.save_model"}  # these replace the file themselves
IN_PLACE = {  # and why
    "optimizers/path_result.py": "a file of the user's, as Matplotlib writes it",
    "pages/loss_figure.py": "into memory",
    "pages/png.py": "into memory",
    "pages/reporting.py": "a report's own `save`, which writes by files.py",
    "runs/directory.py": "a probe, removed at once",
    "tensorboard/events.py": "a new file that only grows",
    "launch/output.py": "a pipe",
}


def written_in_place(tree: ast.AST) -> set[str]:
    """Calls that write a file where it stands, outside of `with replacing(...)`."""
    found, left = set(), [tree]
    while left:
        node = left.pop()
        whole = isinstance(node, ast.With) and "replacing(" in ast.unparse(node.items[0])
        left += [] if whole else ast.iter_child_nodes(node)
        if isinstance(node, ast.Call):
            name, words = ast.unparse(node.func), [ast.unparse(part) for part in node.args]
            words += [ast.unparse(keyword.value) for keyword in node.keywords]
            opens = name.split(".")[-1] in ("open", "fdopen") and any(
                word in ("'w'", "'wb'", "'x'", "'xb'", "'wt'") for word in words
            )
            if opens or (name.split(".")[-1] in WRITERS and name not in WHOLE):
                found.add(name)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_replaced_whole(path):
    """A kill in the moment of writing leaves the old file or none: never half a page."""
    if path.relative_to(ROOT / "kreg").as_posix() not in IN_PLACE:
        found = written_in_place(ast.parse(path.read_text()))
        assert not found, f"{found}: write it with a function of kreg.files"


def test_the_look_for_writers_sees_all_ways_to_them():
    text = (
        "p.write_text(a); p.write_bytes(a); open(p, 'w'); q.open(mode='wb'); figure.savefig(p)\n"
        "model.save(p); files.write(p, a); archive.save(p, a); open(p); open(p, 'a')\n"
        "with files.replacing(p) as t, open(t, 'wb') as f:\n    figure.savefig(f)\n"
    )
    assert written_in_place(ast.parse(text)) == {
        "p.write_text", "p.write_bytes", "open", "q.open", "figure.savefig", "model.save",
    }  # fmt: skip
    for name in IN_PLACE:  # none stays in the table longer than it writes
        assert written_in_place(ast.parse((ROOT / "kreg" / name).read_text())), name


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
ELSEWHERE = (
    "tests/backends",
    "tests/contract/test_site_build.py",
    "tests/faults",
    "tests/unit/loggers",
)


def test_every_slow_test_has_a_turn_in_ci():
    turns = paths_of_turns() | {ROOT / path for path in ELSEWHERE}
    slow = [p for p in (ROOT / "tests").rglob("test_*.py") if "mark.slow" in p.read_text()]
    assert len(slow) > 50 and all(path.exists() for path in turns)
    assert not [p for p in slow if not turns & {p, *p.parents}]

"""Which keys the readers of a record and of a report read: found in their source text."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

KREG = Path(__file__).parents[2] / "kreg"
ROOMS = ("diagnostics", "pages", "tensorboard")  # those that read; the callbacks write
ALIASES = {"doc": "document", "v": "verdict"}  # names of parameters and of a template's variables
CURVES = {"curve", "measured", "at", "until"}  # methods that take the name of a curve


def sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((KREG / room).rglob("*.py"))]


def templates() -> list[Path]:
    return [path for room in ROOMS for path in sorted((KREG / room).rglob("report*.html"))]


def in_python(text: str) -> Iterator[tuple[str, str]]:
    """`(container, key)` of each `container["key"]`, `container.get("key")`, `.curve("key")`.

    >>> sorted(in_python('record.inputs.get("image"), doc["sizes"]["train"]'))
    [('document', 'sizes'), ('inputs', 'image'), ('sizes', 'train')]
    >>> sorted(in_python('def f(doc): v = doc["verdict"]; return v["state"]'))
    [('document', 'verdict'), ('verdict', 'state')]
    """
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for scope in functions or [tree]:
        known = assigned(scope)
        for node in ast.walk(scope):
            found = read_by(node)
            name = None if found is None else name_of(found[0], known)
            if name is not None:
                yield name, found[1]


def assigned(scope: ast.AST) -> dict[str, str | None]:
    """Local name to the container that it holds; `None` for one that something else binds."""
    known: dict[str, str | None] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                known |= dict(bound(target, node.value))
        elif isinstance(node, ast.comprehension | ast.For):
            known |= {n.id: None for n in ast.walk(node.target) if isinstance(n, ast.Name)}
    return known


def bound(target: ast.AST, value: ast.AST) -> Iterator[tuple[str, str | None]]:
    """The names of one assignment, `v, found = doc["verdict"], []` taken apart."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from bound(one, other)
    elif isinstance(target, ast.Name):
        value = value.values[0] if isinstance(value, ast.BoolOp) else value
        yield target.id, name_of(value, {}) if read_by(value) or is_part(value) else None


def is_part(value: ast.AST) -> bool:
    return isinstance(value, ast.Name | ast.Attribute)


def read_by(node: ast.AST) -> tuple[ast.AST | str, str] | None:
    """What a subscript or a call reads, and by which constant key."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        key = constant(node.slice)
        return None if key is None else (node.value, key)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return None
    key = constant(node.args[0])
    if key is None:
        return None
    if node.func.attr in CURVES:
        return "curves", key
    return (node.func.value, key) if node.func.attr == "get" else None


def name_of(holder: ast.AST | str, known: dict[str, str | None]) -> str | None:
    """What an expression stands for: `inputs` for `f.record.inputs` and for `doc["inputs"]`."""
    if isinstance(holder, str):
        return holder
    if isinstance(holder, ast.Name):
        return known.get(holder.id, ALIASES.get(holder.id, holder.id))
    if isinstance(holder, ast.Attribute):
        return holder.attr
    if isinstance(holder, ast.BoolOp):
        return name_of(holder.values[0], known)
    found = read_by(holder)
    return None if found is None else found[1]


def constant(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def in_template(text: str) -> Iterator[tuple[str, str]]:
    """The same of Jinja's `doc.sizes.train` and `doc.totals.get("effective")`.

    >>> sorted(in_template('{{ doc.sizes.get("train") }} {{ v.tone }}'))
    [('document', 'sizes'), ('sizes', 'train'), ('verdict', 'tone')]
    """
    for chain in re.findall(r"\b((?:doc|v)(?:\.\w+(?:\(\"\w+\")?)+)", text):
        names = re.findall(r"\w+", chain)
        names = [ALIASES.get(name, name) for name in names if name not in ("get", "items")]
        yield from zip(names, names[1:])

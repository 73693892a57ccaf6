"""docs/reliability.md: ten sentences, and the tests that they name exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text()
SENTENCES = re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |^## )", PAGE, flags=re.M | re.S)
NAMED = [
    (number, name) for number, text in SENTENCES for name in re.findall(r"`(tests/\S+?)`", text)
]


def test_there_are_ten_sentences_and_each_names_a_test():
    assert [number for number, _ in SENTENCES] == [str(i) for i in range(1, 11)]
    assert {number for number, _ in NAMED} == {number for number, _ in SENTENCES}


@pytest.mark.parametrize(("number", "name"), NAMED)
def test_the_test_exists(number, name):
    path, _, function = name.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert function in tests, f"sentence {number} names {name}"


def test_the_readme_points_to_the_page():
    assert "docs/reliability.md" in (ROOT / "README.md").read_text()

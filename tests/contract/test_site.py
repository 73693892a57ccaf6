"""The site, as far as it can be checked without Sphinx; `test_site_build.py` builds it."""

import ast
import doctest
import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest
from hydra.errors import HydraException

import kreg
from kreg import cli
from kreg.config.validate import ConfigError
from kreg.launch import commandline, gate

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
EXAMPLES = sorted((ROOT / "examples").glob("plot_*.py"))
GROUPS = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()} - {"hydra"}
SWITCH = {"true": "on", "false": "off"}
PARTS = {  # where the names of the table of features are
    "keras": ("callbacks", "distribution", "layers", "regularizers", "utils"),
    "sklearn": (
        "calibration", "compose", "experimental.enable_halving_search_cv", "impute",
        "linear_model", "model_selection", "neural_network", "preprocessing",
    ),
}  # fmt: skip
OPTION = re.compile(r"^(\w+)=([\w,]+)$")


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- the reference --------------------------------------------------------------------------------


def test_every_public_name_is_on_a_page_of_the_reference():
    pages = loaded("public_names").pages()
    assert pages.keys() == {"index.rst", "kreg.rst", *(f"kreg.{room}.rst" for room in kreg.ROOMS)}
    for room in kreg.ROOMS:
        assert f"   kreg.{room}\n" in pages["index.rst"] + "\n"
        module = getattr(kreg, room)
        for name in getattr(module, "__all__", ()):
            if not isinstance(getattr(module, name), ModuleType):
                assert re.search(rf"\b{name}\b", pages[f"kreg.{room}.rst"]), (room, name)
    for name in kreg.PUBLIC:
        assert f"   {name}\n" in pages["kreg.rst"]


def test_every_public_class_and_function_says_what_it_is():
    silent = []
    for path, names in loaded("public_names").rooms().items():
        module = importlib.import_module(path)
        for name in names:
            found = getattr(module, name)
            if callable(found) and len(inspect.getdoc(found) or "") < 20:
                silent.append(f"{path}.{name}")
    assert not silent


def test_docstrings_become_rst():
    module = loaded("public_names")
    assert doctest.testmod(module) == (0, 1)
    as_rst = module.as_rst
    lines = ["|z| of `x * y`:", "", "    model.fit(*a)", "", "```python", "f(*a)", "```"]
    as_rst(None, "class", "name", None, None, lines)
    assert lines[0] == r"\|z\| of ``x * y``::"
    assert ".. code-block:: python" in lines


# --- pages ----------------------------------------------------------------------------------------


def test_every_page_is_in_the_table_of_contents():
    tree = (DOCS / "index.md").read_text().split("```{toctree}")[1].split("```")[0]
    lines = [line for line in tree.splitlines() if line and not line.startswith(":")]
    named = {line.rpartition("<")[2].rstrip(">") for line in lines}  # `Title <page>` or `page`
    assert {page.stem for page in PAGES} - {"index"} <= named
    assert named - {page.stem for page in PAGES} == {"api/index", "gallery/index"}


def slug(title: str) -> str:
    """The anchor of a heading, as MyST and GitHub make it."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_anchor_is_a_heading(page):
    for target, anchor in re.findall(r"\]\(([\w-]*\.md)?#([\w-]+)\)", page.read_text()):
        text = (DOCS / target if target else page).read_text()
        assert anchor in {slug(t) for t in re.findall(r"^#+ (.+)$", text, re.M)}, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_that_a_page_names_is_there(page):
    words = [word for code in re.findall(r"`([^`\n]+)`", page.read_text()) for word in code.split()]
    named = [match.groups() for word in words if (match := OPTION.match(word))]
    for group, options in named:
        if group in GROUPS:
            there = {path.stem for path in (ROOT / "conf" / group).glob("*.yaml")}
            said = {SWITCH.get(option, option) for option in options.split(",")}
            assert said <= there, (group, options)


def has(package: str, name: str) -> bool:
    """Whether a package has this name, in one of its modules that a user imports from."""
    modules = [importlib.import_module(package)]
    if package != "keras_tuner":
        modules += [importlib.import_module(f"{package}.{part}") for part in PARTS[package]]
    return any(attribute(module, name.split(".")) for module in modules)


def attribute(owner: object, path: list[str]) -> bool:
    """Whether `owner.a.b` is there."""
    return not path or (hasattr(owner, path[0]) and attribute(getattr(owner, path[0]), path[1:]))


@pytest.mark.parametrize("column, package", [(2, "keras"), (4, "keras_tuner"), (5, "sklearn")])
def test_the_table_of_features_names_what_the_others_have(column, package):
    rows = [row.split("|") for row in (DOCS / "compared.md").read_text().split("\n| ")[2:]]
    words = re.findall(r"`([A-Z][\w.]+)[`(]", " ".join(row[column] for row in rows))
    assert len(words) >= 6 and all(has(package, word) for word in words), words


# what a command of kreg's column needs beside it
COMPANY = {
    "data=csv": ["data.path=table.csv", "data.target=label"],
    "finetune=gradual": ["model=backbone", "model.name=MobileNet", "model.weights=imagenet"],
    "hparams_search=optuna": ["-m", "reg.l1=tag(log, interval(1e-6, 1e-3))"],
    "distribute=ray": ["check=true"],
    "distribute=multiworker": ["check=true"],  # without it the gate looks for the other workers
    "seeds=5": ["-m", "reg=l1,l2"],
}


def kreg_has(word: str) -> bool:
    """Whether kreg has what a word names: a command, a public name, a group, a setting."""
    if word == "train.py":
        return (ROOT / word).is_file()
    if word.startswith("kreg "):
        return is_command(word.removeprefix("kreg "))
    if word.startswith("kreg."):
        path = word.removeprefix("kreg.").split(".")
        return path[0] in kreg.__all__ and attribute(kreg, path)
    return word.removesuffix("=") in GROUPS if word.endswith("=") else composes(word)


def is_command(name: str) -> bool:
    """Whether `kreg NAME` is a command: its help ends with 0, that of others with 2."""
    with pytest.raises(SystemExit) as left:
        raise SystemExit(cli.main([name, "--help"]))
    return left.value.code == 0


def composes(setting: str) -> bool:
    """Whether a command line that has this setting passes the gate."""
    try:
        gate.check_all(commandline.parse([setting, *COMPANY.get(setting, [])]))
    except (ConfigError, HydraException):
        return False
    return True


def named_by_kreg() -> list[tuple[str, list[str]]]:
    """`(feature, what kreg's column names)` of each row."""
    rows = [row.split("|") for row in (DOCS / "compared.md").read_text().split("\n| ")[2:]]
    return [(row[0].strip(), re.findall(r"`([^`]+)`", row[1])) for row in rows]


@pytest.mark.parametrize(("feature", "names"), named_by_kreg(), ids=lambda v: str(v)[:40])
def test_what_kreg_says_to_have_is_there(feature, names, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(
        "label,age\n" + "".join(f"{i % 2},{i}\n" for i in range(20))
    )
    assert names, f"{feature}: what is it called?"
    assert not [name for name in names if not kreg_has(name)]


@pytest.mark.parametrize(
    "name",
    ["kreg.compres", "kreg.cli", "kreg forecast", "regs=", "stop.averages=3", "model=huge",
     "train2.py"],
)  # fmt: skip
def test_what_kreg_has_not_is_found_out(name, capsys):
    assert not kreg_has(name)


def test_the_python_of_the_start_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```python\n(.*?)^```", (DOCS / "start.md").read_text(), re.S | re.M)
    exec(compile(block, "docs/start.md", "exec"), {"__name__": "start"})
    assert (tmp_path / "report" / "report.html").exists()
    assert "dense" in capsys.readouterr().out


def test_every_question_says_by_which_words_it_is_found():
    """`docs/found_by.py` makes them entries of the index, which the search shows first."""
    parts = re.split(r"^## (.+)\n", (DOCS / "faq.md").read_text(), flags=re.M)[1:]
    questions = dict(zip(parts[::2], parts[1::2], strict=True))
    words = [re.match(r"\n<!-- found by: (.+) -->\n", text) for text in questions.values()]
    assert len(questions) > 10 and all(words)
    every = [word for found in words for word in found[1].split(", ")]
    assert len(every) == len(set(every))  # a word leads to one question


# --- the gallery ----------------------------------------------------------------------------------


def test_there_are_twelve_examples_in_an_order():
    numbers = [path.name.split("_")[1] for path in EXAMPLES]
    assert len(numbers) >= 12 and numbers == [f"{i:02}" for i in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_has_a_title_text_and_a_picture(path):
    tree = ast.parse(path.read_text())
    title, line, empty, *text = (ast.get_docstring(tree) or "").split("\n")
    assert title and line == "=" * len(title) and not empty and len(" ".join(text)) > 80
    assert path.read_text().count("# %%") >= 1 and "plt.subplots" in path.read_text()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_name_of_kreg_in_an_example_is_public(path):
    tree = ast.parse(path.read_text())
    seen = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "kreg":
            module = importlib.import_module(node.module)
            seen += len(node.names)
            assert {alias.name for alias in node.names} <= set(module.__all__)
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith(("kreg.", "augment.")):
            owner, _, name = ast.unparse(node).rpartition(".")
            module = kreg if owner == "kreg" else getattr(kreg, owner.removeprefix("kreg."), None)
            if isinstance(module, ModuleType):
                seen += 1
                assert name in module.__all__, ast.unparse(node)
    assert seen


def test_the_site_needs_what_pyproject_says_with_ranges():
    import tomllib

    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert all(re.search(r">=.+,<", one) for one in extra["docs"])
    text = (DOCS / "conf.py").read_text()
    for one in extra["docs"]:
        name = re.split(r"[>=<]", one)[0]
        module = {"latex2mathml": "mathml", "sphinx": "sphinx."}.get(name, name)
        assert module in text or module.replace("-", "_") in text, name

"""What the README and the pages in docs/ say is true: commands compose, Python runs, links lead."""

import re
import shlex
from pathlib import Path

import pytest

from kreg.launch import commandline, gate

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# what stands in for the reader's own files
TABLE = "label,age\n" + "".join(f"{i % 2},{i}\n" for i in range(20))
WRONG = {"python train.py model=depe"}  # shown for its error


def commands(page: Path) -> list[str]:
    """Every whole command line of a page that starts a training."""
    lines = (line.strip().removeprefix("$ ") for line in page.read_text().splitlines())
    found = [line for line in lines if line.startswith("python train.py")]
    found += re.findall(r"`(python train\.py [^`]*)`", page.read_text())
    return sorted({line.split("  #")[0].strip() for line in found} - WRONG)


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.S | re.M)


def in_small(arguments: list[str]) -> list[str]:
    """The same command with two seeds and folds, where all are checked alike."""
    return [re.sub(r"^(seeds|data\.folds)=\d+$", r"\1=2", word) for word in arguments]


def test_two_seeds_stand_for_eight():
    told = ["-m", "seed=8", "reg=l1", "seeds=8", "data.folds=5"]
    assert in_small(told) == ["-m", "seed=8", "reg=l1", "seeds=2", "data.folds=2"]


COMMANDS = sorted({command for page in PAGES for command in commands(page)})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_composes(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(TABLE)
    for name in ("people", "homes"):
        (tmp_path / f"{name}.csv").write_text("left,price,age\n" + "1,2,3\n" * 20)
    for kind in ("cat", "dog"):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
    _, _, *arguments = shlex.split(command)
    line = commandline.parse(in_small(arguments))
    if not line.help and not line.passes_to_hydra:
        gate.check_all(line)


def test_the_guide_has_commands_and_the_readme_too():
    assert all(len(commands(ROOT / name)) > 1 for name in ("README.md", "docs/guide.md"))


def test_the_python_of_the_guide_runs(capsys):
    source = "\n".join(blocks(ROOT / "docs/guide.md"))
    exec(compile(source, "docs/guide.md", "exec"), {"__name__": "guide"})
    assert "epoch" in capsys.readouterr().out


def test_the_python_of_the_page_for_scripts_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs/in-your-script.md"
    source = "\n".join(blocks(page))
    exec(compile(source, page.name, "exec"), {"__name__": "in_your_script"})
    assert {"best.keras", "model.keras"} <= {path.name for path in tmp_path.iterdir()}
    assert "TOO EARLY" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::kreg.sklearn.DataWarning")
def test_the_python_of_the_page_on_scikit_learn_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs/scikit-learn.md"
    source = "\n".join(blocks(page))
    exec(compile(source, page.name, "exec"), {"__name__": "scikit_learn"})
    assert not list(tmp_path.iterdir())
    assert "contradicts reg='l2'" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_named_exists(page):
    named = re.findall(
        r"`((?:tests|benchmarks|examples|kreg|conf)/[\w/.]+?)(?:::\w+)?[ `]", page.read_text()
    )
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing

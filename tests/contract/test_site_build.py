"""`make test-site`: the site is built without a warning, links lead somewhere, search answers."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from tests.browser.test_pages import CHROMIUM, QUIET
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
BUILT = "KREG_BUILT_SITE"  # `make test-site` names what `make docs` has built
pytestmark = pytest.mark.slow
# what a newcomer types -> the section that the first hit leads to, and what answers it there
ASKED = {
    "predict": ("how-do-i-predict", "kreg predict RUN new.csv"),
    "how do I predict?": ("how-do-i-predict", "kreg predict RUN new.csv"),
    "fine-tune": ("how-do-i-fine-tune", "finetune=gradual"),
    "choose a strength": ("how-do-i-choose-a-strength", "choose=1se"),
    "strength": ("how-do-i-choose-a-strength", "kreg.search"),
    "resume": ("how-do-i-resume", "same command again"),
    "how to resume": ("how-do-i-resume", "same command again"),
    "run on SLURM": ("how-do-i-run-on-slurm", "hydra/launcher=submitit_slurm"),
    "slurm": ("how-do-i-run-on-slurm", "hydra/launcher=submitit_slurm"),
    "log to MLflow": ("how-do-i-log-to-mlflow", "logger=mlflow"),
    "mlflow": ("how-do-i-log-to-mlflow", "logger=mlflow"),
    "read the verdict": ("how-do-i-read-the-verdict", "since when"),
    "verdict": ("how-do-i-read-the-verdict", "since when"),
    "add a penalty": ("how-do-i-add-a-penalty", "kreg.regularizers.Penalty"),
    "cross-validate": ("how-do-i-cross-validate", "data.folds=5"),
    "export": ("how-do-i-export", "kreg export RUN"),
    "export a model": ("how-do-i-export", "kreg export RUN"),
}
NOTEBOOKS = ("plot_01_lasso_path", "plot_03_verdict", "plot_09_own_table")


class Anchors(HTMLParser):
    """The links of a page, and the places that a link may lead to."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.places = set(), set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.links |= {found[name] for name in ("href", "src") if found.get(name)}
        self.places |= {found[name] for name in ("id", "name") if found.get(name)}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site that `make docs` has just built; else one of a copy of its sources."""
    if BUILT in os.environ:
        return Path(os.environ[BUILT]).resolve(strict=True)
    pytest.importorskip("sphinx_gallery", reason="needs `pip install kreg[docs]`")
    source = tmp_path_factory.mktemp("site")
    built = shutil.ignore_patterns("_build", "api", "gallery", "__pycache__", "hydra_app")
    for name in ("docs", "examples"):
        shutil.copytree(ROOT / name, source / name, ignore=built)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "docs", "html"],
        cwd=source,
        env={**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return source / "html"


def test_every_link_inside_leads_to_a_page_and_a_place(site):
    pages = {
        path.resolve(): Anchors(path)
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }
    lost, count = set(), 0
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link.startswith("#top"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            count += 1
            anchors = pages.get(target)
            there = target.is_file() and (
                not parts.fragment or anchors is None or unquote(parts.fragment) in anchors.places
            )
            if not there:
                lost.add(f"{path.relative_to(site.resolve())}: {link}")
    assert count > 1000 and not lost


def test_every_example_ran_and_drew(site):
    for example in (ROOT / "examples").glob("plot_*.py"):
        page = (site / "gallery" / f"{example.stem}.html").read_text()
        assert f"sphx_glr_{example.stem}_001.png" in page
        assert "Traceback" not in page


# --- the search -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(site):
    """The site as a browser of this machine sees it."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(site))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def first_hit(address: str, asked: str, profile: Path) -> str:
    """Where the first result of the site's own search page leads."""
    url = f"{address}/search.html?q={quote(asked)}"
    command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", "--virtual-time-budget=20000"]
    done = subprocess.run([*command, "--dump-dom", url], capture_output=True, timeout=PATIENCE)
    results = done.stdout.decode().partition('<ul role="list" class="search">')[2]
    links = re.findall(r'<a href="([^"]+)" data-score="\d+">', results)
    assert links, f"nothing was found for {asked!r}"
    return links[0]


def section(page: str, place: str) -> str:
    """The text of one section, without tags."""
    html = page.partition(f'<section id="{place}">')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("asked", ASKED)
def test_the_first_hit_of_the_search_answers(site, address, asked, tmp_path):
    place, answer = ASKED[asked]
    assert first_hit(address, asked, tmp_path / "profile") == f"faq.html#{place}"
    assert answer in section((site / "faq.html").read_text(), place)


# --- the notebooks --------------------------------------------------------------------------------


def test_the_gallery_offers_the_notebooks(site):
    page = (site / "gallery" / "index.html").read_text()
    for name in NOTEBOOKS:
        assert re.search(rf'href="\.\./_downloads/\w+/{name}\.ipynb"', page), name


def run_cells(path: Path) -> None:
    """The code of a notebook, cell by cell in one process, where Jupyter is not installed."""
    cells = json.loads(path.read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    lines = [line for line in "\n\n".join(code).split("\n") if not line.startswith("%")]
    script = path.with_suffix(".cells.py")
    script.write_text("\n".join(lines))
    done = subprocess.run([sys.executable, script.name], cwd=path.parent, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-4000:]


def run_in_jupyter(path: Path) -> None:
    """The notebook in a kernel; its pictures must come out."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=PATIENCE, resources={"metadata": {"path": path.parent}}
    ).execute()
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", ())]
    assert any("image/png" in one.get("data", ()) for one in outputs)


def jupyter() -> bool:
    """Whether notebooks can run in a kernel here."""
    from importlib.util import find_spec

    return all(map(find_spec, ("nbclient", "nbformat", "ipykernel")))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_run(site, name, tmp_path, monkeypatch):
    (written,) = (site / "_downloads").glob(f"*/{name}.ipynb")
    path = Path(shutil.copy(written, tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    if jupyter():
        run_in_jupyter(path)
    else:
        monkeypatch.setenv("MPLBACKEND", "Agg")
        run_cells(path)

"""`make docs`: the site is built from nothing without a warning, and its links lead somewhere."""

import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


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
    """The built site: a copy of what it is made of, so that nothing built before is used."""
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
    pages = {path.resolve(): Anchors(path) for path in site.rglob("*.html")}
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

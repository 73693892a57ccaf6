"""The page and the TensorBoard tab in a real browser: drawn, quiet, and nothing from outside."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from kreg.diagnostics import Record, document
from kreg.pages import Report
from kreg.tensorboard import Events

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
ROOT = Path(__file__).parents[2]
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--metrics-recording-only", "--enable-logging=stderr", "--v=0",
)  # fmt: skip
# what Chromium asks for by itself, even on an empty page
OWN = (
    "accounts.google.com",
    "clients2.google.com",
    "update.googleapis.com",
    "optimizationguide-pa",
    "content-autofill",
    "edgedl.me.gvt1.com",
    "safebrowsing",
    "android.clients.google.com",
)
# Chromium's own words about running without a graphics card
HARMLESS = ("WebGL", "Three.js")


class Visit:
    """One page load: its DOM, its picture, its console, and what it asked the network for."""

    def __init__(self, url: str, folder: Path, size: str = "1200,1000"):
        self.picture, log = folder / "page.png", folder / "net.json"
        common = [CHROMIUM, *QUIET, f"--user-data-dir={folder / 'profile'}",
                  f"--window-size={size}", "--virtual-time-budget=20000"]  # fmt: skip
        shot = [*common, f"--screenshot={self.picture}", f"--log-net-log={log}", url]
        self.console = self._messages(subprocess.run(shot, capture_output=True, timeout=120))
        dump = subprocess.run([*common, "--dump-dom", url], capture_output=True, timeout=120)
        self.dom = dump.stdout.decode()
        text = log.read_text()
        asked = set(re.findall(r'"url":"(https?://[^"/]+)', text))
        self.asked = {address for address in asked if not any(own in address for own in OWN)}

    @staticmethod
    def _messages(done) -> list[str]:
        lines = re.findall(r"CONSOLE[:(]\d+\)?\] (.*)", done.stderr.decode(errors="replace"))
        return [line for line in lines if not any(word in line for word in HARMLESS)]

    def spread(self) -> float:
        """How much the picture varies: an empty page is one colour."""
        from matplotlib.image import imread

        return float(np.asarray(imread(self.picture))[..., :3].std())


def measured() -> Record:
    rng = np.random.default_rng(0)
    base, record = rng.exponential(1.0, 200), Record(name="digits / deep")
    for epoch in range(1, 41):
        train, valley = 1.2 / epoch + 0.05, 0.5 + 0.012 * abs(epoch - 12)
        values = {"clean_loss": train, "loss": train + 0.3}
        values |= {"val_clean_loss": valley, "val_loss": valley + 0.1, "penalty": 0.1}
        record.append(epoch, values, examples=valley * base / base.mean())
    record.layers = [{"name": "dense_layer", "type": "Dense", "params": 500, "regularization": ""}]
    return record


@pytest.fixture(scope="module", params=["light", "dark"])
def visit(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    path = folder / "report.html"
    path.write_text(Report(document(measured())).html(request.param), "utf-8")
    return Visit(path.as_uri(), folder)


def test_the_page_is_drawn(visit):
    assert "Overfitting since epoch 12" in visit.dom
    assert "dense_layer" in visit.dom
    assert visit.dom.count("<svg") >= 5
    assert 'class="line val"' in visit.dom
    assert visit.spread() > 0.05


def test_the_page_is_quiet_and_alone(visit):
    assert visit.console == []
    assert visit.asked == set()


def test_the_page_fits_a_narrow_window(tmp_path):
    path = tmp_path / "report.html"
    probe = "<script>document.title = document.documentElement.scrollWidth</script>"
    path.write_text(
        Report(document(measured())).html().replace("</body>", f"{probe}</body>"), "utf-8"
    )
    dom = Visit(path.as_uri(), tmp_path, "600,1000").dom
    assert int(re.search(r"<title>(\d+)</title>", dom)[1]) <= 600


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """TensorBoard with the plugin as an installed package would register it."""
    folder = tmp_path_factory.mktemp("tensorboard")
    for name in ("first", "second"):
        with Events(folder / "logs" / name) as events:
            events.layout()
            events.report(document(measured()))
    info = folder / "site" / "kreg-0.0.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kreg\nVersion: 0.0.0\n")
    entry = "[tensorboard_plugins]\nkreg = kreg.tensorboard.loader:KregLoader\n"
    (info / "entry_points.txt").write_text(entry)
    port = free_port()
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder / "logs"),
               "--host", "127.0.0.1", "--port", str(port), "--load_fast=false"]  # fmt: skip
    paths = [str(info.parent), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    log = (folder / "log.txt").open("w")
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    try:
        wait_for_runs(f"http://127.0.0.1:{port}/data/plugin/kreg/runs", process)
        yield f"http://127.0.0.1:{port}", folder
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def wait_for_runs(url: str, process) -> None:
    for _ in range(240):
        assert process.poll() is None, "TensorBoard ended"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if len(json.load(answer)["runs"]) == 2:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.5)
    raise TimeoutError(url)


def test_the_tab_shows_the_page_of_every_run(server):
    url, folder = server
    visit = Visit(f"{url}/#kreg", folder, "1500,1000")
    assert visit.console == []
    assert visit.asked <= {url}
    assert "Overfitting" in visit.dom
    assert visit.spread() > 0.05
    # the tab itself, outside TensorBoard's frame: what its script makes of the routes
    tab = Visit(f"{url}/data/plugin_entry.html?name=kreg", folder, "1500,1000")
    assert "first" in tab.dom
    assert "second" in tab.dom
    assert tab.dom.count('class="report"') == 2


def test_the_server_log_has_no_security_warning(server):
    url, folder = server
    for route in ("runs", "page?run=first", "document?run=first", "static/tab.css"):
        urllib.request.urlopen(f"{url}/data/plugin/kreg/{route}", timeout=30).close()
    assert "security" not in (folder / "log.txt").read_text()

"""The wheel, installed outside the checkout, holds the configuration and trains."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def run(*command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, **kwargs)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the installed wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip")
    run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("kreg-*.whl")
    run(*pip, "install", "--quiet", "--no-deps", "--target", str(folder / "site"), str(wheel))
    return folder / "site"


def outside(site, folder, *command):
    """Run a command away from the checkout, where only the wheel can be found."""
    return run(*command, cwd=folder, env={**os.environ, "PYTHONPATH": str(site)})


def test_the_wheel_trains(site, tmp_path):
    command = (sys.executable, "-m", "kreg", "train", "debug=fast", "model=shallow")
    assert "test accuracy" in outside(site, tmp_path, *command)
    (found,) = tmp_path.glob("logs/digits/runs/*/result.json")
    where = outside(site, tmp_path, sys.executable, "-c", "import kreg; print(kreg.__file__)")
    assert Path(where.strip()).is_relative_to(site) and found.exists()


def test_the_wheel_has_the_published_tables(site, tmp_path):
    small = ("arguments.count=3", "arguments.ratio=0.5", "arguments.steps=100")
    command = (sys.executable, "-m", "kreg", "train", "experiment=diabetes_path", *small)
    assert "bmi  enters" in outside(site, tmp_path, *command)
    assert list(tmp_path.glob("logs/diabetes_path/runs/*/path.json"))


APP = """\
import hydra


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(cfg):
    from kreg import hydra_plugin

    print(cfg.mine, cfg.kreg.reg.kind, hydra_plugin.checked("reg", cfg.kreg.reg).l1)


main()
"""
CONFIG = "defaults: [_self_, {kreg/reg: l1}]\nmine: 3\nhydra: {run: {dir: out}}\n"


def test_editors_find_types_in_the_wheel(site):
    assert (site / "kreg" / "py.typed").is_file()


def test_another_app_finds_the_options_of_the_wheel_by_itself(site, tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text(CONFIG)
    (tmp_path / "app.py").write_text(APP)
    own = outside(site, tmp_path, sys.executable, "app.py", "kreg.reg.l1=0.5")
    assert own.split() == ["3", "l1", "0.5"]
    other = outside(site, tmp_path, sys.executable, "app.py", "kreg/reg=elasticnet")
    assert other.split()[1] == "elasticnet"

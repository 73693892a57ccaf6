"""`make test-release`: wheel and sdist train in fresh environments of every Python that is here.

Minutes and gigabytes: TensorFlow is installed once for each Python, so no other suite runs it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASKED = "KREG_TEST_RELEASE"
PYTHONS = ("3.11", "3.12", "3.13")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(ASKED not in os.environ, reason="`make test-release` runs it"),
]


def run(*command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, timeout=3000, **kwargs)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def interpreter(version):
    """A Python of this version, or `None`; a shim of pyenv may stand for one that is not there."""
    return next(filter(works, candidates(version)), None)


def candidates(version):
    """This one, the one on the path, and those of pyenv, which its shims need not show."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        yield sys.executable
    yield shutil.which(f"python{version}")
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from root.glob(f"versions/{version}.*/bin/python{version}")


def works(python):
    return python and not subprocess.run([python, "-c", ""], capture_output=True).returncode


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """`{"wheel": path, "sdist": path}`, both made by a fresh build."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "venv", folder / "builder")
    python = folder / "builder" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "build")
    run(python, "-m", "build", "--outdir", folder / "made", ROOT)
    (wheel,), (sdist,) = (folder / "made").glob("*.whl"), (folder / "made").glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


@pytest.fixture(scope="module", params=PYTHONS)
def fresh(request, tmp_path_factory):
    """The interpreter of an empty environment."""
    found = interpreter(request.param)
    if found is None:
        pytest.skip(f"there is no Python {request.param}")
    folder = tmp_path_factory.mktemp(f"python{request.param}-") / "venv"
    run(found, "-m", "venv", folder)
    yield folder / "bin" / "python"
    shutil.rmtree(folder)  # gigabytes


@pytest.mark.parametrize("what", ["wheel", "sdist"])
def test_what_is_published_installs_and_trains(built, fresh, what, tmp_path):
    pip = (fresh, "-m", "pip")
    run(*pip, "install", "--quiet", "-c", ROOT / "constraints.txt", built[what])
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "KREG_DATA")}
    command = (fresh, "-m", "kreg", "train", "debug=fast", "model=shallow")
    assert "test accuracy" in run(*command, cwd=tmp_path, env=clean)
    (result,) = tmp_path.glob("logs/digits/runs/*/result.json")
    where = run(fresh, "-c", "import kreg; print(kreg.__file__)", cwd=tmp_path, env=clean)
    assert Path(where.strip()).is_relative_to(fresh.parents[1]) and result.stat().st_size
    run(*pip, "uninstall", "--yes", "--quiet", "kreg")

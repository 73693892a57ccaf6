"""What earlier versions have written: one archive a fixture, one folder a version."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml

from kreg.config import renamed
from kreg.sweeps.jobs import digest
from tests.waiting import PATIENCE

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VERSIONS = sorted(folder.name for folder in HERE.glob("[0-9]*.[0-9]*"))


class Fixture:
    """An unpacked archive: the folder in which an earlier version was started.

    Args:
        folder: Where it lies.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def command(self) -> list[str]:
        """The words of the command line, renamed keys under their present names."""
        words = json.loads((self.folder / "fixture.json").read_text())["command"]
        return [present(word) for word in words]

    def train(self, *more: str) -> subprocess.CompletedProcess[str]:
        """The command once more."""
        return self.run(str(ROOT / "train.py"), *self.command, *more)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python ...` in the folder."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def only(self, pattern: str) -> Path:
        """The one path that a pattern finds."""
        (found,) = self.folder.glob(pattern)
        return found


def present(word: str) -> str:
    key, equals, value = word.partition("=")
    return renamed.word(key, value) if equals else word


def rename_sweeps(folder: Path) -> None:
    """What a sweep of an earlier version would hold if its words had had their present names.

    A sweep is identified by the words of its command: one that names a renamed key starts anew.
    """
    for plan in folder.glob("logs/*/sweeps/*/sweep.json"):
        known = json.loads(plan.read_text())
        if "search" in known:
            known["search"] = [present(word) for word in known["search"]]
        else:
            known["jobs"] = [[present(word) for word in job] for job in known["jobs"]]
        plan.write_text(json.dumps(known))
    for path in folder.glob("logs/*/sweeps/*/*/.hydra/overrides.yaml"):
        words = [present(word) for word in yaml.safe_load(path.read_text())]
        path.write_text(yaml.safe_dump(words))
        job = path.parents[1]
        job.rename(job.with_name(f"{job.name.split('_')[0]}_{digest(words)}"))


def unpack(version: str, name: str, folder: Path) -> Fixture:
    with tarfile.open(archive(version, name)) as file:
        file.extractall(folder, filter="data")
    rename_sweeps(folder)
    return Fixture(folder)


def members(name: str, suffix: str) -> list[tuple[str, str]]:
    """`(version, path without suffix)` of each such file in the archives of a name."""
    found = []
    for version in VERSIONS:
        with tarfile.open(archive(version, name)) as file:
            paths = (path for path in file.getnames() if path.endswith(suffix))
            found += [(version, path.removesuffix(suffix)) for path in paths]
    return found


def archive(version: str, name: str) -> Path:
    return HERE / version / f"{name}.tar.xz"

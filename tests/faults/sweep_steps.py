"""A sweep that is killed, or meets a full disk, at each of its steps, in one process.

A step is the moment before a file takes its place: a plan, a configuration, a state, a model, a
page, a result, the table. A kill there leaves what is on the disk (see `moments.py`); a full disk
refuses that file and every new one after it, until the command has ended. The same command goes on
from there, and the table must be the one of the sweep that nothing has happened to.

python tests/faults/sweep_steps.py FOLDER

prints one line for each step and way, and ends with 1 if any of them led to another table.
"""

import contextlib
import errno
import io
import os
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kreg import sweeps
from kreg.launch import gate, program
from tests.faults.moments import Recorder

COMMAND = [
    "-m", "model=linear", "reg=l1", "reg.l1=1e-3,1e-2", "trainer.epochs=2", "stop=none",
    "data.train_size=100", "trainer.save_every=0", "trainer.deterministic=true",
    "logger=none", "diagnostics.adapt=false",
]  # fmt: skip
COMPARED = ["reg.l1", "status", "val_clean_loss", "sparsity", "test_clean_accuracy", "epochs"]
WRITES = os.O_WRONLY | os.O_RDWR
TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp(\.\w+)")


class Disk:
    """Refuses new files below a folder from a certain one on, as a full disk does."""

    def __init__(self):
        self.folder, self.last, self.full = None, "", False
        sys.addaudithook(self._hear)

    def fill(self, folder: Path, before: str) -> None:
        """From the moment on at which `before` would take its place."""
        self.folder, self.last, self.full = folder, before, False

    def _hear(self, event, arguments):
        if self.folder is None or event not in ("open", "os.rename"):
            return
        path = arguments[1] if event == "os.rename" else arguments[0]
        if (
            not isinstance(path, str | os.PathLike)
            or self.folder not in Path(os.path.abspath(path)).parents
        ):
            return
        self.full = self.full or (event == "os.rename" and str(path).endswith(self.last))
        new = event == "os.rename" or (arguments[2] & WRITES and not os.path.exists(path))
        if self.full and new:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def run(folder: Path) -> tuple[int, str]:
    """The command in a folder: its exit code, and what it prints."""
    told = io.StringIO()
    os.chdir(folder)
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        try:
            code = gate.run(program.train, COMMAND)
        except SystemExit as left:
            code = left.code
    return code, told.getvalue()


def table(folder: Path) -> list[dict]:
    (page,) = folder.glob("logs/*/sweeps/*/sweep.html")  # one killed before its plan stays empty
    sweep = page.parent
    assert (sweep / "sweep.csv").is_file()
    return sweeps.collect(sweep).runs[COMPARED].to_dict("records")


def steps(moments: list[tuple[str, Path]]) -> dict[str, Path]:
    """The last moment before each file takes its place: of the second job two files only."""
    found = {}
    for moment, copy in moments:
        path = Path(moment.split(" ", 1)[1])
        name = TEMPORARY.sub(r"\1\2", path.name)
        inside = path.with_name(name).as_posix().split("sweeps/")[-1].partition("/")[2]
        wanted = not inside.startswith("1_") or name in ("result.json", "epoch_000001.npz")
        if name != path.name and name != "history.csv" and wanted:
            found[inside] = copy
    return found


def filled(work: Path, name: str, disk: Disk) -> None:
    """Let the command meet a full disk in a folder; it must say so in a sentence."""
    work.mkdir(parents=True)
    disk.fill(work, name.split("/")[-1])
    code, told = run(work)
    disk.folder = None
    assert disk.full and "Traceback" not in told, told[-2000:]
    page = name.endswith((".html", ".csv", "record.npz", "report.json"))
    assert code in (1, 2) or (page and code == 0), (code, told[-2000:])


def differs(way: str, name: str, work: Path, expected: list[dict]) -> bool:
    """Go on with the same command, and say whether the table is the expected one."""
    code, told = run(work)
    same = code == 0 and table(work) == expected
    print(f"{way} {'equal' if same else 'DIFFERS ' + told[-1500:]} {name}", flush=True)
    shutil.rmtree(work)
    return not same


def main(folder: str) -> int:
    place, recorder, disk = Path(folder).absolute(), Recorder(), Disk()
    whole = place / "whole" / "work"
    whole.mkdir(parents=True)
    moments = recorder.record(whole, place / "killed", lambda: run(whole))
    expected = table(whole)
    wrong = 0
    for name, killed in steps(moments).items():
        wrong += differs("kill", name, killed, expected)
        full = place / "full" / name.replace("/", "_")
        filled(full, name, disk)
        wrong += differs("full", name, full, expected)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

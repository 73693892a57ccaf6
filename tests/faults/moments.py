"""Every moment at which a kill can leave something else behind, from one training in one process.

A killed process leaves what is on the disk. So a kill at any time equals a kill right before the
next call that opens, renames, cuts or removes a file of the run. Python announces those calls; the
run directory is copied before each of them, and the same command goes on from every copy. (Kills
inside one write are in `writer.py`; `test_train_program.py` kills for real.)

python tests/faults/moments.py FOLDER few|all OVERRIDE...

prints one line a moment, and ends with 1 if any of them led to another result.
"""

import json
import os
import shutil
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kreg.launch.compose import compose_job
from tests.faults.outcome import outcome

CHANGES = ("open", "os.rename", "os.remove", "os.truncate")
COMMAND = [
    "model=shallow", "model.width=8", "dropout=light", "augment=light", "reg=l1", "compress=on",
    "compress.refit_epochs=1", "optimizer.ema=0.9", "trainer.epochs=3", "trainer.batch_size=32",
    "data.train_size=100", "trainer.deterministic=true", "trainer.verbose=quiet",
    "trainer.save_every=0", "diagnostics.adapt=false", "logger.tensorboard.histograms=1",
]  # fmt: skip
# of all moments, those that `few` goes on from: the last before this file or its temporary is moved
NAMED = ("epoch_000002.", "best.")


class Recorder:
    """While it has a folder, copies it before each change of its files that finds it changed."""

    def __init__(self):
        self.folder, self.copies, self.moments = None, None, []
        sys.addaudithook(self._hear)

    def record(self, folder: Path, copies: Path, work) -> list[tuple[str, Path]]:
        """Do `work()`; the moments as (what was about to happen, the copy)."""
        self.folder, self.copies, self.moments, self._last = folder, copies, [], None
        try:
            work()
        finally:
            self.folder = None
        return self.moments

    def _hear(self, event, arguments):
        if self.folder is None or event not in CHANGES:
            return
        # a rename is known by the name that it gives
        path = arguments[1] if event == "os.rename" else arguments[0]
        if not isinstance(path, str | os.PathLike) or not _below(path, self.folder):
            return
        folder, self.folder = self.folder, None  # copying opens files, too
        self._copy(folder, f"{event} {Path(os.path.abspath(path)).relative_to(folder)}")
        self.folder = folder

    def _copy(self, folder: Path, moment: str) -> None:
        found = fingerprint(folder)
        if found != self._last:
            self._last = found
            copy = self.copies / f"{len(self.moments):03d}" / folder.name
            shutil.copytree(folder, copy)
            self.moments.append((moment, copy))


def _below(path, folder: Path) -> bool:
    return os.path.abspath(path).startswith(f"{folder}{os.sep}")


def fingerprint(folder: Path) -> dict:
    """Every file and its bytes, the lock aside: its owner is dead."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p): zlib.crc32(p.read_bytes()) for p in files if p.name != "run.lock"}


def chosen(moments: list, which: str) -> list:
    """All moments, or the last one before each of `NAMED`."""
    if which == "all":
        return moments
    last = {name: m for name in NAMED for m in moments if name in m[0]}
    return list(last.values())


def differing(one: dict, two: dict) -> list[str]:
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def check(moments, expected: dict, go_on) -> int:
    """Go on from each moment; how many led elsewhere."""
    wrong = 0
    for moment, copy in moments:
        try:
            go_on(copy)
            differs = differing(expected, outcome(copy))
        except Exception as error:
            differs = repr(error)[:300]
        wrong += bool(differs)
        print(f"{'DIFFERS' if differs else 'equal':<8}{moment}  {differs or ''}", flush=True)
    return wrong


def main(folder, which, *overrides) -> int:
    from kreg.training import app

    folder = Path(folder).absolute()
    config = compose_job([*COMMAND, *overrides])
    whole, recorder = folder / "whole" / "run", Recorder()

    def go_on(run):
        app.run(config, run)

    whole.mkdir(parents=True)
    moments = recorder.record(whole, folder / "killed", lambda: go_on(whole))
    expected = outcome(whole)
    print(json.dumps({"moments": len(moments), "parts": sorted(expected)}), flush=True)
    picked = chosen(moments, which)
    if which == "all":  # and a second kill, while the run goes on from the middle of the first one
        again = folder / "again" / "run"
        shutil.copytree(moments[len(moments) // 2][1], again)
        picked += recorder.record(again, folder / "twice", lambda: go_on(again))
    return int(check(picked, expected, go_on) > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

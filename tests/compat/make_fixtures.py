"""Write what this version of kreg writes: `python tests/compat/make_fixtures.py [NAME ...]`.

Run it once for a release, from a clean checkout of that release, and commit the archives that
appear below `tests/compat/<minor version>/`. They are never written again: the tests here hold
every later kreg against them. Archives keep modification times, which a checkout does not; a sweep
looks at them.

Each archive is the folder that a user started the command in. Its `fixture.json` holds the command
and the exit code; `expected/` holds what a run that nobody interrupted ends in.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
# where the checkout and the folder lay is nobody's business
NEUTRAL = {"checkout": "/home/user/kreg", "folder": "/home/user/work"}
TEXT = (".yaml", ".json", ".csv", ".html", ".txt")

# `kreg train` under a neutral host name; told to stop when a file is about to get its name
PROGRAM = """
import os, re, runpy, signal, socket, sys

socket.gethostname = lambda: "example"

def hear(event, arguments):
    if event == "os.rename" and re.search({until!r}, str(arguments[1])):
        os.kill(os.getpid(), signal.SIGTERM)

if {until!r}:
    sys.addaudithook(hear)
sys.path.insert(0, {root!r})
sys.argv[:1] = ["kreg", "train"]
runpy.run_module("kreg", run_name="__main__", alter_sys=True)
"""
DIGITS = [
    "data=digits", "data.train_size=200", "model=shallow", "model.width=8", "dropout=scheduled",
    "augment=light", "reg=l1", "reg.l1=1e-3", "optimizer.learning_rate=0.03", "optimizer.ema=0.8",
    "stop=patience", "stop.patience=2", "trainer.epochs=30",
    "trainer.deterministic=true", "trainer.save_every=0",
    "diagnostics.adapt=false", "logger.tensorboard.histograms=0",
]  # fmt: skip
WINE = [
    "data=wine", "model=shallow", "model.width=4", "optimizer.learning_rate=0.05",
    "trainer.deterministic=true", "trainer.save_every=0", "diagnostics.adapt=false",
    "logger=none",
]  # fmt: skip
SWEEP = ["-m", *WINE, "trainer.epochs=3", "reg=l1,l2,none"]
SEARCH = [
    "-m", *WINE, "trainer.epochs=3", "hparams_search=random", "hydra.sweeper.trials=3",
    "reg.l1=tag(log, interval(1e-5, 1e-2))",
]  # fmt: skip
# somebody else's curves: one for each word that curves alone can earn
HISTORIES = {
    "overfitting": (
        [1 / (1 + e) for e in range(30)],
        [0.5 + 0.002 * (e - 9) ** 2 for e in range(30)],
    ),
    "learning": ([2 / (1 + e) for e in range(20)], [2.2 / (1 + e) for e in range(20)]),
    "converged": ([0.3 + 0.5**e for e in range(40)], [0.35 + 0.5**e for e in range(40)]),
    "no_validation": ([2 / (1 + e) for e in range(20)], None),
    "non_finite": ([1.0, 0.9, float("nan")], [1.1, 1.0, float("nan")]),
}


def train(folder: Path, command: list[str], until: str = "") -> None:
    """Run `kreg train` in a folder and note the command and its end there."""
    folder.mkdir(parents=True, exist_ok=True)
    code = PROGRAM.format(until=until, root=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    wanted = 143 if until else 0
    if done.returncode != wanted:
        raise SystemExit(f"{command} ended with {done.returncode}, not {wanted}.")
    note = {"command": command, "code": done.returncode}
    (folder / "fixture.json").write_text(json.dumps(note, indent=1) + "\n")


def finished(folder: Path) -> None:
    """A run that its stopping rule has ended, with augmentation, dropout and TensorBoard."""
    train(folder, [*DIGITS, "hydra.run.dir=run"])


def interrupted(folder: Path) -> None:
    """A run told to stop one epoch before its rule ends it, and the end of the undisturbed one."""
    with tempfile.TemporaryDirectory() as elsewhere:
        train(Path(elsewhere), DIGITS)
        (run,) = Path(elsewhere).glob("logs/digits/runs/*")
        keep(run, folder / "expected")
        last = json.loads((run / "result.json").read_text())["epochs"]
    train(folder, DIGITS, until=f"epoch_{last - 1:06d}.npz$")


def keep(run: Path, expected: Path) -> None:
    """What a continued run is held against: history, result, weights, the steps of each tag."""
    import numpy as np

    import kreg
    from tests.faults.outcome import tensorboard_steps

    expected.mkdir(parents=True)
    for name in ("history.csv", "result.json"):
        shutil.copy(run / name, expected)
    weights = kreg.load_model(run / "best.keras", compile=False).get_weights()
    np.savez(expected / "weights.npz", *weights)
    (expected / "steps.json").write_text(json.dumps(tensorboard_steps(run)))


def sweep_finished(folder: Path) -> None:
    train(folder, SWEEP)


def sweep_unfinished(folder: Path) -> None:
    """Told to stop in the last of its three jobs."""
    train(folder, SWEEP, until="/2_[^/]*/state/epoch_000002.npz$")


def search_unfinished(folder: Path) -> None:
    """A search told to stop in the last of its three trials."""
    train(folder, SEARCH, until="/2_[^/]*/state/epoch_000002.npz$")


def reports(folder: Path) -> None:
    """`report.json` of real runs and of somebody else's history, and that history itself."""
    runs = {
        "too_early": [*WINE, "trainer.epochs=2"],
        "full": [*WINE, "trainer.epochs=25", "diagnostics=full", "compress=true", "reg.l1=0.04"],
        "regression": ["data=diabetes", *WINE[1:], "trainer.epochs=6"],
    }
    for name, command in runs.items():
        with tempfile.TemporaryDirectory() as elsewhere:
            train(Path(elsewhere), [*command, "hydra.run.dir=run"])
            (folder / name).mkdir(parents=True)
            for file in ("report.json", "history.csv"):
                shutil.copy(Path(elsewhere) / "run" / file, folder / name)
    for name, curves in HISTORIES.items():
        somebody(folder / f"history_{name}", *curves)


def somebody(folder: Path, losses: list, val_losses: list | None) -> None:
    """A `history.csv` as Keras's CSVLogger writes it, and the report on it."""
    import kreg

    folder.mkdir(parents=True)
    columns = {"loss": losses} | ({} if val_losses is None else {"val_loss": val_losses})
    rows = [["epoch", *columns], *([e, *row] for e, row in enumerate(zip(*columns.values())))]
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    (folder / "history.csv").write_text(text)
    report = kreg.report(folder / "history.csv")
    (folder / "report.json").write_text(json.dumps(report.document, ensure_ascii=False) + "\n")


def models(folder: Path) -> None:
    """`.keras` files with their inputs, outputs and the state after one more step."""
    from tests.compat.make_models import write_all

    write_all(folder)


FIXTURES: dict[str, Callable[[Path], None]] = {
    made.__name__: made
    for made in (
        finished, interrupted, sweep_finished, sweep_unfinished, search_unfinished, reports, models,
    )
}  # fmt: skip


def pack(folder: Path, archive: Path) -> None:
    """A folder as a `.tar.xz`, without the names of this machine."""
    names = {str(ROOT): NEUTRAL["checkout"], str(folder): NEUTRAL["folder"]}
    for path in filter(Path.is_file, folder.rglob("*")):
        if path.suffix in TEXT:
            neutralise(path, names)
        if any(name.encode() in path.read_bytes() for name in names):
            raise SystemExit(f"{path} names a folder of this machine.")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:xz") as file:
        for path in sorted(folder.iterdir()):
            file.add(path, path.name, filter=anonymous)


def neutralise(path: Path, names: dict[str, str]) -> None:
    """Replace folder names in a text file, its modification time kept."""
    old = new = path.read_text(encoding="utf-8")
    for name, neutral in names.items():
        new = new.replace(name, neutral)
    if new != old:
        times = path.stat()
        path.write_text(new, encoding="utf-8")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main(names: list[str]) -> None:
    sys.path.insert(0, str(ROOT))
    import kreg

    version = ".".join(kreg.__version__.split(".")[:2])
    for name in names or FIXTURES:
        with tempfile.TemporaryDirectory() as elsewhere:
            folder = Path(elsewhere).resolve() / name
            folder.mkdir()
            FIXTURES[name](folder)
            archive = Path(__file__).with_name(version) / f"{name}.tar.xz"
            pack(folder, archive)
            print(f"{archive.relative_to(ROOT)}: {archive.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Whatever lies in a file: a sentence, and nothing else happens.

Real files of a real sweep are damaged at random, and configurations are drawn from a grammar. Each
input goes through the very functions that the commands call. `KREG_FUZZ_SEED=n` repeats a run,
`KREG_FUZZ_EACH=n` tries more of each kind, and `pytest -s` shows the figures.
"""

import collections
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from kreg import printable, sweeps
from kreg.config.validate import ConfigError
from kreg.data.sources import csv_parquet, npz
from kreg.diagnostics import sources
from kreg.foreign import keras_file
from kreg.launch import gate
from kreg.pages import commands, write_all
from kreg.prediction import load_run
from kreg.runs import Checkpoint, RunDirectory, resume
from kreg.sweeps import sweeper, table
from kreg.sweeps.median_stopping import known_curves
from kreg.sweeps.study import Interval, Study
from tests.faults import damage, grammar
from tests.faults.decoys import Decoys, Listening, heard, memory

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("KREG_FUZZ_SEED") or random.SystemRandom().randrange(2**32))
EACH = int(os.environ.get("KREG_FUZZ_EACH") or 150)  # inputs of every kind
GROWTH = 1500  # MiB that all inputs together may take
SWEEP = [
    "-m", "data=wine", "model=shallow", "model.width=4", "reg=l1", "reg.l1=interval(1e-5,1e-2)",
    "trainer.epochs=3", "trainer.save_every=0", "stop=none", "hparams_search=random",
    "hydra.sweeper.trials=2", "logger=tensorboard", "hydra.sweep.dir=logs/wine/sweeps/s",
]  # fmt: skip
figures: dict[str, collections.Counter] = {}
compared: list[Path] = []
reported: list[Path] = []


class Ground:
    """A real sweep in `work/logs`, the decoys around it, and a clean copy of every file of it."""

    def __init__(self, folder: Path) -> None:
        self.decoys = Decoys(folder)
        self.work = self.decoys.work
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, str(ROOT / "train.py"), *SWEEP]
        subprocess.run(command, cwd=self.work, env=environment, check=True, capture_output=True)
        shutil.move(self.work / "logs", folder / "clean")
        for name in ("own.npz", "own.csv", "own.parquet"):
            write_own(folder / "clean" / name)
        self.decoys.before = self.decoys.now()
        self.clean = folder / "clean"

    def laid_out(self) -> Path:
        """The sweep as it was written; returns its first run."""
        shutil.rmtree(self.work / "logs", ignore_errors=True)
        shutil.copytree(self.clean, self.work / "logs")
        return next((self.work / "logs/wine/sweeps/s").glob("0_*"))


def write_own(path: Path) -> None:
    """A table of the user's in each format."""
    x = np.arange(40.0).reshape(20, 2)
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": ["no", "yes"] * 10})
    writers = {
        ".npz": lambda: np.savez(path, x=x, y=np.arange(20) % 2, weight=np.ones(20)),
        ".csv": lambda: frame.to_csv(path, index=False),
        ".parquet": lambda: frame.to_parquet(path),
    }
    writers[path.suffix]()


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    began = time.monotonic()
    print(f"\nKREG_FUZZ_SEED={SEED}")
    yield Ground(tmp_path_factory.mktemp("ground"))
    for kind, found in figures.items():
        print(f"{kind:<22} {found.total():>5} inputs  {dict(found.most_common())}")
    total = sum(found.total() for found in figures.values())
    print(f"{total} inputs of {len(figures)} kinds in {time.monotonic() - began:.0f} s")


def report(run):
    """On the terminal and as a page; every twentieth with its picture."""
    reported.append(run)
    if len(reported) % 20 == 0:
        return commands.report(run, out=run / "again")
    name = "report.json" if (run / "report.json").exists() else "history.csv"
    code = commands.report(run / name)
    if code == 0:
        document = sources.load(run)[0]
        write_all(document, run / "again", ("report.html", "report.md"))
    return code


def replay(run):
    return commands.replay(run, "gl:2,patience:5")


def compare(run):
    """The table of every sweep; of every tenth the page and the CSV file too."""
    compared.append(run)
    if len(compared) % 10 == 0:
        return sweeps.compare(run.parent)
    return table.show(sweeps.collect(run.parent))


def read_state(run):
    with RunDirectory(run) as place:
        return Checkpoint(place, warn=print).read()


def go_on(run):
    """What a single command does before it trains."""
    return resume.decide("auto", run.parent, RunDirectory(run).read_json("config.json") or {})


def sweep_again(run):
    sweep = sweeps.choose(run.parent.parent, [["reg.l1=interval(1e-5,1e-2)"]])
    with sweeps.SweepDirectory(run.parent, [["seed=1"]]):
        return sweep


def search_again(run):
    known_curves(run.parent / "trials.jsonl")
    return Study({"reg.l1": Interval(1e-5, 1e-2)}, run.parent / "trials.jsonl", sampler="random")


def curve(run):
    return sweeper.worth(run, 1.0)


def events_alone(run):
    return commands.report(run / "tensorboard")


def tab(run):
    """The tab of TensorBoard: the list of runs, and every page."""
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.plugins import base_plugin
    from werkzeug.test import Client

    from kreg.tensorboard.plugin import KregPlugin, serve_static  # noqa: F401

    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(run.parent))
    multiplexer.Reload()
    provider = MultiplexerDataProvider(multiplexer, str(run.parent))
    context = base_plugin.TBContext(data_provider=provider, logdir=str(run.parent))
    routes = KregPlugin(context).get_plugin_apps()
    listed = Client(routes["/runs"]).get("/runs")
    assert listed.status_code == 200
    for found in listed.get_json()["runs"]:
        page = Client(routes["/page"]).get("/page", query_string={"run": found["run"]})
        assert page.status_code in (200, 422), page.text


# kind -> the file (a pattern below the run), its damage, and who reads it
FILES = {
    "config.json": ("config.json", damage.json_damage, [go_on, compare]),
    "result.json": ("result.json", damage.json_damage, [go_on, compare, load_run]),
    "data.json": ("data.json", damage.json_damage, [go_on, load_run]),
    "calibration.json": ("calibration.json", damage.json_damage, [load_run]),
    "report.json": ("report.json", damage.json_damage, [report]),
    "record.npz": ("record.npz", damage.archive_damage, [replay]),
    "history.csv": ("history.csv", damage.csv_damage, [curve]),
    "history.csv alone": ("history.csv", damage.csv_damage, [report]),
    "state": ("state/epoch_000003.npz", damage.archive_damage, [read_state]),
    "events": ("tensorboard/*tfevents*", damage.record_damage, [events_alone]),
    "events in the tab": ("tensorboard/*tfevents*", damage.record_damage, [tab]),
    "overrides.yaml": (".hydra/overrides.yaml", damage.yaml_damage, [compare]),
    "config.yaml": (".hydra/config.yaml", damage.yaml_damage, [read_state]),
    "sweep.json": ("../sweep.json", damage.json_damage, [sweep_again]),
    "trials.jsonl": ("../trials.jsonl", damage.json_damage, [search_again]),
    "best.keras": ("best.keras", damage.byte_damage,
                   [lambda run: keras_file.check(run / "best.keras")]),
    "data.npz": ("../../../../own.npz", damage.archive_damage,
                 [lambda run: npz.npz(own(run, "npz"))]),
    "data.csv": ("../../../../own.csv", damage.csv_damage,
                 [lambda run: csv_parquet.csv(own(run, "csv"), "y")]),
    "data.parquet": ("../../../../own.parquet", damage.byte_damage,
                     [lambda run: csv_parquet.parquet(own(run, "parquet"), "y")]),
}  # fmt: skip
ALONE = {"history.csv alone": ("report.json", "record.npz")}  # what would be read instead


def own(run: Path, suffix: str) -> str:
    return str(run.parents[3] / f"own.{suffix}")


def fuzz(strategy, check) -> None:
    """`check` of so many values of a strategy; the first that fails is shown as it is."""

    @seed(SEED)
    @settings(max_examples=EACH, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def run(value):
        check(value)

    run()


def outcome(call, argument) -> str:
    """`"read"`, or `"sentence"` for an error that the command line tells in one."""
    try:
        code = call(argument)
    except (ValueError, OSError, ConfigError) as error:
        assert str(error).strip() and "Traceback" not in str(error)
        return "sentence"
    return "sentence" if code == commands.BAD_INPUT else "read"


def nothing_else_happened(ground: Ground, told: str) -> None:
    assert ground.decoys.now() == ground.decoys.before
    assert not heard, heard
    assert "Traceback" not in told, told
    assert not printable.STEERING.search(told), repr(told)
    assert not list(ground.decoys.ground.rglob("PWNED"))


@pytest.mark.parametrize("kind", FILES)
def test_a_damaged_file_is_a_sentence(kind, ground, capsys, monkeypatch):
    pattern, damages, readers = FILES[kind]
    monkeypatch.chdir(ground.work)
    counted, before = figures.setdefault(kind, collections.Counter()), memory()

    run = ground.laid_out()
    for name in ALONE.get(kind, ()):
        (run / name).unlink()
    found = run.glob(pattern) if "*" in pattern else [run / pattern]
    path = max(found, key=lambda file: file.stat().st_size)
    whole = path.read_bytes()
    for reader in readers:  # what is imported late may ask the system who it is
        outcome(reader, run)
    capsys.readouterr()

    def check(change):
        path.write_bytes(change(whole))  # where kreg has removed it, it is there again
        with Listening():
            ends = [outcome(reader, run) for reader in readers]
        printed = capsys.readouterr()
        nothing_else_happened(ground, printed.out + printed.err)
        counted[" then ".join(ends)] += 1

    fuzz(damages(), check)
    assert counted.total() >= EACH and memory() - before < GROWTH


LINKS = {"state": "above", "tensorboard": "above/tensorboard", "history.csv": "above/history.csv",
         "run.lock": "above/run.lock", "config.json": "above/decoy.txt", ".hydra": "work/beside",
         "result.json": "above/decoy.txt", "report.json": "nowhere",
         "output.txt": "above/decoy.txt",
         "best.keras": "above/decoy.txt", "../sweep.json": "above/decoy.txt",
         "../trials.jsonl": "above/decoy.txt", "state/epoch_000003.npz": "above/decoy.txt",
         "tensorboard/x": "work/beside", "loop": "work/logs"}  # fmt: skip


def test_links_lead_nowhere(ground, capsys, monkeypatch):
    monkeypatch.chdir(ground.work)
    counted = figures.setdefault("links", collections.Counter())
    readers = [read_state, go_on, sweep_again, search_again, curve]

    def check(drawn):
        names, reader = drawn
        run = ground.laid_out()
        for name in names:
            path = run / name
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(
                missing_ok=True
            )
            if path.parent.is_dir() and not path.parent.is_symlink():
                path.symlink_to(ground.decoys.ground / LINKS[name])
        with Listening():
            counted[outcome(reader, run)] += 1
        printed = capsys.readouterr()
        nothing_else_happened(ground, printed.out + printed.err)

    names = st.lists(st.sampled_from(sorted(LINKS)), min_size=1, max_size=3, unique=True)
    fuzz(st.tuples(names, st.sampled_from(readers)), check)
    assert counted.total() >= EACH


def commanded(ground: Ground, capsys, counted, arguments: list[str]) -> None:
    """A command line through the gate, up to where it would train."""
    trained = []
    before = sys.argv[:]
    with Listening():
        code = gate.run(trained.append, arguments)
    sys.argv[:] = before
    printed = capsys.readouterr()
    ends = (0, 1) if trained else (0, 2)  # nothing is trained here: of a sweep it is 1
    assert code in ends, (arguments, printed.err)
    if code == 2:
        assert printed.err.strip().count("\n") == 0, printed.err
    nothing_else_happened(ground, printed.out + printed.err)
    counted["would train" if trained else "sentence" if code else "help"] += 1


def test_an_option_file_is_a_configuration_or_a_sentence(ground, capsys, monkeypatch):
    monkeypatch.chdir(ground.work)
    counted = figures.setdefault("option file", collections.Counter())
    folder = ground.work / "options" / "experiment"
    folder.mkdir(parents=True)

    def check(drawn):
        text, more = drawn
        shutil.rmtree(ground.work / "logs", ignore_errors=True)
        (folder / "x.yaml").write_bytes(text)
        commanded(ground, capsys, counted, ["--config-dir", "options", "experiment=x", *more])

    more = st.sampled_from([[], ["check=true"], ["allow=[json]"], ["-m", "seed=1,2"]])
    fuzz(st.tuples(grammar.option_files(), more), check)
    assert counted.total() >= EACH


def test_overrides_are_a_configuration_or_a_sentence(ground, capsys, monkeypatch):
    monkeypatch.chdir(ground.work)
    counted = figures.setdefault("overrides", collections.Counter())

    def check(drawn):
        words, flags = drawn
        shutil.rmtree(ground.work / "logs", ignore_errors=True)
        commanded(ground, capsys, counted, [*flags, *words])

    fuzz(st.tuples(grammar.overrides(), st.sampled_from([[], [], ["-m"]])), check)
    assert counted.total() >= EACH

"""kreg touches only what kreg has written, and follows no link below a run directory."""

import os
from pathlib import Path

import pytest

from kreg import files
from kreg.foreign import json_text
from kreg.runs import Checkpoint, ForeignError, InUseError, RunDirectory, StateFile, decide
from kreg.runs.lock import Lock
from tests.unit.runs.test_directory import CONFIG, make

HYDRAS = "".join(f"{key}:\n  a: 1\n" for key in CONFIG)


def tree(folder: Path) -> dict[str, object]:
    """Every path below a folder with what is in it."""
    found = sorted(folder.rglob("*"))
    return {str(p): p.read_bytes() if p.is_file() else p.is_symlink() for p in found}


def write(folder: Path, **contents: str) -> Path:
    for name, text in contents.items():
        path = folder / name.replace("__", "/").replace("_json", ".json").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


FOREIGN = {
    "a logger's": {"history.csv": "epoch,loss\n", "tensorboard/events.out.tfevents.mine": "x"},
    "a temporary file": {"notes.tmp": "notes"},
    "another program's configuration": {"config.json": '{"model": {}, "seed": 1}'},
    "no object": {"config.json": "[1]"},
    "another Hydra program's": {".hydra/config.yaml": "db:\n  user: me\n"},
    "a user's file beside Hydra's": {".hydra/config.yaml": HYDRAS, "thesis.tex": "x"},
    "another program's failed result": {"result.json": '{"status": "failed"}'},
    "a user's file beside a failed result": {
        ".hydra/config.yaml": HYDRAS,
        "result.json": '{"status": "failed"}',
        "thesis.tex": "x",
    },
    "an output without a run": {"output.txt": "mine"},
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_folder_that_is_not_kregs_is_refused_and_stays(kind, tmp_path):
    for name, text in FOREIGN[kind].items():
        write(tmp_path, **{name: text})
    before = tree(tmp_path)
    with pytest.raises(ForeignError, match="not empty and no run directory of kreg"):
        RunDirectory(tmp_path).open()
    assert tree(tmp_path) == before


OURS = {
    "nothing": {},
    "a run that never began": {".hydra/config.yaml": HYDRAS, "run.lock": "\nprocess 1 on a\n"},
    "killed while Hydra wrote": {".hydra/config.yaml": ""},
    "a job that failed before it began": {
        ".hydra/config.yaml": HYDRAS,
        "output.txt": "Traceback",
        "result.json": '{"status": "failed", "error": "ValueError: t: no rows", "metrics": {}}',
    },
    "a probe of a killed process": {".probe_71.tmp": "kreg"},
    "a procedure of 0.1": {
        ".hydra/config.yaml": HYDRAS,
        "result.json": '{"procedure": "size_path"}',
        "path.csv": "1",
    },
}


@pytest.mark.parametrize("kind", OURS)
def test_a_folder_of_kregs_is_entered(kind, tmp_path):
    for name, text in OURS[kind].items():
        write(tmp_path, **{name: text})
    RunDirectory(tmp_path).open().close()


def lay(link: Path, target: Path) -> None:
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target)


@pytest.mark.parametrize(
    "name", ["run.lock", "tensorboard", "history.csv", "state", ".hydra", "state/epoch_000001.npz"]
)
def test_no_link_below_a_run_is_followed(name, tmp_path):
    victim = write(tmp_path / "victim", **{"thesis.tex": "years", "a.1234abcd.tmp": "x"})
    run = make(tmp_path / "runs")
    lay(run.file(name), victim if "." not in name[1:] else victim / "thesis.tex")
    before = tree(victim)
    with pytest.raises(ForeignError, match="is a link"):
        run.open()
    told = []
    assert decide("auto", tmp_path / "runs", CONFIG, warn=told.append).action == "new"
    assert "is a link" in told[0]
    with pytest.raises(ForeignError, match="is a link"):
        decide(str(run.path), tmp_path / "runs", CONFIG)
    assert tree(victim) == before


def test_the_folder_above_may_lie_behind_a_link(tmp_path):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "logs").symlink_to(tmp_path / "scratch")
    run = make(tmp_path / "logs")
    assert decide("auto", tmp_path / "logs", CONFIG).directory.path == run.path
    with run:
        assert (tmp_path / "scratch" / run.path.name / "run.lock").is_file()


def test_links_are_refused_also_where_they_were_laid_after_the_look(tmp_path):
    """Each reader and writer by itself: who looks first is no help against who is quicker."""
    victim = write(tmp_path / "victim", **{"file": "mine", "a.npz": "x"})
    run = make(tmp_path / "runs")
    lay(run.file("history.csv"), victim / "file")
    lay(run.file("tensorboard"), victim)
    lay(run.file("state"), victim)
    before = tree(victim)
    assert RunDirectory(run.path).read_json("history.csv") is None
    Checkpoint(run)._rewind()
    assert StateFile(run.file("state")).generations() == []
    files.sweep(run.file("state"))
    with pytest.raises(OSError):
        files.truncate(run.file("history.csv"), 0)
    with pytest.raises(OSError):
        Lock(run.file("history.csv")).acquire()
    assert not Lock(run.file("history.csv")).is_free()
    assert tree(victim) == before


def test_a_lock_that_is_a_hard_link_is_not_written(tmp_path):
    victim = write(tmp_path, **{"file": "mine"}) / "file"
    os.link(victim, tmp_path / "run.lock")
    with pytest.raises(OSError, match="hard link"):
        Lock(tmp_path / "run.lock").acquire()
    assert victim.read_text() == "mine"


def test_asking_whether_a_lock_is_free_writes_nothing(tmp_path):
    (tmp_path / "run.lock").write_text("\nprocess 1 on alpha\n")
    assert Lock(tmp_path / "run.lock").is_free()
    assert (tmp_path / "run.lock").read_text() == "\nprocess 1 on alpha\n"
    with Lock(tmp_path / "run.lock").acquire()._lock:
        assert not Lock(tmp_path / "run.lock").is_free()
        with pytest.raises(InUseError):
            Lock(tmp_path / "run.lock").acquire()


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "config.json")
    assert json_text.read_object(tmp_path / "config.json") is None


def test_nested_json_is_damaged(tmp_path):
    (tmp_path / "config.json").write_text("[" * 100_000)
    assert json_text.read_object(tmp_path / "config.json") is None

"""The program and directories that are not its own, terminals that go away, and disks that fill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kreg.launch import gate
from kreg.sweeps.results import read_json
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
SMALL = ["model=linear", "reg=none", "stop=none", "data.train_size=200", "trainer.epochs=2"]
SWEEP = ["-m", "model=linear", "reg=none", "debug=fast"]


def never(checked):
    raise AssertionError("training has been started")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in sorted(folder.rglob("*"))}


def refused(capsys, *arguments) -> str:
    """The one sentence with which a command is refused, nothing changed in this folder."""
    before = tree(Path())
    assert gate.run(never, list(arguments)) == 2
    told = capsys.readouterr().err
    assert told.startswith("kreg: ") and told.count("\n") == 1, told
    assert tree(Path()) == before
    return told


@pytest.fixture
def users(tmp_path, monkeypatch):
    """A folder of the user's, `results`, in the folder where the command is started."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results" / "tensorboard").mkdir(parents=True)
    for name in ("notes.tmp", "history.csv", "tensorboard/events.out.tfevents.mine", "report.html"):
        (tmp_path / "results" / name).write_text("mine")
    return tmp_path / "results"


@pytest.mark.parametrize("more", [[], ["check=true"], ["resume=never"], ["resume=force"]])
@pytest.mark.parametrize("name", ["results", "${task}", "./results/../results"])
def test_a_users_folder_is_no_run_directory(users, capsys, name, more):
    told = refused(capsys, f"hydra.run.dir={name}", "task=results", *more)
    assert "no run directory of kreg" in told


def test_a_users_folder_is_no_sweeps_directory(users, capsys):
    told = refused(capsys, "-m", "seed=1,2", "hydra.sweep.dir=results")
    assert "no sweep of kreg" in told


def test_an_option_file_cannot_name_a_users_folder_either(users, capsys):
    folder = users.parent / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / "x.yaml").write_text("# @package _global_\nhydra: {run: {dir: results}}\n")
    assert "no run directory" in refused(capsys, "--config-dir", "mine", "experiment=x")


@pytest.mark.parametrize("subdir", ["same", "../${hydra.job.num}", "/tmp/${hydra.job.num}", "."])
def test_jobs_have_folders_of_their_own_below_the_sweep(subdir, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "subdir" in refused(capsys, "-m", "seed=1,2", f"hydra.sweep.subdir={subdir}")


def test_the_trials_of_a_search_have_folders_of_their_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["-m", "hparams_search=random", "reg.l1=interval(0,1)", "hydra.sweep.subdir=same"]
    assert "two jobs" in refused(capsys, *arguments)


def start(folder, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=folder,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        **options,
    )


def train(folder, *arguments) -> subprocess.CompletedProcess:
    return finished(start(folder, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE))


def finished(process) -> subprocess.CompletedProcess:
    out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def only(folder, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


@pytest.mark.slow
def test_check_in_an_empty_folder_of_the_users_leaves_it(tmp_path):
    (tmp_path / "mine").mkdir()
    assert train(tmp_path, "check=true", "hydra.run.dir=mine", *SMALL).returncode == 0
    assert train(tmp_path, "check=true", *SWEEP, "seed=1,2").returncode == 0
    assert list(tmp_path.rglob("*")) == [tmp_path / "mine"]


@pytest.mark.slow
def test_a_job_is_done_only_if_its_configuration_is_that_jobs(tmp_path):
    names = ["hydra.sweep.dir=out", "hydra.sweep.subdir=${hydra.job.num}_x"]
    assert train(tmp_path, *SWEEP, "seed=1,2", *names).returncode == 0
    before = tree(tmp_path)
    other = train(tmp_path, *SWEEP, "seed=3,4", *names)
    assert other.returncode == 2 and "seed was 1 and is 3" in other.stderr
    assert tree(tmp_path) == before
    again = train(tmp_path, *SWEEP, "seed=1,2", *names)
    assert again.returncode == 0 and again.stderr.count("is done already") == 2


@pytest.mark.parametrize("closed", ["a pipe", pytest.param("both", marks=pytest.mark.slow)])
def test_a_terminal_that_goes_away_costs_no_result(tmp_path, closed):
    if closed == "a pipe":
        reading, writing = os.pipe()
        os.close(reading)
        process = start(tmp_path, *SMALL, stdout=writing, stderr=writing)
        os.close(writing)
    else:
        command = [sys.executable, str(ROOT / "train.py"), *SMALL]
        line = '"$@" <&- >&- 2>&-'
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            ["sh", "-c", line, "sh", *command], cwd=tmp_path, env=environment
        )
    assert process.wait(timeout=PATIENCE) == 0
    run = only(tmp_path, "logs/digits/runs/*")
    assert read_json(run / "result.json")["status"] == "done"
    assert (run / "report.html").read_text().startswith("<!doctype html>")


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["kreg", "joblib"])
def test_a_sweep_goes_on_when_nobody_reads(tmp_path, launcher):
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    with open("/dev/full", "w") as full:
        command = [*SWEEP, "seed=1,2,3", f"hydra/launcher={launcher}"]
        assert start(tmp_path, *command, stdout=full, stderr=full).wait(timeout=PATIENCE) == 0
    results = tmp_path.glob("logs/digits/sweeps/*/*/result.json")
    assert [read_json(path)["status"] for path in results] == ["done"] * 3


@pytest.mark.slow
def test_a_disk_that_was_full_leaves_a_run_that_goes_on(tmp_path):
    """The files of a run may have so many bytes: its states may not grow with the history."""
    limit = (
        "import resource, runpy, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (26_000, 26_000))\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        f"runpy.run_path({str(ROOT / 'train.py')!r}, run_name='__main__')"
    )
    arguments = [*SMALL, "trainer.save_every=0", "logger=none"]
    full = subprocess.run(
        [sys.executable, "-c", limit, *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert full.returncode == 1 and "cannot write" in full.stderr, full.stderr
    run = only(tmp_path, "logs/digits/runs/*")
    assert not (run / "result.json").exists()
    again = train(tmp_path, *arguments)
    assert again.returncode == 0 and f"continuing {run}" in again.stdout, again.stderr
    assert only(tmp_path, "logs/digits/runs/*/result.json").parent == run


def hung_up(folder, **options) -> int:
    """The exit code of a training that lost its terminal after an epoch; 0 if it heard nothing."""
    long = [*SMALL, "trainer.save_every=0", "trainer.epochs=400"]
    process = start(folder, *long, stdout=subprocess.DEVNULL, **options)
    while process.poll() is None and not list(folder.glob("logs/digits/runs/*/state/*.npz")):
        time.sleep(0.02)
    process.send_signal(signal.SIGHUP)
    return process.wait(timeout=PATIENCE)


@pytest.mark.slow
def test_the_terminals_end_is_like_sigterm(tmp_path):
    assert hung_up(tmp_path) == 129
    assert not list(tmp_path.glob("logs/digits/runs/*/result.json"))


@pytest.mark.slow
def test_nohup_trains_on(tmp_path):
    assert hung_up(tmp_path, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) == 0


@pytest.mark.slow
def test_all_files_of_a_run_have_the_users_mode(tmp_path):
    process = start(tmp_path, *SMALL, preexec_fn=lambda: os.umask(0o027))
    assert process.wait(timeout=PATIENCE) == 0
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o750 if path.is_dir() else 0o640), path

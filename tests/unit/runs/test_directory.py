"""Run directories: unique names, one owner, decisions about going on."""

import datetime
import os
import socket
import subprocess
import sys

import pytest

from kreg import runs
from kreg.runs import InUseError, ResumeError, RunDirectory, decide

GROUPS = ("reg", "dropout", "augment", "data", "optimizer", "stop")
CONFIG = {
    "seed": 1,
    "model": {"kind": "deep", "depth": 3},
    "trainer": {"epochs": 5},
    **{group: {} for group in GROUPS},
}


def changed(**values):
    return {**CONFIG, **values}


def make(parent, config=CONFIG, status=None):
    run = RunDirectory.create(parent)
    run.write_json("config.json", config)
    if status:
        run.write_json("result.json", {"status": status})
    return run


def test_names_sort_by_time_and_never_collide(tmp_path, monkeypatch):
    now = datetime.datetime(2026, 9, 1, 12, 30, 59)
    assert runs.new_name(now).startswith("2026-09-01_12-30-59_")
    names = iter(["same", "same", "same", "other"])
    monkeypatch.setattr("kreg.runs.directory.new_name", lambda: next(names))
    assert RunDirectory.create(tmp_path).path.name == "same"
    assert RunDirectory.create(tmp_path).path.name == "other"


def test_two_processes_cannot_share_a_directory(tmp_path):
    code = "import sys; from kreg.runs import RunDirectory; RunDirectory(sys.argv[1]).open()"
    with RunDirectory(tmp_path):
        for _ in range(2):  # being refused does not wipe out the owner's name
            other = subprocess.run(
                [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
            )
            owner = f"in use by process {os.getpid()} on {socket.gethostname()}. Wait for it"
            assert other.returncode == 1 and owner in other.stderr
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_the_lock_of_a_dead_owner_is_free(tmp_path):
    code = (
        "import os, signal, sys; from kreg.runs import RunDirectory; "
        "RunDirectory(sys.argv[1]).open(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)])
    assert (tmp_path / "run.lock").exists()
    RunDirectory(tmp_path).open().close()


def test_opening_twice_in_one_process_is_refused(tmp_path):
    with RunDirectory(tmp_path), pytest.raises(InUseError):
        RunDirectory(tmp_path).open()


def test_leftovers_of_a_killed_write_are_swept(tmp_path):
    run = make(tmp_path)
    (run.path / "state").mkdir()
    names = ["result.json.1.tmp", "best.71.tmp.keras", ".report.0a1b2c3d.tmp.html", ".probe_1.tmp"]
    leftovers = [run.file(name) for name in [*names, "state/epoch_000001.npz.1.tmp"]]
    users = [run.file(name) for name in ("notes.tmp", "my.tmp.keras", "state/old.tmp", "a.1.tmp")]
    for file in leftovers + users:
        file.write_bytes(b"half")
    with run:
        assert not any(leftover.exists() for leftover in leftovers)
        assert all(file.exists() for file in users)


def test_a_file_in_place_of_the_directory_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write into .*file"):
        RunDirectory(tmp_path / "file").open()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_directory_is_one_sentence(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(OSError, match="cannot write into"):
        RunDirectory(tmp_path / "run").open()


def test_the_same_command_finds_its_unfinished_run(tmp_path):
    old, new = make(tmp_path), make(tmp_path, changed(seed=2))
    assert decide("auto", tmp_path, CONFIG).directory.path == old.path
    assert decide("auto", tmp_path, changed(seed=2)).directory.path == new.path
    assert decide("auto", tmp_path, changed(seed=3)).action == "new"
    assert decide("auto", tmp_path, CONFIG, own=old.path).action == "new"
    assert decide("never", tmp_path, CONFIG).action == "new"
    assert decide("auto", tmp_path / "missing", CONFIG).action == "new"


@pytest.mark.parametrize("status", ["done", "failed"])
def test_a_run_that_ended_is_not_continued(tmp_path, status):
    make(tmp_path, status=status)
    assert decide("auto", tmp_path, CONFIG).action == "new"
    assert decide("force", tmp_path, CONFIG).action == "new"


def test_an_interrupted_run_is_continued(tmp_path):
    run = make(tmp_path, status="interrupted")
    assert decide("auto", tmp_path, CONFIG).directory.path == run.path


def test_a_running_run_is_left_alone(tmp_path):
    with make(tmp_path):
        assert decide("auto", tmp_path, CONFIG).action == "new"


def test_keys_that_say_how_to_run_do_not_matter(tmp_path):
    make(tmp_path, changed(resume="auto", trainer={"epochs": 5, "verbose": "info"}))
    config = changed(resume="never", trainer={"epochs": 5, "verbose": "debug"})
    assert decide("auto", tmp_path, config).action == "continue"


def test_a_changed_configuration_lists_the_keys_and_refuses(tmp_path):
    run = make(tmp_path)
    new = changed(seed=2, model={"kind": "deep", "depth": 4})
    with pytest.raises(ResumeError, match="model.depth was 3 and is 4, seed was 1 and is 2"):
        decide(str(run.path), tmp_path, new)
    forced = decide("force", tmp_path, new)
    assert forced.action == "continue" and "seed was 1 and is 2" in forced.reason


def test_more_epochs_of_the_same_training_are_allowed(tmp_path):
    run = make(tmp_path, status="done")
    longer = changed(trainer={"epochs": 9})
    assert decide(str(run.path), tmp_path, CONFIG).action == "finished"
    assert decide(str(run.path), tmp_path, longer).action == "continue"


@pytest.mark.parametrize("plan", [{"schedule": "cosine"}, {"schedule": "constant", "warmup": 0.1}])
def test_more_epochs_under_a_planned_learning_rate_are_refused(tmp_path, plan):
    run = make(tmp_path, changed(optimizer=plan))
    longer = changed(optimizer=plan, trainer={"epochs": 9})
    with pytest.raises(ResumeError, match="epochs was 5 and is 9. The learning rate was planned"):
        decide(str(run.path), tmp_path, longer)
    assert decide("force", tmp_path, longer).action == "continue"


def test_a_number_of_epochs_in_place_of_auto_is_refused(tmp_path):
    run = make(tmp_path, changed(trainer={"epochs": "auto"}))
    with pytest.raises(ResumeError, match="Epochs of auto and of a number may differ in length"):
        decide(str(run.path), tmp_path, changed(trainer={"epochs": 9}))


def test_a_finished_run_that_goes_on_has_no_result_until_it_ends_again(tmp_path):
    """Killed in between, the same command goes on and does not take the old result for its own."""
    run = make(tmp_path, status="done")
    longer = changed(trainer={"epochs": 9})
    run.reopen()
    assert decide(str(run.path), tmp_path, longer).action == "continue"
    run.write_json("config.json", longer)
    assert decide(str(run.path), tmp_path, longer).action == "continue"
    assert decide("auto", tmp_path, longer).directory.path == run.path


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(ResumeError, match="no run directory of kreg"):
        decide(str(tmp_path), tmp_path, CONFIG)


def test_logs_are_cut_back_to_what_the_state_knows(tmp_path):
    events = tmp_path / "tensorboard" / "events.out.tfevents.1.alpha.7.kreg"
    events.parent.mkdir()
    events.write_bytes(b"epoch 1")
    (tmp_path / "history.csv").write_bytes(b"a\n1\n")
    saved = runs.lengths(tmp_path)
    events.write_bytes(b"epoch 1epoch 2")
    events.with_name("events.out.tfevents.2.alpha.8.kreg").write_bytes(b"more")
    mine = events.with_name("events.out.tfevents.mine")
    mine.write_bytes(b"mine")
    runs.rewind(tmp_path, saved)
    assert events.read_bytes() == b"epoch 1" and runs.lengths(tmp_path) == saved
    assert mine.read_bytes() == b"mine"


def test_a_directory_that_was_renamed_is_not_made_again(tmp_path):
    with RunDirectory(tmp_path / "run") as run:
        run.refuse_gone()
        run.path.rename(tmp_path / "moved")
        with pytest.raises(OSError, match="removed or renamed"):
            run.refuse_gone()
        (tmp_path / "run").mkdir()  # another one of that name
        with pytest.raises(OSError, match="removed or renamed"):
            run.refuse_gone()

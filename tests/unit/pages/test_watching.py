"""A run that goes on is looked at again, and not otherwise; no test waits."""

import os
import shutil

import pytest

from kreg.pages import commands, watching

LINES = ["epoch,clean_loss,val_clean_loss", *(f"{e},{1 / e},{1.1 / e}" for e in range(1, 13))]


@pytest.fixture
def run(tmp_path):
    """A run directory in which `steps` happen, one each time that the watch waits."""

    def watched(*steps):
        left = [*steps, lambda: (tmp_path / "result.json").write_text("{}")]
        watching.until_the_end(tmp_path, wait=lambda seconds: left.pop(0)())
        assert not left

    return watched


def log(folder, epochs):
    return lambda: (folder / "history.csv").write_text("\n".join(LINES[: epochs + 1]) + "\n")


def test_every_new_epoch_is_shown_once(run, tmp_path, capsys):
    run(log(tmp_path, 1), log(tmp_path, 3), lambda: None, log(tmp_path, 12))
    told = capsys.readouterr().out
    assert "no record of a training yet" in " ".join(told.split())
    assert [told.count(f"after epoch {epoch}\n") for epoch in (1, 3, 12)] == [1, 1, 1]
    assert told.count("after epoch") == 3


def test_a_run_that_has_ended_is_not_waited_for(tmp_path):
    (tmp_path / "result.json").write_text("{}")
    watching.until_the_end(tmp_path, wait=lambda seconds: pytest.fail("it waits"))


def test_ctrl_c_ends_the_watch_with_the_report_so_far(tmp_path, monkeypatch, capsys):
    log(tmp_path, 12)()

    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "until_the_end", interrupted)
    assert commands.report(tmp_path / "history.csv", watch=True) == 0
    assert "Learning" in capsys.readouterr().out


def test_a_run_that_vanishes_is_a_sentence(tmp_path, capsys):
    folder = tmp_path / "run"
    folder.mkdir()
    log(folder, 2)()
    steps = [
        lambda: shutil.rmtree(folder),
        lambda: (folder.mkdir(), (folder / "result.json").touch()),
    ]
    watching.until_the_end(folder, wait=lambda seconds: steps.pop(0)())
    assert "does not exist" in " ".join(capsys.readouterr().out.split())


def test_the_report_of_an_earlier_end_is_not_that_of_a_run_that_goes_on(run, tmp_path, capsys):
    log(tmp_path, 3)()
    commands.report(tmp_path)
    assert (tmp_path / "report.json").exists()

    def goes_on():
        log(tmp_path, 12)()
        earlier = (tmp_path / "report.json").stat().st_mtime - 10  # a clock plays no part
        os.utime(tmp_path / "history.csv", (earlier, earlier))

    run(goes_on)
    assert capsys.readouterr().out.count("after epoch 12") == 1


def test_what_trackers_keep_is_looked_at_again_when_it_grows(tmp_path):
    store, log = tmp_path / "mlflow.db", tmp_path / "offline-run-1" / "run-a.wandb"
    log.parent.mkdir()
    beside = tmp_path / "mlflow.db-wal"  # where SQLite may write first
    for path in (store, log, beside):
        path.write_bytes(b"x")
    for looked_at, grows in (
        (store, store),
        (store / "run", store),
        (tmp_path, store),
        (tmp_path, log),
        (store, beside),
        (store / "run", beside),
        (tmp_path, beside),
    ):
        before = watching.signature(looked_at)
        grows.write_bytes(grows.read_bytes() + b"x")
        assert watching.signature(looked_at) != before
    assert watching.signature(tmp_path / "not there yet") == ()


def test_a_log_without_an_end_is_said_to_have_none(run, tmp_path, capsys):
    log(tmp_path, 2)()
    run()
    assert capsys.readouterr().out.count("Ctrl-C ends the watch") == 1
    (tmp_path / "result.json").unlink()
    (tmp_path / "config.json").write_text("{}")  # as a run of kreg's has it
    run()
    assert "Ctrl-C" not in capsys.readouterr().out


def test_the_checkpoints_of_a_trainer_are_looked_at(tmp_path):
    before = watching.signature(tmp_path)
    (tmp_path / "checkpoint-10").mkdir()
    (tmp_path / "checkpoint-10" / "trainer_state.json").write_text("{}")
    assert watching.signature(tmp_path) != before

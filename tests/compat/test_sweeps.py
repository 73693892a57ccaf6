"""Sweeps and searches of earlier versions: only what is missing runs, tables come again."""

import json

import pytest


def stamps(fixture) -> dict:
    """The jobs that have a result, with the time at which they got it."""
    results = fixture.folder.glob("logs/*/sweeps/*/*/result.json")
    return {path.parent.name: path.stat().st_mtime_ns for path in results}


def goes_on(fixture, jobs: int):
    """The same command runs the one missing job in the same directory, and prints the table."""
    before = stamps(fixture)
    assert len(before) == jobs - 1
    done = fixture.train()
    assert done.returncode == 0, done.stdout + done.stderr
    after = stamps(fixture)
    assert len(after) == jobs and before.items() <= after.items()
    assert len(list(fixture.folder.glob("logs/*/sweeps/*"))) == 1
    assert f"{jobs} runs, {jobs} done" in done.stdout and "The best setting is" in done.stdout
    return done


def test_a_sweep_runs_only_the_missing_job(unpacked):
    done = goes_on(unpacked("sweep_unfinished"), jobs=3)
    rows = [line.split()[:2] for line in done.stdout.splitlines()]
    assert all(row in rows for row in (["0", "l1"], ["1", "l2"], ["2", "none"]))


@pytest.mark.slow
def test_a_search_asks_only_for_the_missing_trial(unpacked):
    fixture = unpacked("search_unfinished")
    journal = fixture.only("logs/*/sweeps/*/trials.jsonl")
    before = journal.read_text()
    unfinished = fixture.only("logs/*/sweeps/*/2_*").name  # the next trial was begun already
    goes_on(fixture, jobs=3)
    after = journal.read_text()
    assert after.startswith(before) and len(after.splitlines()) == len(before.splitlines()) + 1
    assert json.loads(after.splitlines()[-1])["number"] == 2
    assert fixture.only("logs/*/sweeps/*/2_*").name == unfinished


def test_a_finished_sweep_is_compared_again(unpacked):
    fixture = unpacked("sweep_finished")
    page = fixture.only("logs/*/sweeps/*/sweep.html")
    before = stamps(fixture)
    page.unlink()
    done = fixture.run("-m", "kreg", "compare", str(page.parent))
    assert done.returncode == 0, done.stderr
    assert "3 runs, 3 done" in done.stdout and "The best setting is" in done.stdout
    assert "reg" in page.read_text() and stamps(fixture) == before

"""Option files are held against their size before Hydra composes them."""

import os
import time

import pytest
from hydra._internal.core_plugins import file_config_source
from hydra._internal.sources_registry import SourcesRegistry

from kreg.launch import gate, option_files, sizes


def never(checked):
    raise AssertionError("training has been started")


@pytest.fixture
def option(tmp_path, monkeypatch):
    """Runs a command with an option file of this text; returns its exit code."""
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    def run(text, *words):
        (folder / "x.yaml").write_text(f"# @package _global_\n{text}\n")
        return gate.run(never, ["--config-dir", "mine", "experiment=x", *words])

    return run


LAUGHS = "a: &a [x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 7)}]\n" for a, b in zip("abcdefghi", "bcdefghij")
)


@pytest.mark.parametrize("text", [LAUGHS, "a: &a [*a]", "a: " + "[" * 3000, "seed: \x1b[2J"])
def test_a_file_that_runs_away_is_a_sentence_at_once(option, capsys, text):
    began = time.process_time()
    assert option(text) == 2
    told = capsys.readouterr().err
    assert told.startswith("kreg: ") and told.count("\n") == 1 and "\x1b" not in told
    assert time.process_time() - began < 20


def test_a_pipe_is_not_waited_for(option, tmp_path, capsys):
    os.mkfifo(tmp_path / "mine" / "experiment" / "pipe.yaml")
    assert gate.run(never, ["--config-dir", "mine", "experiment=pipe"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_worker_of_a_launcher_registers_hydras_own_sources_again():
    option_files.register()
    sources = SourcesRegistry.instance()
    sources.register(file_config_source.FileConfigSource)  # what every worker of joblib does
    assert sources.resolve("file") is option_files.FileConfigSource


def test_a_few_aliases_are_as_good_as_written_out(option, capsys):
    assert option("seed: &s 3\ndata: {train_size: *s}", "seed=x") == 2
    assert "seed" in capsys.readouterr().err


def test_many_jobs_are_said_with_the_time_that_is_left(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sizes, "MANY", 2)
    monkeypatch.setattr(sizes, "PAUSE", 0)
    assert gate.run(never, ["-m", "seed=1,2,3", "hydra.sweep.subdir=same"]) == 2
    told = capsys.readouterr().err
    assert "checking 3 jobs" in told and "checked 1 of 3 jobs, about" in told

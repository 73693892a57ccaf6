"""What is written beside a run, and what the commands say."""

import json

import pytest
from scripted import FALLING, VALLEY, csv_text, run

import kreg
from kreg.diagnostics import document
from kreg.pages import commands, loss_figure, report, write_all


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(csv_text())
    return path


def test_all_files_are_written(tmp_path):
    found = kreg.report(run(FALLING, VALLEY), out=tmp_path / "out")
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["report.html", "report.json", "report.md", "report.png"]
    assert len(found.files) == 4
    again = report(tmp_path / "out")
    assert again.onset_epoch == 10
    assert "kreg-report" in again._repr_html_()


def test_a_figure_that_fails_costs_that_figure(tmp_path, monkeypatch, capsys):
    def broken(document):
        raise RuntimeError("no font")

    monkeypatch.setattr(loss_figure, "png", broken)
    files, problems = write_all(document(run(FALLING, VALLEY)), tmp_path)
    assert [p.name for p in files] == ["report.json", "report.html", "report.md"]
    assert problems == ["report.png could not be written (RuntimeError: no font)."]
    assert json.loads((tmp_path / "report.json").read_text())["verdict"]


def test_report_command(tmp_path, csv, capsys):
    assert commands.report(tmp_path) == 0
    assert (tmp_path / "report.html").exists()
    assert "Overfitting since epoch 10" in capsys.readouterr().out
    assert commands.report(csv, fail_on="overfitting") == 1
    assert commands.report(csv, fail_on="unstable,no-validation") == 0
    assert commands.report(csv, fail_on="past-best") == 1
    assert not (tmp_path / "history").exists()


def test_wrong_commands_are_sentences(tmp_path, csv, capsys):
    assert commands.report(tmp_path / "nowhere") == 2
    assert commands.report(csv, fail_on="overfiting") == 2
    assert commands.replay(csv, "gll:2") == 2
    shown = capsys.readouterr().err
    assert "does not exist" in shown
    assert "Did you mean 'OVERFITTING'" in shown
    assert "Did you mean 'gl'" in shown


def test_without_rules_the_command_replays_those_of_the_report(csv, capsys):
    from kreg.cli import main
    from kreg.diagnostics.stopping_replay import RULES

    assert main(["replay", str(csv)]) == 0
    printed = capsys.readouterr().out
    assert all(rule in printed for rule in RULES.split(","))


def test_replay_command(csv, capsys):
    assert commands.replay(csv, "default,gl:2,patience:5,paired:2") == 0
    shown = capsys.readouterr().out
    assert "15" in shown
    assert "per-example" in shown.replace("\n", " ")

"""A renamed key: the old name is answered with the new one, and what was recorded is read."""

import json
import subprocess
import sys

import pytest

from kreg import cli
from kreg.config import renamed, schema
from tests.compat.archives import ROOT

WIDTH = renamed.Renamed("model.width", "0.2")


@pytest.fixture
def kreg_train(tmp_path, monkeypatch, capsys):
    """`kreg train WORD ...` in this process and an empty folder: `(exit code, what it said)`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["kreg"])

    def run(*words):
        code = cli.main(["train", *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def test_the_old_name_is_answered_with_the_new_one(kreg_train, monkeypatch):
    monkeypatch.setitem(renamed.KEYS, "model.units", WIDTH)
    code, told = kreg_train("model=shallow", "model.units=3")
    assert code == 2
    assert told == ("kreg: `model.units` is called `model.width` since 0.2: write model.width=3\n")


@pytest.mark.parametrize("word", ["+model.units=3", "++model.units=3", "~model.units"])
def test_however_it_is_written(kreg_train, monkeypatch, word):
    monkeypatch.setitem(renamed.KEYS, "model.units", WIDTH)
    code, told = kreg_train(word)
    assert code == 2 and "`model.units` is called `model.width` since 0.2" in told


def test_in_a_sweep_and_in_a_file(kreg_train, monkeypatch, tmp_path):
    monkeypatch.setitem(renamed.KEYS, "model.units", WIDTH)
    code, told = kreg_train("-m", "model.units=3,4")
    assert code == 2 and "is called `model.width` since 0.2" in told
    (tmp_path / "own" / "model").mkdir(parents=True)
    text = "defaults: [/schema/model/shallow@_here_, _self_]\nkind: shallow\nunits: 3\n"
    (tmp_path / "own" / "model" / "mine.yaml").write_text(text)
    code, told = kreg_train("--config-dir", "own", "model=mine")
    assert code == 2 and "`model.units` is called `model.width` since 0.2" in told


def test_a_renamed_group(kreg_train, monkeypatch):
    monkeypatch.setitem(renamed.KEYS, "noise", renamed.Renamed("dropout", "0.2"))
    assert renamed.present("noise.rate") == "dropout.rate"
    code, told = kreg_train("noise.rate=0.1")
    assert code == 2 and "write dropout.rate=0.1" in told
    code, told = kreg_train("noise=light")
    assert code == 2 and "write dropout=light" in told


def test_a_run_recorded_under_an_old_name_is_the_same_run(kreg_train, unpacked, monkeypatch):
    fixture = unpacked("finished")
    monkeypatch.chdir(fixture.folder)
    path = fixture.only("run/config.json")
    recorded = json.loads(path.read_text())
    recorded["model"]["units"] = recorded["model"].pop("width")
    path.write_text(json.dumps(recorded))
    assert kreg_train(*fixture.command)[0] == 2
    monkeypatch.setitem(renamed.KEYS, "model.units", WIDTH)
    code, told = kreg_train(*fixture.command)
    assert code == 0 and "already finished" in told


def test_a_key_that_the_recording_version_did_not_know_has_its_default(kreg_train, unpacked):
    fixture = unpacked("finished")
    path = fixture.only("run/config.json")
    recorded = json.loads(path.read_text())
    del recorded["model"]["activation"], recorded["trainer"]["batch_size"]
    path.write_text(json.dumps(recorded))
    done = fixture.train()
    assert done.returncode == 0 and "already finished" in done.stdout
    done = fixture.train("trainer.batch_size=16")
    assert done.returncode == 2 and "trainer.batch_size was 32 and is 16" in done.stderr


CONTINUE = """
import sys
from kreg import cli
from kreg.config import renamed

renamed.KEYS["model.units"] = renamed.Renamed("model.width", "0.2")
sys.exit(cli.main(["train", *sys.argv[1:]]))
"""


@pytest.mark.slow
def test_an_interrupted_run_goes_on_under_the_new_name(unpacked):
    fixture = unpacked("interrupted")
    path = fixture.only("logs/*/runs/*/config.json")
    recorded = json.loads(path.read_text())
    recorded["model"]["units"] = recorded["model"].pop("width")
    path.write_text(json.dumps(recorded))
    done = fixture.run("-c", CONTINUE, *fixture.command)
    assert done.returncode == 0 and "going on after epoch" in done.stdout, done.stderr
    assert "units" not in json.loads(path.read_text())["model"]


def test_the_table_leads_to_keys_that_exist():
    for old, (name, *_) in renamed.KEYS.items():
        assert renamed.present(name) == name, f"{old} leads to a name that was renamed again"
        assert exists(name) and not exists(old), old


def exists(key: str) -> bool:
    group, _, name = key.partition(".")
    if group not in schema.GROUPS:
        return group in schema.defaults(schema.Root)
    key = name.rpartition(".")[2] if group in schema.SEVERAL else name
    return not name or any(key in schema.defaults(s) for s in schema.GROUPS[group].values())


def test_the_table_is_read_before_anything_heavy():
    code = (
        "import sys; from kreg.config import renamed; "
        "sys.exit(any(m in sys.modules for m in ('keras', 'tensorflow')))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)

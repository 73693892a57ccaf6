"""`model=auto`: a table gets TabM with its recipe, and what the user types wins for its group."""

import json

import numpy as np
import pytest

from kreg.config import earlier_defaults, suited
from kreg.config.validate import ConfigError
from kreg.launch import commandline, gate, unsaid
from kreg.launch.compose import check_job, compose_job

TABM = ["recipe=tabm"]


def added(*words):
    """The words that stand for `model=auto`, and the sentence."""
    line, sentence = unsaid.spelt_out(commandline.parse(list(words)))
    told = [commandline.told(override) for override in line.overrides]
    assert [w for w in line.arguments if not w.startswith("-")] == told
    return [word for word in told if word not in words], sentence


def config(*words):
    return check_job(unsaid.spelt_out(commandline.parse(list(words)))[0].overrides).config


@pytest.fixture
def table(tmp_path):
    """The words for a table of so many columns."""

    def write(columns):
        names = [f"c{i}" for i in range(columns - 1)]
        path = tmp_path / f"{columns}.csv"
        path.write_text("\n".join([",".join([*names, "y"]), ",".join(["1"] * columns)]))
        return ["data=csv", f"data.path={path}", "data.target=y"]

    return write


def test_a_table_gets_tabm_with_its_recipe_and_says_why(table):
    words, sentence = added(*table(3))
    assert words == TABM
    assert sentence.startswith("data=csv is a table: model=tabm reg=none dropout=light")
    chosen = config("data=wine", "model=auto")
    assert (chosen.model.kind, chosen.reg.kind, chosen.dropout.kind) == ("tabm", "none", "dropout")


def test_what_is_typed_wins_for_its_group():
    chosen = config("data=wine", "reg=l2", "dropout=none")
    assert (chosen.model.kind, chosen.reg.kind, chosen.dropout.kind) == ("tabm", "l2", "none")
    chosen = config("data=wine", "reg.l1=0.25")
    assert (chosen.model.kind, chosen.reg.kind, chosen.reg.l1) == ("tabm", "l1", 0.25)
    assert added("-m", "data=wine", "reg=l1,l2") == (
        TABM,
        "data=wine is a table: model=tabm dropout=light (model=auto; another by its name).",
    )


def test_a_search_begins_with_the_model_alone_and_chooses_the_rest(table):
    words, sentence = added("data=wine", "experiment=cocktail")
    assert words == ["model=tabm"]
    assert sentence == "data=wine is a table: model=tabm (model=auto; another by its name)."
    assert config("data=wine", "experiment=cocktail").model.kind == "tabm"
    assert added("experiment=cocktail")[0] == []
    wide = added(*table(suited.MOST_COLUMNS + 1), "experiment=cocktail")
    assert wide[0] == [] and "model=deep" in wide[1]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["reg=l1", "dropout=light"],
        ["data=digits"],
        ["data=fashion_mnist"],
        ["data=wine", "model=shallow"],
        ["data=wine", "model.depth=2"],
        ["data=wine", "recipe=realmlp"],
        ["data=wine", "experiment=size_path"],
        ["data=wine", "experiment=cocktail", "model=deep"],
        ["data=csv"],  # another sentence says what is missing
    ],
    ids=" ".join,
)
def test_everything_else_is_what_it_was(words):
    assert added(*words) == ([], "")


def test_a_model_that_is_named_has_todays_companions():
    assert config("data=wine", "model=tabm") == compose_job(["data=wine", "model=tabm"])
    before = compose_job(["model=deep"]).to_dict()
    assert before == compose_job([]).to_dict() == compose_job(["model=auto"]).to_dict()


def test_many_columns_are_left_to_the_dense_network(table):
    assert added(*table(suited.MOST_COLUMNS))[0] == TABM
    words, sentence = added(*table(suited.MOST_COLUMNS + 1))
    assert words == []
    assert "201 columns" in sentence and "model=deep" in sentence


def test_arrays_are_told_apart_by_their_shape(tmp_path):
    for axes, word in ((2, "recipe=tabm"), (3, "model=cnn"), (4, "model=cnn")):
        np.savez(tmp_path / "a.npz", X=np.zeros((8,) * axes), y=np.zeros(8))
        assert added("data=npz", f"data.path={tmp_path / 'a.npz'}")[0] == [word]
    (tmp_path / "a.npz").write_text("no archive")
    assert added("data=npz", f"data.path={tmp_path / 'a.npz'}") == ([], "")


def test_pictures_of_the_users_get_convolutions(tmp_path):
    words, sentence = added("data=image_folder", f"data.path={tmp_path}")
    assert (words, sentence[:45]) == (
        ["model=cnn"],
        "data=image_folder are pictures: model=cnn (mo",
    )


def test_a_file_of_the_users_may_choose_the_model(tmp_path):
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "mine.yaml"
    file.write_text("defaults:\n  - /schema/data/wine@_here_\n  - _self_\nkind: wine\n")
    own = ["--config-dir", str(tmp_path)]
    line, _ = unsaid.spelt_out(commandline.parse([*own, "data=mine"]))
    assert line.arguments[-1] == TABM[0]
    (tmp_path / "debug").mkdir()
    (tmp_path / "debug" / "own.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /model: wide\n"
    )
    line, sentence = unsaid.spelt_out(commandline.parse([*own, "data=mine", "debug=own"]))
    assert (line.arguments[-1], sentence) == ("debug=own", "")


def test_a_sweep_has_one_answer(capsys):
    assert added("-m", "data=wine,diabetes")[0] == TABM
    assert added("-m", "data=wine,digits") == ([], "")
    assert "no model suits tables and pictures alike" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="model=auto,deep: auto stands for another model"):
        added("-m", "data=wine", "model=auto,deep")


def run(*words):
    """What the gate hands to Hydra."""
    found = []
    assert gate.run(lambda checked: found.append(checked), list(words)) == 0
    return found[0].first


def test_the_first_line_says_it_unless_all_is_quiet(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("data=wine").model.kind == "tabm"
    assert capsys.readouterr().out.startswith("kreg: data=wine is a table: model=tabm")
    assert run("data=wine", "trainer.verbose=quiet").model.kind == "tabm"
    assert run("reg=l2").model.kind == "deep"
    assert capsys.readouterr().out == ""


def test_a_run_of_0_1_goes_on_with_its_network(tmp_path, monkeypatch, capsys):
    """It knew no `model=auto`: the same command was the dense network."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "logs" / "wine" / "runs" / "2025-01-01_00-00-00_aaaa"
    place.mkdir(parents=True)
    began = compose_job(["data=wine", "trainer.epochs=60"])
    old = began.to_dict()
    del old["trainer"]["steps"]
    (place / "config.json").write_text(json.dumps(earlier_defaults.record(began, old)))
    assert run("data=wine").model.kind == "deep"
    assert "continuing" in (said := capsys.readouterr().out) and place.name in said
    (place / "result.json").write_text(json.dumps({"status": "done"}))
    assert run("data=wine").model.kind == "tabm"

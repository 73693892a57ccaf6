"""`report.json` of a stranger: every field of a wrong type is a sentence, and nothing steers."""

import copy
import json

import pytest
from scripted import FALLING, VALLEY, csv_text, full, run

from kreg.diagnostics import document
from kreg.diagnostics.upgrade import upgraded
from kreg.pages import Report, commands
from kreg.printable import STEERING

ESCAPE = "\x1b[2J\x1b]0;owned\x07\u202e"
STRANGE = [None, 7, "x", [], {}, [[1]], {"a": "b"}, True, 10**30]
WHOLE = document(full())


@pytest.mark.parametrize("key", WHOLE)
def test_a_field_of_a_wrong_type_is_refused_or_shown(key):
    refused = 0
    for value in STRANGE:
        try:
            found = upgraded(copy.deepcopy({**WHOLE, key: value}))
        except ValueError as error:
            assert str(error) and "\n" not in str(error)
            refused += 1
            continue
        assert Report(found).html() and str(Report(found))
    assert refused >= 1


def test_what_kreg_writes_is_taken_as_it_is():
    for record in (full(), run(FALLING, VALLEY), run([1.0], [2.0])):
        found = json.loads(json.dumps(document(record)))
        assert upgraded(copy.deepcopy(found)).keys() >= found.keys()


def test_control_characters_are_shown_and_not_obeyed(tmp_path, capsys):
    found = json.loads(json.dumps(WHOLE))
    found["name"] = found["verdict"]["headline"] = found["verdict"]["caveats"][:1] = ESCAPE
    found["verdict"]["caveats"] = [ESCAPE]
    found["layers"][0]["name"] = found["advice"][0]["text"] = found["events"][0]["text"] = ESCAPE
    (tmp_path / "report.json").write_text(json.dumps(found))
    assert commands.report(tmp_path, out=tmp_path / "out") == 0
    assert commands.report(tmp_path / f"no{ESCAPE}") == 2
    printed = capsys.readouterr()
    assert "\\x1b[2J" in printed.out and not STEERING.search(printed.out + printed.err)
    assert not STEERING.search((tmp_path / "out" / "report.md").read_text())


def test_a_folder_that_is_a_file_is_a_sentence(tmp_path, capsys):
    (tmp_path / "history.csv").write_text(csv_text())
    (tmp_path / "file").write_text("mine")
    assert commands.report(tmp_path / "history.csv", out=tmp_path / "file") == 1
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("values", ["1e308,-1e308", "1e300,1e300", "nan,inf", "-1e308,1e308"])
def test_extreme_numbers_are_a_sentence_or_a_report(tmp_path, capsys, values):
    rows = "".join(f"{epoch},{values}\n" for epoch in range(30))
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n" + rows + f"30,{values[::-1]}\n")
    assert commands.report(tmp_path) in (0, 1, 2)
    assert commands.replay(tmp_path, "gl:2,patience:5") in (0, 2)
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err


def test_an_epoch_beyond_all_numbers(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n1e300,1,1\n2,0.5,0.5\n")
    assert commands.report(tmp_path) == 0

"""The comments of the option files are those of the tables."""

import dataclasses
import re
import shutil

import pytest
import yaml

from kreg.config import comments
from kreg.config.schema import GROUPS

FILES = list(comments.option_files())


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}={p.stem}")
def test_a_file_tells_every_key_that_it_leaves_at_its_default(path):
    text = path.read_text(encoding="utf-8")
    assert text == comments.written(path), "run: python -m kreg.config.comments --write"
    own, _, generated = text.partition(comments.MARKER)
    given = yaml.safe_load(own)
    told = {}
    for line in generated.splitlines():
        if re.match(r"# \w", line):  # not the rest of a long meaning
            key, _, rest = line.removeprefix("# ").partition(": ")
            told[key] = yaml.safe_load(rest.split("  ")[0])
    default = dataclasses.asdict(GROUPS[path.parent.name][given["kind"]]())
    assert told == {key: value for key, value in default.items() if key not in given}


def test_every_key_of_every_kind_has_a_meaning():
    for kinds in GROUPS.values():
        for schema in kinds.values():
            for field in dataclasses.fields(schema):
                assert comments.told(comments.rule_of(field)), f"{schema.__name__}.{field.name}"


def test_a_file_that_is_not_up_to_date_is_named_and_written(tmp_path, monkeypatch, capsys):
    shutil.copytree(comments.conf_dir(), tmp_path / "conf")
    monkeypatch.setattr(comments, "conf_dir", lambda: tmp_path / "conf")
    file = tmp_path / "conf" / "optimizer" / "sgd.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("momentum: 0.9", "momentum: 0.8"), encoding="utf-8")
    assert comments.main([]) == 1 and capsys.readouterr().out.strip() == str(file)
    assert comments.main(["--write"]) == 0 and file.read_text(encoding="utf-8") == text
    assert comments.main([]) == 0

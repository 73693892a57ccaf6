"""Files that are replaced: whole or not at all, and flushed with their folder."""

import json
import os

import pytest

from kreg import files


def test_text_bytes_and_json_replace_what_was_there_and_make_the_folder(tmp_path):
    path = tmp_path / "new" / "report.md"
    assert files.write(path, "é") == path and path.read_bytes() == "é".encode()
    files.write(path, b"\x00")
    assert path.read_bytes() == b"\x00"
    files.write_json(path, {"a": [1, None]})
    assert json.loads(path.read_text()) == {"a": [1, None]}
    assert [p.name for p in path.parent.iterdir()] == ["report.md"]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = files.write(tmp_path / "a.txt", "old")
    with pytest.raises(type(error)), files.replacing(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write .*file/a.txt: "):
        files.write(tmp_path / "file" / "a.txt", "new")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="cannot write .*folder: Is a directory"):
        files.write(tmp_path / "folder", "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_the_file_is_flushed_before_the_rename_and_the_folder_after_it(tmp_path, monkeypatch):
    happened = []
    flush, rename = files.os.fsync, files.Path.replace

    def fsync(descriptor):
        happened.append("folder" if os.path.isdir(f"/dev/fd/{descriptor}") else "file")
        flush(descriptor)

    def replace(self, target):
        happened.append("rename")
        return rename(self, target)

    monkeypatch.setattr(files.os, "fsync", fsync)
    monkeypatch.setattr(files.Path, "replace", replace)
    files.write(tmp_path / "a.txt", "new")
    assert happened == ["file", "rename", "folder"]


def test_a_temporary_file_is_hidden_has_the_same_ending_and_is_swept(tmp_path):
    (tmp_path / "best.keras").write_bytes(b"good")
    with files.replacing(tmp_path / "best.keras") as temporary:
        temporary.write_bytes(b"half")
        assert temporary.parent == tmp_path and temporary.suffix == ".keras"
        assert temporary.name.startswith(".best.")
        files.sweep(tmp_path)
        assert not temporary.exists() and (tmp_path / "best.keras").exists()
        temporary.write_bytes(b"new")

"""Printing never fails: what cannot be written is not written."""

import errno
import os
import sys

import pytest

from kreg.launch import gate, output


class Full:
    """A stream on a full disk."""

    closed = False

    def write(self, text=""):
        raise OSError(errno.ENOSPC, "No space left on device")

    flush = writelines = write

    def isatty(self):
        return False


def test_a_full_disk_is_forgiven():
    stream = output.wrapped(Full())
    assert stream.write("abc") == 3
    stream.writelines(["a", "b"])
    stream.flush()
    print("told", file=stream, flush=True)
    assert not stream.isatty()


def test_a_closed_pipe_is_let_go(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with output.patient():
            print("nobody hears this", flush=True)
            print("nor this")
        pipe.write("what Python writes at its end")
        pipe.flush()


def test_a_stream_that_was_never_open_is_one_all_the_same(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with output.patient():
        assert sys.stderr is not None and sys.stderr.fileno() == 2


def test_a_mistake_of_the_programs_is_no_matter_of_the_terminals():
    with pytest.raises(TypeError):
        output.wrapped(sys.stdout).write(3)


def test_what_the_system_refuses_is_a_sentence_without_its_number(tmp_path, capsys):
    file = tmp_path / "file"
    file.touch()
    words = ["data=wine", f"hydra.run.dir={file}/{'x' * 200}"]
    assert gate.run(lambda checked: pytest.fail("trained"), words) == 2
    told = capsys.readouterr().err
    assert told.startswith("kreg: cannot write into ") and "Errno" not in told and len(told) < 250

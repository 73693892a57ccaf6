"""Each reader: what its real producer writes, and what a stranger might."""

import contextlib
import io
import os
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from kreg.foreign import content, csv_text, event_file, json_text, memory, npz, yaml_text
from kreg.foreign.content import DamagedError
from kreg.tensorboard import Events


def test_json_of_a_user_may_lie_behind_a_link_and_a_runs_may_not(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1}')
    (tmp_path / "b.json").symlink_to("a.json")
    assert json_text.read(tmp_path / "b.json") == {"a": 1}
    assert json_text.read_object(tmp_path / "a.json") == {"a": 1}
    assert json_text.read_object(tmp_path / "b.json") is None
    assert json_text.read_object(tmp_path / "a.json", dict[str, str]) is None


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "nul", '{"a": 1} x', "9" * 5000])
def test_what_is_no_json_is_a_sentence(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DamagedError):
        json_text.read(tmp_path / "a.json")


@pytest.mark.parametrize("read", [json_text.read, npz.arrays, yaml_text.read, csv_text.log])
def test_neither_a_pipe_nor_a_device_is_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(OSError, match="no regular file"):
            read(path)


def test_a_file_that_is_too_long_is_not_read(tmp_path, monkeypatch):
    with open(tmp_path / "a.json", "wb") as file:
        file.truncate(2**40)  # takes no room on the disk
    with pytest.raises(DamagedError, match="at most"):
        json_text.read(tmp_path / "a.json")
    with pytest.raises(DamagedError, match="at most"):
        content.text(tmp_path / "a.json", content.MEBI)


# --- npz ------------------------------------------------------------------------------------


def packed(name: str, member: bytes, packing=zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        archive.writestr(name, member)
    return buffer.getvalue()


def member(shape: str, descr: str = "<f8", body: bytes = b"") -> bytes:
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode("latin1")
    head = head.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body


def test_arrays_are_what_numpy_reads(tmp_path):
    path = tmp_path / "a.npz"
    wrote = {"a": np.arange(6.0).reshape(2, 3), "f": np.asfortranarray(np.eye(3)), "u": ["é", "b"]}
    wrote |= {"empty": np.zeros((0, 4)), "one": np.float32(2), "half": np.ones(3, "float16")}
    for save in (np.savez, np.savez_compressed):
        save(path, **wrote)
        found = npz.arrays(path)
        with np.load(path) as expected:
            assert found.keys() == set(expected.files) == set(npz.names(path))
            for name, array in found.items():
                assert array.dtype == expected[name].dtype and array.shape == expected[name].shape
                assert (array == expected[name]).all() and array.flags.writeable


@contextlib.contextmanager
def little_memory():
    """What is taken inside is what an error with its traceback takes, some MiB."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 16 * content.MEBI
    finally:
        tracemalloc.stop()


LIES = {
    "a shape": member("(10**15,)"),
    "a large shape": member("(1000000000000000,)"),
    "a shape with rows": member("(10000000000000, 10)", body=bytes(80)),
    "too little": member("(2,)", body=bytes(8)),
    "too much": member("(1,)", body=bytes(80)),
    "a negative one": member("(-1,)", body=bytes(8)),
    "objects": member("(1,)", "|O", bytes(8)),
    "long texts": member("(1000000000,)", "<U1000000"),
    "an open bracket": member("(1,", body=bytes(8)),
    "a binary header": member("(1,)\x8c(", body=bytes(8)),
    "no header": b"\x93NUMPY\x01\x00\xff\xff",
    "nothing": b"",
}


@pytest.mark.parametrize("lie", LIES)
def test_no_size_in_a_header_is_believed(tmp_path, lie):
    path = tmp_path / "a.npz"
    for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path.write_bytes(packed("a.npy", LIES[lie], packing))
        with little_memory(), pytest.raises(DamagedError):
            npz.arrays(path)


def test_a_bomb_is_not_unpacked(tmp_path):
    bomb = member("(25000000,)", body=bytes(200_000_000))
    (tmp_path / "a.npz").write_bytes(packed("a.npy", bomb, zipfile.ZIP_DEFLATED))
    with little_memory(), pytest.raises(DamagedError, match="unpacks to 190.7 MiB"):
        npz.arrays(tmp_path / "a.npz", most=10**6)
    with little_memory(), pytest.raises(DamagedError, match="compressed"):
        npz.arrays(tmp_path / "a.npz", stored=True)


# --- events ---------------------------------------------------------------------------------


@pytest.fixture
def events(tmp_path):
    with Events(tmp_path) as writer:
        for step in range(3):
            writer.scalars(step, {"epoch_loss": 1.0 / (step + 1)})
    (path,) = tmp_path.glob("*tfevents*")
    return path


def test_events_are_what_kreg_has_written(events):
    assert [step for _, step, *_ in event_file.scalars(events)] == [0, 1, 2]


@pytest.mark.parametrize("length", [2**40, 2**62, 2**64 - 1])
def test_no_length_of_a_record_is_believed(events, length):
    whole = events.read_bytes()
    events.write_bytes(whole + struct.pack("<QI", length, 0) + b"x" * 20)
    told: list[str] = []
    assert len(list(event_file.scalars(events, told.append))) == 3
    assert len(told) == 1 and "ends within a record" in told[0]


def test_a_damaged_record_costs_itself_and_no_other(events):
    whole = events.read_bytes()
    junk = struct.pack("<QI", 5, 0) + b"\xff" * 5 + bytes(4)
    events.write_bytes(junk + whole)
    told: list[str] = []
    assert len(list(event_file.scalars(events, told.append))) == 3
    assert len(told) == 1 and "left out" in told[0]


# --- csv and yaml ---------------------------------------------------------------------------


def test_a_long_cell_is_a_sentence():
    with pytest.raises(DamagedError, match="no CSV"):
        csv_text.rows("a,b\n" + "9" * 200_000 + ",1\n")
    with pytest.raises(DamagedError, match="columns"):
        csv_text.rows("," * 20_000)


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|x", "-x", "@SUM(A1)", "\t=1", "\r=1", "=-1"])
def test_no_cell_is_a_formula(cell):
    assert csv_text.defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-0.5", "+1e3", "l1", "", "0", -2, None, 1.5, "a=b", "-inf"])
def test_numbers_and_words_stay(cell):
    assert csv_text.defused(cell) == cell


def laughs(levels: int) -> str:
    names = "abcdefghijklmnop"[:levels]
    lines = ["a0: &a0 [x, x, x, x, x, x, x]"]
    for i, _ in enumerate(names):
        lines.append(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 7)}]")
    return "\n".join(lines)


@pytest.mark.parametrize("text", [laughs(12), "&a [*a]", "a: &a {b: *a}", "[" * 5000])
def test_aliases_and_depth_are_bounded(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    began = time.process_time()
    with pytest.raises(DamagedError):
        yaml_text.read(tmp_path / "a.yaml")
    assert time.process_time() - began < 2


def test_a_few_aliases_are_as_good_as_written_out(tmp_path):
    (tmp_path / "a.yaml").write_text("a: &a [1, 2]\nb: *a\nc: {d: *a}\n")
    assert yaml_text.read(tmp_path / "a.yaml") == {"a": [1, 2], "b": [1, 2], "c": {"d": [1, 2]}}


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system [ls]", "a: !!python/name:os.x"])
def test_no_tag_names_python(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(DamagedError, match="no plain YAML"):
        yaml_text.read(tmp_path / "a.yaml")


def test_there_is_as_much_memory_as_the_machine_or_its_group_has():
    assert 2**26 < memory.available() < 2**50
    memory.refuse(1000, "it has")
    with pytest.raises(DamagedError, match="it has 8.0 PiB"):
        memory.refuse(2**53, "it has")

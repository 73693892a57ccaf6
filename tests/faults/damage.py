"""Random damage to files, as Hypothesis draws it for the fuzzer."""

import copy
import io
import json
import struct
import zipfile

import numpy as np
from hypothesis import strategies as st

ESCAPE = "\x1b[2J\x1b]0;owned\x07"
# what may stand where another value is expected
STRANGE = [
    None, True, 0, -1, 1e308, -1e308, float("nan"), float("inf"), 10**30, 2**63, "", "x", ESCAPE,
    "=cmd|calc!A1", "${oc.env:HOME}", "<script>", [], {}, [[]], {"a": 1}, [1, "a", None], "9" * 400,
]  # fmt: skip
NUMBERS = [0, 1, 255, 2**31 - 1, 2**32 - 1, 2**40, 2**62, 2**64 - 1]


def byte_damage():
    """A function of bytes that changes them somewhere."""
    step = st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 2**20), st.binary(min_size=1))
    return st.lists(step, min_size=1, max_size=4).map(lambda steps: lambda b: damaged(b, steps))


CHANGES = {  # before, what stood there, behind, noise, number -> the new bytes
    "flip": lambda a, b, c, noise, number: a + noise[: len(b)] + c,
    "cut": lambda a, b, c, noise, number: a,
    "insert": lambda a, b, c, noise, number: a + noise + b + c,
    "delete": lambda a, b, c, noise, number: a + c,
    "repeat": lambda a, b, c, noise, number: a + b * 50 + c,
    "zero": lambda a, b, c, noise, number: a + bytes(len(b)) + c,
    "number": lambda a, b, c, noise, number: a + number + (b + c)[8:],
}


def damaged(content: bytes, steps) -> bytes:
    for kind, place, noise in steps:
        at = place % (len(content) + 1)
        end = at + len(noise)
        number = struct.pack("<Q", NUMBERS[place % len(NUMBERS)])
        content = CHANGES[kind](content[:at], content[at:end], content[end:], noise, number)
    return content


def json_damage():
    """A function of a JSON text that puts something strange into places of it."""
    steps = st.lists(st.tuples(st.integers(0, 2**20), st.sampled_from(STRANGE)), min_size=1,
                     max_size=3)  # fmt: skip
    typed = steps.map(lambda found: lambda b: json_changed(b, found))
    deep = st.sampled_from([b"[" * 5000, b'{"a":' * 300 + b"1" + b"}" * 300, b"[1]", b"null", b""])
    return st.one_of(typed, typed, byte_damage(), deep.map(lambda text: lambda b: text))


def json_changed(content: bytes, steps) -> bytes:
    lines = []
    for number, line in enumerate(content.split(b"\n") if b"}\n{" in content else [content]):
        if not line.strip():
            lines.append(line)
            continue
        value = json.loads(line)
        for place, strange in steps:
            holders = list(places(value))
            if holders and (place + number) % 3:
                holder, key = holders[place % len(holders)]
                holder[key] = copy.deepcopy(strange)  # else it may come to hold itself
        lines.append(json.dumps(value).encode())
    return b"\n".join(lines)


def places(value):
    """Every (container, key) below a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys if isinstance(value, dict | list) else ():
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def archive_damage():
    """A function of an `.npz` that lies about a member: its size, its shape, its type."""
    lies = st.tuples(st.sampled_from(["shape", "dtype", "bomb", "pickle", "header", "state"]),
                     st.integers(0, 2**20), st.sampled_from(STRANGE))  # fmt: skip
    return st.one_of(lies.map(lambda lie: lambda b: repacked(b, *lie)), byte_damage())


def repacked(content: bytes, kind: str, place: int, strange) -> bytes:
    """An archive with one member changed, and every checksum right."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        names = old.namelist()
        chosen = names[0] if kind == "state" else names[place % len(names)]
        for name in names:
            member = old.read(name)
            packing = zipfile.ZIP_STORED
            if name == chosen and kind == "bomb":
                member, packing = member + bytes(3_000_000), zipfile.ZIP_DEFLATED
            elif name == chosen:
                member = lying(member, kind, place, strange)
            new.writestr(name, member, packing)
    return buffer.getvalue()


def lying(member: bytes, kind: str, place: int, strange) -> bytes:
    if kind == "state":
        return json_in_array(member, place, strange)
    array = np.load(io.BytesIO(member))
    if kind == "pickle":
        return saved(np.array([{"a": 1}], dtype=object), allow_pickle=True)
    if kind == "header":
        return member[: place % len(member)]
    old = str(array.shape).encode() if kind == "shape" else array.dtype.str.encode()
    shapes = (b"(10**15,)", b"(1000000000000000,)", b"(-1,)", b"(0, 99999999999)", b"('a',)")
    types = (b"<f8", b"|O", b"<U99999", b"|V0", b"<c16", b"i4,i4")
    new = shapes[place % len(shapes)] if kind == "shape" else types[place % len(types)]
    return member.replace(old, new, 1)


def json_in_array(member: bytes, place: int, strange) -> bytes:
    """The header of a state with a strange value in it, as an array of bytes."""
    array = np.load(io.BytesIO(member))
    try:
        text = json_changed(array.tobytes(), [(place, strange)])
    except ValueError:
        return member
    return saved(np.frombuffer(text, np.uint8))


def saved(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def record_damage():
    """A function of an event file that lies about the length of a record."""
    lies = st.tuples(st.integers(0, 50), st.sampled_from(NUMBERS))
    return st.one_of(lies.map(lambda lie: lambda b: longer(b, *lie)), byte_damage())


def longer(content: bytes, number: int, length: int) -> bytes:
    at = 0
    for _ in range(number):
        step = 16 + struct.unpack("<Q", content[at : at + 8])[0]
        if at + step + 8 > len(content):
            break
        at += step
    return content[:at] + struct.pack("<Q", length) + content[at + 8 :]


def csv_damage():
    """A function of a CSV text that puts strange cells into it."""
    cells = st.sampled_from(["", "1e300", "-1e308", "nan", "x", '"', "9" * 200_000, ESCAPE, "=1+1",
                             "1e999", "0x10", ",,,", "\0"])  # fmt: skip
    steps = st.lists(st.tuples(st.integers(0, 2**20), cells), min_size=1, max_size=4)
    return st.one_of(steps.map(lambda found: lambda b: cells_changed(b, found)), byte_damage())


def cells_changed(content: bytes, steps) -> bytes:
    rows = [row.split(",") for row in content.decode().splitlines()]
    for place, cell in steps:
        row = rows[place % len(rows)]
        row[place // 7 % len(row)] = cell
    return ("\n".join(",".join(row) for row in rows) + "\n").encode()


LAUGHS = "a: &a [x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 7)}]\n" for a, b in zip("abcdefghi", "bcdefghij")
)
YAML = st.sampled_from([
    b"- !!python/object/apply:os.system ['touch PWNED']", b"- ${oc.env:HOME}", b"- 3\n- [a]\n",
    LAUGHS.encode(), b"&a [*a]", b"- seed='", b"- " + ESCAPE.encode(), b"\xff\xfe\x00",
    b"[" * 5000, b"- reg.l1==\n- =\n- +x=1\n",
])  # fmt: skip


def yaml_damage():
    return st.one_of(byte_damage(), YAML.map(lambda text: lambda b: text))

"""The log of a W&B run, `run-ID.wandb`: LevelDB's record format with W&B's messages in it."""

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from kreg.files import AnyPath
from kreg.foreign import json_text
from kreg.foreign.content import MEBI, DamagedError, opened

if TYPE_CHECKING:
    from wandb.proto.wandb_internal_pb2 import Record

Warn = Callable[[str], object]
Row: TypeAlias = tuple[int, dict[str, Any]]  # a step, and what was logged at it

IDENT, BLOCK, HEAD = b":W&B", 32768, 7  # how a file begins; its blocks; the head of a part
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4  # what a part is of its record
LONGEST = 64 * MEBI  # bytes of a record


def history(path: AnyPath, warn: Warn = lambda sentence: None) -> tuple[str, list[Row]]:
    """The run's name, empty where it has none, and its rows.

    Args:
        path: The file.
        warn: Called with a sentence where something is skipped.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is no such log.
        ValueError: If W&B is not installed, whose messages these are.
    """
    name, rows = "", []
    for record in records(path, warn):
        if record.HasField("run"):
            name = record.run.display_name or name
        elif record.HasField("history"):
            rows.append(row(record))
    return name, rows


def records(path: AnyPath, warn: Warn) -> Iterator["Record"]:
    """W&B's messages, without those that are damaged."""
    message = messages()
    for data in raw(path, warn):
        try:
            yield message.FromString(data)
        except Exception as error:  # protobuf has many: none stops the other records
            warn(f"{path}: a record is damaged ({type(error).__name__}) and left out.")


def messages() -> type["Record"]:
    try:
        from wandb.proto import wandb_internal_pb2
    except ImportError as error:
        raise ValueError(
            "A W&B log is read by the package wandb, which is not installed. Install it with: "
            "pip install 'kreg[wandb]'"
        ) from error
    found: type[Record] = wandb_internal_pb2.Record
    return found


def row(record: "Record") -> Row:
    """What was logged at a step; an entry that is no JSON is left out."""
    found: dict[str, Any] = {}
    for item in record.history.item:
        try:
            found[item.key or "/".join(item.nested_key)] = json_text.parse(item.value_json)
        except DamagedError:
            continue
    return int(record.history.step.num), found


def raw(path: AnyPath, warn: Warn) -> Iterator[bytes]:
    """The records of a file; a last one that is still being written ends it."""
    with open(opened(path), "rb") as file:
        if file.read(HEAD)[: len(IDENT)] != IDENT:
            raise DamagedError(f"{path} is no log of a W&B run")
        whole = bytearray()
        for kind, data in parts(file, os.fstat(file.fileno()).st_size, path, warn):
            whole = whole + data if kind in (MIDDLE, LAST) else bytearray(data)
            if len(whole) > LONGEST:
                raise DamagedError(f"{path} has a record of more than {LONGEST:,} bytes")
            if kind in (WHOLE, LAST):
                yield bytes(whole)


def parts(file: BinaryIO, size: int, path: AnyPath, warn: Warn) -> Iterator[tuple[int, bytes]]:
    """`(kind, data)` of each part of a record; none reaches over the end of a block."""
    while (place := file.tell()) + HEAD <= size:
        left = BLOCK - place % BLOCK
        if left < HEAD:
            file.seek(left, os.SEEK_CUR)
            continue
        checksum, length, kind = struct.unpack("<IHB", file.read(HEAD))
        data = file.read(min(length, left - HEAD))
        if len(data) < length or not WHOLE <= kind <= LAST:
            warn(f"{path} ends within a record: still being written, or damaged.")
            return
        if zlib.crc32(data, zlib.crc32(bytes([kind]))) != checksum:
            warn(f"{path}: a record is damaged and left out.")
            continue
        yield kind, data

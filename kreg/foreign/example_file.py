"""TFRecord files of `tf.train.Example`, read without TensorFlow: features are columns of frames.

A feature is a list of whole numbers, of floats, or of bytes, which must be text. A list of one is a
cell, an empty or absent one a missing value; a list of `n` is `n` columns, `<name>_0` and so on.
"""

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import DecodeError

from kreg.files import AnyPath
from kreg.foreign import checksums, framed_file
from kreg.foreign.content import DamagedError
from kreg.foreign.framed_file import Record

if TYPE_CHECKING:
    import pandas as pd

WHOLE, FLOAT, TEXT, NONE = "whole", "float32", "text", "none"
KINDS = {"int64_list": WHOLE, "float_list": FLOAT, "bytes_list": TEXT}
LISTS = {kind: name for name, kind in KINDS.items()} | {NONE: "int64_list"}
TOLD = {WHOLE: "whole numbers", FLOAT: "floats", TEXT: "bytes"}
AT_ONCE = 2**22  # bytes of records that are looked at together
PICTURES = {b"\xff\xd8\xff": "a JPEG picture", b"\x89PNG": "a PNG picture"}
SCHEMA = """
name: "example.proto" package: "kreg" syntax: "proto3"
message_type { name: "Bytes"
  field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_BYTES } }
message_type { name: "Floats"
  field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_FLOAT } }
message_type { name: "Wholes"
  field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_INT64 } }
message_type { name: "Feature" oneof_decl { name: "kind" }
  field { name: "bytes_list" number: 1 label: LABEL_OPTIONAL oneof_index: 0
          type: TYPE_MESSAGE type_name: ".kreg.Bytes" }
  field { name: "float_list" number: 2 label: LABEL_OPTIONAL oneof_index: 0
          type: TYPE_MESSAGE type_name: ".kreg.Floats" }
  field { name: "int64_list" number: 3 label: LABEL_OPTIONAL oneof_index: 0
          type: TYPE_MESSAGE type_name: ".kreg.Wholes" } }
message_type { name: "Features"
  field { name: "feature" number: 1 label: LABEL_REPEATED
          type: TYPE_MESSAGE type_name: ".kreg.Features.FeatureEntry" }
  nested_type { name: "FeatureEntry" options { map_entry: true }
    field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
    field { name: "value" number: 2 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".kreg.Feature" } } }
message_type { name: "Example"
  field { name: "features" number: 1 label: LABEL_OPTIONAL
          type: TYPE_MESSAGE type_name: ".kreg.Features" }
  field { name: "sequences" number: 2 label: LABEL_OPTIONAL type: TYPE_BYTES } }
"""  # a SequenceExample has `sequences` too


class Feature(NamedTuple):
    """What is in a feature of every record: `WHOLE`, `FLOAT`, `TEXT` or `NONE`, and how many."""

    kind: str
    length: int

    def columns(self, name: str) -> list[str]:
        """What the columns of a feature are called."""
        return [name] if self.length == 1 else [f"{name}_{i}" for i in range(self.length)]


EMPTY = Feature(NONE, 1)
Example = Mapping[str, Any]  # name -> the feature's lists


def features(path: AnyPath, most: int, without: Collection[str] = ()) -> dict[str, Feature]:
    """The features of the first records of a file, by name, in the order of their names.

    Args:
        path: The file.
        most: How many records are looked at.
        without: Features that nobody reads: they count as empty.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it has no such records, or they do not fit together: which one.
    """
    found: dict[str, Feature] = {}
    for number, example in enumerate(_examples(list(islice(framed_file.records(path), most))), 1):
        for name, values in example.items():
            now = EMPTY if name in without else _feature(values)
            found[name] = joined(name, found.get(name, EMPTY), now, f"record {number:,}")
    _refuse_names_twice(found)
    return dict(sorted(found.items()))


def joined(name: str, before: Feature, now: Feature, where: str) -> Feature:
    """What a feature is, of which these are two sights: one of them may be of nothing.

    Raises:
        DamagedError: If they are of two kinds or lengths.
    """
    if NONE in (before.kind, now.kind):
        return before if now.kind == NONE else now
    if before != now:
        raise DamagedError(
            f"the feature {name!r} is {_told(now)} in {where}, and {_told(before)} before. All "
            f"records must have one kind and number; data.drop=[{name}] leaves it out"
        )
    return before


def blocks(
    path: AnyPath, known: Mapping[str, Feature], size: int, without: Collection[str] = ()
) -> "Iterator[pd.DataFrame]":
    """The records as frames of at most `size` rows, their checksums compared.

    Args:
        path: The file.
        known: The features that the records have, as `features` found them.
        size: Rows.
        without: Features that nobody reads.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If a record is damaged, or has other features: which one.
    """
    done = 0
    for part in _parts(framed_file.records(path), size):
        yield _frame(list(_examples(part, done)), known, set(without), done)
        done += len(part)


def _parts(records: Iterator[Record], size: int) -> Iterator[list[Record]]:
    part: list[Record] = []
    held = 0
    for record in records:
        part.append(record)
        held += len(record.data)
        if len(part) == size or held >= AT_ONCE:
            yield part
            part, held = [], 0
    if part:
        yield part


def _examples(part: Sequence[Record], done: int = 0) -> Iterator[Example]:
    """The features of each record; `done` are the records before them."""
    sums = checksums.masked([record.data for record in part])
    for number, (record, found) in enumerate(zip(part, sums, strict=True), done + 1):
        if record.checksum != found:
            raise DamagedError(f"record {number:,} is damaged: its checksum is another one")
        try:
            example = _message().FromString(record.data)
        except DecodeError as error:
            raise DamagedError(f"record {number:,} is no tf.train.Example") from error
        if example.sequences:
            raise DamagedError(f"record {number:,} is a SequenceExample, and no row of a table")
        yield example.features.feature


def _feature(values: Any) -> Feature:
    """What one record has of a feature."""
    chosen = values.WhichOneof("kind")
    length = len(getattr(values, chosen).value) if chosen else 0
    return Feature(KINDS[chosen], length) if length else EMPTY


def _frame(
    examples: Sequence[Example], known: Mapping[str, Feature], without: set[str], done: int
) -> "pd.DataFrame":
    import pandas as pd

    wanted = known.keys() | without
    for number, example in enumerate(examples, done + 1):
        for name in sorted(example.keys() - wanted):
            raise DamagedError(
                f"record {number:,} has the feature {name!r}, which no first record of the files "
                f"has; data.drop=[{name}] leaves it out"
            )
    columns: dict[str, Any] = {}
    for name, feature in known.items():
        if name in without:
            columns[name] = None
            continue
        table = _table(name, feature, _cells(name, feature, examples, done), done)
        columns |= dict(zip(feature.columns(name), table, strict=True))
    return pd.DataFrame(columns, index=range(len(examples)))


def _cells(name: str, feature: Feature, examples: Sequence[Example], done: int) -> list[Any]:
    """The values of a feature, record by record; `None` where there are none."""
    cells: list[Any] = []
    chosen, nothing = LISTS[feature.kind], [None] * feature.length
    for number, example in enumerate(examples, done + 1):
        found = example.get(name)
        values = () if found is None else getattr(found, chosen).value
        if len(values) != feature.length:
            joined(name, feature, EMPTY if found is None else _feature(found), f"record {number:,}")
            values = nothing
        cells.extend(values)
    return cells


def _table(name: str, feature: Feature, cells: list[Any], done: int) -> Sequence[Any]:
    """The columns of a feature."""
    if feature.kind == TEXT:
        texts = [_text(name, cell, done + i // feature.length + 1) for i, cell in enumerate(cells)]
        return [texts[i :: feature.length] for i in range(feature.length)]
    exact = feature.kind == WHOLE and None not in cells
    found = np.array(cells, np.int64 if exact else np.float64).reshape(-1, feature.length)
    return list((found.astype(np.float32) if feature.kind == FLOAT else found).T)


def _text(name: str, cell: bytes | None, number: int) -> str | None:
    if cell is None:
        return None
    try:
        return cell.decode()
    except UnicodeDecodeError as error:
        what = next((told for magic, told in PICTURES.items() if cell.startswith(magic)), "no text")
        raise DamagedError(
            f"the feature {name!r} is {what} in record {number:,}. A table is read from numbers "
            f"and texts: data.drop=[{name}] leaves it out, and pictures are read from files, by "
            "data=image_folder"
        ) from error


def _refuse_names_twice(found: Mapping[str, Feature]) -> None:
    """Refuse a feature that is called as a column of a longer one."""
    seen: set[str] = set()
    for name, feature in found.items():
        for column in feature.columns(name):
            if column in seen:
                raise DamagedError(f"two columns are called {column!r}, one of a longer feature")
            seen.add(column)


def _told(feature: Feature) -> str:
    return f"{feature.length} {TOLD[feature.kind]}"


@functools.cache
def _message() -> Any:
    """The class of the records."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(SCHEMA, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("kreg.Example"))

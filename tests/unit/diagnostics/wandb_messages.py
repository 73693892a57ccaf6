"""As much of W&B's messages as is read, for an environment without W&B.

`test_stores.py` holds the numbers against W&B's own where it is installed.
"""

import sys
import types

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ONE, MANY = 1, 3
TEXT, WHOLE, MESSAGE = 9, 3, 11
FIELDS = {  # message -> (name, number, type, label, message of it)
    "RunRecord": [("display_name", 8, TEXT, ONE, "")],
    "HistoryItem": [("key", 1, TEXT, ONE, ""), ("nested_key", 2, TEXT, MANY, ""),
                    ("value_json", 16, TEXT, ONE, "")],
    "HistoryStep": [("num", 1, WHOLE, ONE, "")],
    "HistoryRecord": [("item", 1, MESSAGE, MANY, "HistoryItem"),
                      ("step", 2, MESSAGE, ONE, "HistoryStep")],
    "Record": [("history", 2, MESSAGE, ONE, "HistoryRecord"),
               ("run", 17, MESSAGE, ONE, "RunRecord")],
}  # fmt: skip


def module():
    """What `wandb.proto.wandb_internal_pb2` is where W&B is installed."""
    file = descriptor_pb2.FileDescriptorProto(name="kreg_test.proto", package="kt", syntax="proto3")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for key, number, kind, label, of in fields:
            found = {"type_name": f".kt.{of}"} if of else {}
            message.field.add(name=key, number=number, type=kind, label=label, **found)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = types.ModuleType("wandb.proto.wandb_internal_pb2")
    record = pool.FindMessageTypeByName("kt.Record")
    made.Record = message_factory.GetMessageClass(record)
    return made


def install(monkeypatch):
    """Have kreg find them where it looks for W&B."""
    proto = types.ModuleType("wandb.proto")
    proto.wandb_internal_pb2 = module()
    monkeypatch.setitem(sys.modules, "wandb", types.ModuleType("wandb"))
    monkeypatch.setitem(sys.modules, "wandb.proto", proto)

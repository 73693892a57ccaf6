"""Settings and metrics of a run for the HParams tab, as protos.

TensorBoard's own helper imports TensorFlow; the three messages are short enough to write here.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

Value: TypeAlias = bool | float | str

TYPES = {
    bool: api_pb2.DATA_TYPE_BOOL,
    float: api_pb2.DATA_TYPE_FLOAT64,
    str: api_pb2.DATA_TYPE_STRING,
}


# tag of a finished run's number -> its name in the table of a sweep
RESULTS = {
    "result/val_clean_loss": "val_clean_loss",
    "result/gap": "gap",
    "result/val_clean_rmse": "val_clean_rmse",
    "result/test_clean_accuracy": "test acc.",
    "result/test_clean_rmse": "test rmse",
    "result/test_clean_mae": "test mae",
    "result/sparsity": "zeros",
}
ACCURACY, ERRORS = ("accuracy",), ("rmse", "mae")  # of classes, of a regression


OF_TARGET = "result/test_clean_rmse_"  # and the name of one of several targets


def metrics_of(task: str | None, names: Iterable[str] = ()) -> dict[str, str]:
    """What runs of a task are compared by.

    Args:
        task: Of the run.
        names: Of its metrics, where they are known: several targets have an error each.
    """
    several = {
        f"{OF_TARGET}{name.removeprefix('rmse_')}": f"test {name}"
        for name in names
        if name.startswith("rmse_")
    }
    absent: tuple[str, ...] = ACCURACY if task == "regression" else ERRORS
    absent += ERRORS if several else ()
    return {t: name for t, name in RESULTS.items() if not t.endswith(absent)} | several


def is_result(tag: str) -> bool:
    """Whether the tag of a number is one that runs may be compared by."""
    return tag in RESULTS or tag.startswith(OF_TARGET)


def summaries(
    settings: Mapping[str, Any], metrics: dict[str, str], run: str
) -> list[Summary.Value]:
    """What the HParams tab needs of one run.

    Args:
        settings: Nested dict; see `flattened`.
        metrics: Scalar tags of this run, to compare runs by, and the names to show.
        run: Name of the trial.
    """
    flat = flattened(settings)
    experiment = api_pb2.Experiment(
        hparam_infos=[api_pb2.HParamInfo(name=k, type=TYPES[type(v)]) for k, v in flat.items()],
        metric_infos=[
            api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=name)
            for tag, name in metrics.items()
        ],
    )
    start = plugin_data_pb2.SessionStartInfo(group_name=run, start_time_secs=time.time())
    for name, value in flat.items():
        fill(start.hparams[name], value)
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time())
    return [
        message(metadata.EXPERIMENT_TAG, experiment=experiment),
        message(metadata.SESSION_START_INFO_TAG, session_start_info=start),
        message(metadata.SESSION_END_INFO_TAG, session_end_info=end),
    ]


def message(tag: str, **content: object) -> Summary.Value:
    data = plugin_data_pb2.HParamsPluginData(**content)
    return Summary.Value(
        tag=tag, metadata=metadata.create_summary_metadata(data), tensor=metadata.NULL_TENSOR
    )


def fill(target: Any, value: Value) -> None:
    """Put a number, a string or a boolean into a protobuf `Value`."""
    field = {bool: "bool_value", float: "number_value", str: "string_value"}[type(value)]
    setattr(target, field, value)


def flattened(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """`{"a": {"b": 1}}` as `{"a.b": 1.0}`; lists become text, `None` is left out.

    >>> flattened({"reg": {"kind": "l1", "l1": 0.1}, "seed": 3, "stop": None})
    {'reg.kind': 'l1', 'reg.l1': 0.1, 'seed': 3.0}
    """
    found: dict[str, Value] = {}
    for key, item in tree.items():
        if isinstance(item, Mapping):
            found |= flattened(item, f"{prefix}{key}.")
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            found[f"{prefix}{key}"] = float(item)
        elif item is not None:
            found[f"{prefix}{key}"] = item if isinstance(item, (bool, str)) else str(item)
    return found

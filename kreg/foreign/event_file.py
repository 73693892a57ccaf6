"""TensorBoard's event files, read without TensorFlow."""

from collections.abc import Callable, Iterator

from tensorboard.compat.proto import event_pb2
from tensorboard.util import tensor_util

from kreg.files import AnyPath
from kreg.foreign import framed_file
from kreg.foreign.content import DamagedError

Warn = Callable[[str], object]
Scalar = tuple[str, int, float, float]
LAST = 2**53  # what is above it is the number of no step


def scalars(path: AnyPath, warn: Warn = lambda sentence: None) -> Iterator[Scalar]:
    """`(tag, step, value, wall time)` of each scalar; what cannot be read is skipped.

    Args:
        path: The file.
        warn: Called with a sentence where something is skipped.

    Raises:
        OSError: If it is missing, or no regular file.
    """
    for data in records(path, warn):
        try:
            event = event_pb2.Event.FromString(data)
            found = [(value.tag, scalar(value)) for value in event.summary.value]
        except Exception as error:  # protobuf and NumPy have many: none stops the other records
            warn(f"{path}: a record is damaged ({type(error).__name__}) and left out.")
            continue
        if not 0 <= event.step < LAST:
            warn(f"{path}: a record of step {event.step} is left out.")
            continue
        for tag, number in found:
            if number is not None:
                yield tag, int(event.step), number, float(event.wall_time)


def records(path: AnyPath, warn: Warn = lambda sentence: None) -> Iterator[bytes]:
    """The records of a file; a last one that is still being written ends it."""
    try:
        for record in framed_file.records(path):
            yield record.data
    except DamagedError:
        warn(f"{path} ends within a record: still being written, or damaged.")


def scalar(value: "event_pb2.summary__pb2.Summary.Value") -> float | None:
    """The number of a summary value, in the old or the new form."""
    if value.WhichOneof("value") == "simple_value":
        return float(value.simple_value)
    if value.WhichOneof("value") != "tensor" or value.tensor.tensor_shape.dim:
        return None
    array = tensor_util.make_ndarray(value.tensor)
    return float(array) if array.dtype.kind in "fiu" and array.size == 1 else None

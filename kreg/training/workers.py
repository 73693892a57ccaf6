"""Workers that train one model together: sums over all of them, and what can be said with sums.

TensorFlow's `MultiWorkerMirroredStrategy` opens the connections and notices who is gone. The model
knows nothing of it (Keras 3 does not train under that strategy: keras#20585): each worker has
Keras's ordinary model, and the optimizer is given the gradient of the whole batch,

    g = sum over workers w of (n_w / n) g_w,

where `g_w` is the gradient of the mean loss over the `n_w` rows that the worker has of the batch's
`n`, penalties included. That is the gradient of one process, also where a batch cannot be divided
evenly, and whatever the optimizer does with a gradient it does with this one.
"""

import contextlib
import json
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kreg.config.cluster import Cluster
from kreg.foreign import json_text
from kreg.quiet_start import quiet_start
from kreg.training import shares

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

GROUP = 26_000  # the key of our group of devices
GRADIENT, KEY = 26_000, 26_000  # of the sum in each step; all others have the following ones
WORD = 4  # bytes of a number in a message
MOST, LARGE = 10, 10_000_000  # sums that are measured at most, and their numbers together, about
NOT_LISTENING = (
    "This worker cannot listen at {own}, its address among the workers: another process has that "
    "port, or it is no address of this machine. End that process, or give all workers another "
    "address for this one, and start them again."
)


class WorkerLostError(OSError):
    """Another worker is gone, told in one sentence. The last state stays, and is gone on with."""


class Workers:
    """The processes that `TF_CONFIG` names, connected; made before TensorFlow does anything else.

    Every worker calls the same methods in the same order. A call waits for all of them.

    Args:
        cluster: Who they are.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.count, self.index = len(cluster.workers), cluster.index
        self._sums = 0
        self.numbers = 1  # of a gradient
        self.sum_seconds = 0.0  # that one sum of gradients takes, once they have left
        with quiet_start():
            import tensorflow as tf

            tf.config.set_visible_devices([], "GPU")
            # kept: it watches the others as long as it lives
            self._strategy = strategy(cluster)

    @property
    def is_first(self) -> bool:
        return self.cluster.is_first

    @property
    def share(self) -> tuple[int, int]:
        """What `kreg.data.epoch_stream` is told."""
        return self.index, self.count

    def total(self, tensor: "tf.Tensor", key: int | None = None) -> "tf.Tensor":
        """The sum of a tensor over all workers: the same bits on each of them.

        Args:
            tensor: Of one shape on all workers.
            key: Of the sum. Defaults to the next one.
        """
        import tensorflow as tf

        self._sums += key is None
        return tf.raw_ops.CollectiveReduceV2(
            input=tensor,
            group_size=self.count,
            group_key=GROUP,
            instance_key=KEY + self._sums if key is None else key,
            ordering_token=[],
            merge_op="Add",
            final_op="Id",
            communication_hint="ring",
        )

    def row_of(self, values: Sequence[float]) -> np.ndarray:
        """What each worker has said, `(workers, values)`, in float64."""
        import tensorflow as tf

        rows = np.zeros((self.count, len(values)))
        rows[self.index] = values
        return np.asarray(self.total(tf.constant(rows)))

    def messages(self, text: str) -> list[str]:
        """The text of each worker."""
        own = text.encode()
        lengths = [int(length) for (length,) in self.row_of([len(own)])]
        table = np.zeros((self.count, max(lengths)), np.uint8)
        table[self.index, : len(own)] = np.frombuffer(own, np.uint8)
        found = self._added(table)
        return [row[:n].tobytes().decode() for row, n in zip(found, lengths, strict=True)]

    def of_the_first(self, values: list[np.ndarray]) -> list[np.ndarray]:
        """The arrays of the first worker, bit for bit; the others give theirs for the shapes."""
        own = np.concatenate([np.frombuffer(value.tobytes(), np.uint8) for value in values])
        found = self._added(own if self.is_first else np.zeros_like(own)).tobytes()
        ends = np.cumsum([value.nbytes for value in values])
        return [
            np.frombuffer(found[end - value.nbytes : end], value.dtype).reshape(value.shape)
            for value, end in zip(values, ends, strict=True)
        ]

    def _added(self, table: np.ndarray) -> np.ndarray:
        """Bytes of which one worker at most has others than zero at each place, as all have them.

        Four of them travel as one whole number: a sum with zeros keeps every bit.
        """
        import tensorflow as tf

        flat = np.zeros(-(-table.size // WORD) * WORD, np.uint8)
        flat[: table.size] = table.ravel()
        found = np.asarray(self.total(tf.constant(flat.view(np.int32))))
        return found.view(np.uint8)[: table.size].reshape(table.shape)

    def agree(self, facts: dict[str, str]) -> None:
        """Refuse workers that would not train the same model on the same rows.

        Args:
            facts: What must be the same, by its name.

        Raises:
            ValueError: On every worker, with the first difference.
        """
        told = [json_text.parse(text, dict[str, Any]) for text in self.messages(json.dumps(facts))]
        for worker, other in enumerate(told):
            for name, value in told[0].items():
                if other.get(name) != value:
                    raise ValueError(
                        f"Worker {worker} ({self.cluster.workers[worker]}) has another {name} than "
                        f"worker 0: {other.get(name)!r} and {value!r}. All workers need the same "
                        "command, rows and versions."
                    )

    def seconds_of_a_sum(self) -> float:
        """How long a sum of gradients takes when all workers begin at once and do nothing else."""
        import tensorflow as tf

        gradient, times = tf.zeros([self.numbers]), max(1, min(MOST, LARGE // self.numbers))
        self.row_of([self.index])
        began = time.perf_counter()
        for _ in range(times):
            np.asarray(self.total(gradient))
        return (time.perf_counter() - began) / times

    def leave(self) -> None:
        """The end: nobody goes while another still waits for what he has to say."""
        import tensorflow as tf

        self.sum_seconds = self.seconds_of_a_sum()
        self.row_of([self.index])
        with contextlib.suppress(tf.errors.OpError):  # whoever came through first may have gone
            self.row_of([self.index])

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Inside, a worker that is gone is one sentence.

        Raises:
            WorkerLostError: In place of TensorFlow's errors of its connections.
        """
        import tensorflow as tf

        gone = tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError
        try:
            yield
        except (*gone, tf.errors.DeadlineExceededError, tf.errors.InternalError) as error:
            others = [a for n, a in enumerate(self.cluster.workers) if n != self.index]
            raise WorkerLostError(
                f"A worker is gone ({', '.join(others)} and this one trained together), so this "
                "one ends as well. The same command, given to all workers, goes on from the last "
                "state."
            ) from error


def strategy(cluster: Cluster) -> "tf.distribute.Strategy":
    """Opens the connections to the other workers, and watches them.

    Raises:
        OSError: If this worker cannot listen at its address, in one sentence.
    """
    import tensorflow as tf

    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(cluster.workers)}),
        task_type="worker", task_id=cluster.index, rpc_layer="grpc",
    )  # fmt: skip
    try:
        with ends_at_once():
            return tf.distribute.MultiWorkerMirroredStrategy(resolver)
    except tf.errors.UnknownError as error:  # all that TensorFlow says of it
        raise OSError(NOT_LISTENING.format(own=cluster.workers[cluster.index])) from error


@contextlib.contextmanager
def ends_at_once() -> Iterator[None]:
    """Inside, Ctrl-C ends the process as the system does it.

    TensorFlow holds Python's lock while it waits for the other workers, so no handler of Python's
    would run before all of them are there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def share_gradients(
    optimizer: "keras.Optimizer", workers: Workers, rows: int, batch_size: int
) -> None:
    """Let an optimizer's `apply` begin with the sum of all workers' gradients.

    Args:
        optimizer: Of the compiled model. Its step number tells how many rows a batch has.
        workers: With whom it trains.
        rows: Training rows, of which a pass has `ceil(rows / batch_size)` batches.
        batch_size: Of all workers together.
    """
    import tensorflow as tf

    plain = optimizer.apply

    def apply(grads: Any, trainable_variables: Any = None) -> Any:
        own = [g if g is None else tf.convert_to_tensor(g) for g in grads]
        known = [g for g in own if g is not None]
        part = shares.part(optimizer, rows, batch_size, *workers.share)
        own_part = part * tf.concat([tf.reshape(g, [-1]) for g in known], 0)
        flat = workers.total(own_part, GRADIENT)
        parts = iter(tf.split(flat, [g.shape.num_elements() for g in known]))
        summed = [g if g is None else tf.reshape(next(parts), g.shape) for g in own]
        return plain(summed, trainable_variables)

    # not tracked, and not saved: a file of this optimizer is one of any other
    object.__setattr__(optimizer, "apply", apply)

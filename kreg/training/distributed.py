"""`distribute=multiworker`: what the workers of one training do beside the training itself.

The first worker is an ordinary run: it has the directory, measures, decides and writes. The others
share its steps and keep nothing.
"""

import contextlib
import importlib.metadata
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kreg.config import cluster
from kreg.config.root import Config
from kreg.printable import say
from kreg.runs import identity
from kreg.training import plan, shares, start
from kreg.training.plan import Plan
from kreg.training.workers import Workers, share_gradients

if TYPE_CHECKING:
    from kreg.callbacks import Interrupt, NonFinite

PACKAGES = ("tensorflow", "keras", "numpy")
WAITS = (
    "worker {index} of {count} ({own}): waiting for the others. Worker 0 reports and writes. If "
    "this lasts, look at what the others say: TensorFlow also waits for one that has ended because "
    "its port was taken. Ctrl-C ends this one."
)


def connected(config: Config) -> Workers | None:
    """The other workers, waited for; `None` for a training in one process.

    TensorFlow wants to be told before it does anything else.
    """
    shared = config.distribute in cluster.SEVERAL and not config.check
    return connect(config) if shared else None


def connect(config: Config) -> Workers:
    """The workers of `TF_CONFIG`; who waits says so."""
    found = cluster.of_environment()
    own, count = found.workers[found.index], len(found.workers)
    if config.trainer.verbose != "quiet":
        say(WAITS.format(index=found.index, count=count, own=own))
    return Workers(found)


def join(training: Plan, workers: Workers) -> None:
    """Let a training share its batches and gradients.

    Raises:
        ValueError: If several workers would not train it as one process does.
    """
    shares.refuse_uneven(training, workers.count, "multiworker", "workers")
    weights = training.model.trainable_variables
    training.workers = workers
    workers.numbers = sum(math.prod(weight.shape) for weight in weights)
    rows = len(training.data.train)
    share_gradients(training.model.optimizer, workers, rows, training.batch_size)


def facts(training: Plan, config: Config) -> dict[str, str]:
    """What all workers must have in common: keys of the configuration, rows, versions."""
    keys = {key: str(value) for key, value in identity.canonical(config.to_dict()).items()}
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    rows = {"fingerprint of the data": str(training.data.fingerprint())}
    return keys | versions | rows


def begin(
    workers: Workers, training: Plan, config: Config, first: int, last: int
) -> tuple[int, int]:
    """Compare the workers, and tell them from which epoch to which they train.

    Args:
        workers: Who trains.
        training: What is trained.
        config: The checked configuration.
        first: The epochs that are done, as the first worker knows; 0 on the others.
        last: After how many epochs the training ends at most, as the first worker knows.

    Raises:
        ValueError: If the workers differ.
    """
    workers.agree(facts(training, config))
    begun, ends = workers.row_of([first, last])[0]
    return int(begun), int(ends)


@contextlib.contextmanager
def together(training: Plan, config: Config, first: int, last: int) -> Iterator[None]:
    """Around the `fit` of the first worker: the others begin with it, or all end in a sentence.

    A training in one process is left alone.

    Args:
        training, config, first, last: As for `begin`.
    """
    if training.workers is None:
        yield
        return
    with training.workers.told():
        begin(training.workers, training, config, first, last)
        yield


def work(config: Config) -> None:
    """All that a worker does that is not the first.

    Args:
        config: The checked configuration.

    Raises:
        SystemExit: After a signal to any of the workers; the same command goes on.
        FloatingPointError: If a weight is not finite.
        WorkerLostError: If another worker is gone.
    """
    workers = connect(config)
    start.prepare(config.trainer, config.seed)
    training = plan.make(config)
    join(training, workers)
    with workers.told():
        first, last = begin(workers, training, config, 0, 0)
        interrupt, non_finite = shared_fit(training, workers, first, last)
    if interrupt.exit_code:
        raise SystemExit(interrupt.exit_code)
    if non_finite.failure:
        raise FloatingPointError(non_finite.failure)


def shared_fit(
    training: Plan, workers: Workers, first: int, last: int
) -> "tuple[Interrupt, NonFinite]":
    """The steps from epoch `first` to `last` with nothing around them but what stops them."""
    from kreg.callbacks import Interrupt, NonFinite
    from kreg.callbacks.together import SharedMetrics, Together

    interrupt, non_finite = Interrupt(verbose=0), NonFinite(verbose=0)
    members = [SharedMetrics(workers), interrupt, non_finite, Together(workers, interrupt)]
    with interrupt:
        training.model.fit(
            training.stream(first),
            steps_per_epoch=training.steps,
            initial_epoch=first,
            epochs=last,
            shuffle=False,
            callbacks=members,
            verbose=0,
        )
    return interrupt, non_finite

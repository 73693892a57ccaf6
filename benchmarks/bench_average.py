"""What does `stop.average=k` cost? Copies of weights and measurements, as a share of the training.

    python benchmarks/bench_average.py          # a minute

Two of the fits of `record_keras_suite.py` on made data, one dense and one batch-normalised, with
`kreg.Diagnostics` and `kreg.EarlyStopping(patience=10, average=k)`; processor time.
"""

import time
from collections.abc import Callable

import keras
import numpy as np

import kreg
from benchmarks import record_keras_suite as recorder
from benchmarks.record_suite import TASKS, splits
from kreg.callbacks.early_stopping.restoration import Restoration
from kreg.callbacks.early_stopping.snapshots import Snapshots


class Watch:
    """Adds up the processor time of some methods."""

    def __init__(self, *methods: tuple[type, str]) -> None:
        self.seconds = 0.0
        for owner, name in methods:
            setattr(owner, name, self.timed(getattr(owner, name)))

    def timed(self, method: Callable) -> Callable:
        def run(*arguments):
            began = time.process_time()
            try:
                return method(*arguments)
            finally:
                self.seconds += time.process_time() - began

        return run


def fit(number: int, average: int) -> tuple[float, kreg.EarlyStopping]:
    """(processor seconds of the fit, its stopping rule) of a setting of the design."""
    factors = recorder.design()[number]
    _, (train, validation, _) = splits(TASKS["blobs"], factors, np.random.default_rng(0))
    keras.utils.set_random_seed(0)
    model = recorder.network("blobs", factors, train[0].shape[1], 10)
    steps = recorder.EPOCHS * -(-len(train[0]) // factors["batch"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(recorder.optimizer(factors, steps), loss)
    measured = kreg.Diagnostics(train, validation, verbose=0)
    stopping = kreg.EarlyStopping(patience=10, average=average, verbose=0)
    how = {"batch_size": factors["batch"], "epochs": recorder.EPOCHS, "verbose": 0}
    began = time.process_time()
    model.fit(*train, **how, callbacks=[measured, stopping])
    return time.process_time() - began, stopping


def main() -> None:
    watch = Watch((Snapshots, "see"), (Restoration, "run"))
    for number in (0, 1):
        kind = recorder.design()[number]["network"]
        for average in (1, 3, 5, 10):
            watch.seconds = 0.0
            seconds, stopping = fit(number, average)
            share = f"{watch.seconds:.3f} of {seconds:.2f} s, {watch.seconds / seconds:.1%}"
            print(f"{kind:10s} average={average:2d}: {share}. {stopping.restoration}", flush=True)


if __name__ == "__main__":
    main()

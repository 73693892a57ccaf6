"""What kreg costs on a GPU, in one table: `make test-gpu`.

    python -m benchmarks.bench_gpu [--quick] [--device gpu|cpu]
    KERAS_BACKEND=jax python -m benchmarks.bench_gpu

Each row is one training on a batch that lies on the device: what a step takes, beside the row that
the last column names, and the most memory that it held (under JAX: that the process held so far).
The rows are a dense network of 14 million weights with each kind of penalty, without XLA and in two
precisions, and a convolutional network. With TensorFlow also the augmentation beside that network,
which it must feed, and the default run as a process, beside plain Keras (`bench_overhead.py`). The
last row is a check: under L1 the device must find the zeros of scikit-learn's lasso. Times are
medians over groups of steps; the clock waits for the device at the end of each group.

Exit code 0: all rows are there and the check holds. 1: they are not, or it does not. 2: there is no
GPU. `--device cpu --quick` prints the same table of small networks on a processor, to try the
script: these figures say nothing about a GPU.

Not run on a GPU yet: nobody has sent a table.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.gpu_cases import (
    CASES,
    CONV,
    FULL,
    GROUP,
    QUICK,
    Case,
    Size,
    backend,
    devices,
    timed,
)

STRENGTHS = (2.0, 20.0, 60.0)  # of the lasso on the diabetes data, far from where a zero leaves

# what needs TensorFlow


def augmented(size: Size) -> float:
    """Milliseconds that the augmentation takes for one batch of the convolutional network."""
    import numpy as np
    import tensorflow as tf

    from kreg import augment

    stages = [
        augment.RandomCrop(32, 32, padding=4),
        augment.RandomFlip(),
        augment.ColorJitter(0.2, 0.2, 0.2),
    ]
    images = np.random.default_rng(0).integers(0, 256, (size.pictures, 32, 32, 3), np.uint8)
    labels = np.arange(size.pictures, dtype="int32") % 10
    batches = tf.data.Dataset.from_tensors((images, labels)).repeat(GROUP * size.groups)
    times = [time.perf_counter()]
    for number, _ in enumerate(augment.Pipeline(stages, 0, num_classes=10).apply(batches), 1):
        if number % GROUP == 0:
            times.append(time.perf_counter())
    return 1e3 * statistics.median(np.diff(times)[1:]) / GROUP


def whole_run(size: Size) -> list[tuple[str, float, float]]:
    """The default run as a process: label, plain Keras, kreg."""
    from benchmarks.bench_overhead import time_kreg, time_plain

    theirs, ours = time_plain(size.epochs), time_kreg(size.epochs)
    names = "default run, whole process, s", "default run, processor, s", "default run, step, ms"
    return list(zip(names, theirs, ours))


# the checks


def zeros(strength: float) -> bool:
    """Whether the device finds the weights that scikit-learn's lasso keeps, and no other."""
    import keras
    import numpy as np
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Lasso

    import kreg

    x, y = load_diabetes(return_X_y=True)
    x, y = ((a - a.mean(0)) / scale for a, scale in ((x, x.std(0)), (y, 1.0)))
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(1, kernel_regularizer=kreg.L1(strength))
    model = keras.Sequential([keras.Input((x.shape[1],)), dense])
    model.compile(kreg.optimizers.SGD(0.1), "mse", steps_per_execution=GROUP)
    rows = np.tile(x.astype("float32"), (1000, 1)), np.tile(y.astype("float32"), 1000)
    model.fit(*rows, batch_size=len(x), shuffle=False, verbose=0)
    kept = Lasso(strength / 2, tol=1e-10, max_iter=100_000).fit(x, y).coef_ != 0
    return bool(np.array_equal(np.asarray(dense.get_weights()[0]).ravel() != 0, kept))


# the table


def show(label: str, value: str, ratio: float | None = None, memory: str = "") -> None:
    told = "" if ratio is None else f"{ratio:.2f}"
    print(f"{label:46s} {value:>12s} {told:>7s} {memory:>10s}", flush=True)


def tabulate(size: Size) -> bool:
    """Print the table row by row; whether all rows are there and the check holds."""
    found: dict[str, float] = {}
    print(f"{'':46s} {'ms a step':>12s} {'ratio':>7s} {'peak MiB':>10s}  beside")
    without = {"jit_compile": False} if backend() == "jax" else None  # all that JAX compiles is XLA
    whole = [tabulate_case(one, size, found) for one in CASES if one.compile != without]
    if backend() == "tensorflow":
        whole.append(guarded("augmentation", lambda: tabulate_tensorflow(size, found)))
    else:
        print(
            f"left out, TensorFlow's alone (this is {backend()}): no XLA, augmentation, default run"
        )
    right = sum(zeros(strength) for strength in STRENGTHS)
    show("check: zeros are scikit-learn's", f"{right} of {len(STRENGTHS)}")
    return right == len(STRENGTHS) and all(whole)


def tabulate_case(case: Case, size: Size, found: dict[str, float]) -> bool:
    def one() -> None:
        step, memory = timed(case, size)
        found[case.label] = step
        ratio = step / found[case.beside] if case.beside in found else None
        most = "" if memory is None else f"{memory:,.0f}"
        show(case.label, f"{step:.3f}", ratio, f"{most:>10s}  {case.beside}")

    return guarded(case.label, one)


def tabulate_tensorflow(size: Size, found: dict[str, float]) -> None:
    made = augmented(size)
    beside = f"{'':>10s}  the step it feeds"
    show("augmentation of its batch, on the processor", f"{made:.3f}", made / found[CONV], beside)
    for label, theirs, ours in whole_run(size):
        show(label, f"{ours:.2f}", ours / theirs, f"{'':>10s}  plain Keras {theirs:.2f}")


def guarded(label: str, work: Callable[[], None]) -> bool:
    """A row that fails, too large for the memory say, costs this row: the others follow."""
    try:
        work()
        return True
    except Exception as error:  # whatever a device's driver raises
        told = " ".join(str(error).split())[:200]
        print(f"{label:46s} failed: {type(error).__name__}: {told}", flush=True)
        return False


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--quick", action="store_true", help="small networks, few steps")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if options.device == "cpu":
        os.environ |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    seen = devices()
    if options.device == "gpu" and not seen:
        print(
            f"No GPU is visible to {backend()}, so nothing was measured: install the drivers and "
            "'kreg[gpu]' ('jax[cuda13]' for JAX), or try the script with --device cpu --quick.",
            file=sys.stderr,
        )
        return 2
    import keras

    import kreg

    where = ", ".join(seen) or f"{platform.machine()} processor"
    print(f"kreg {kreg.__version__}, Keras {keras.__version__} on {backend()}: {where}")
    return 0 if tabulate(QUICK if options.quick else FULL) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Images per second of six recipes: kreg beside everything that can be imported here.

    python benchmarks/bench_augment.py --size 32
    python benchmarks/bench_augment.py --size 224
    python benchmarks/bench_augment.py --size 32 --peers kreg keras_batch --seconds 1
    python benchmarks/bench_augment.py --size 32 --peers kreg keras_batch --rows 2048 --epochs 10

Each recipe adds to the one before: R1 pad + crop + flip, R2 rotation within 15 degrees, R3
brightness, contrast and saturation of 20 %, R4 one square erased with probability one half, R5
MixUp, R6 CutMix instead of MixUp. Batches of 128 uint8 images in memory, float32 batches out (uint8
for `kreg_u8`), through `tf.data` with two parallel calls where TensorFlow is involved.

All peers run in one process, in turns within each round of a recipe; a cell is the median of them.
A cell is the steady state of one endless stream: what begins an epoch is not in it, and what comes
once, tracing and compiling included, is in the last table. With `--rows` a cell is what `fit` sees
instead: that many rows, a new iterator for each of `--epochs`, the first pass left out. "Per
CPU-second" divides by the processor time of all threads, which other jobs on the machine disturb
least; the loader's workers are processes, so it has a wall time only.

Keras per batch does less than the others: one crop for a whole batch. "bandwidth" reads bytes,
writes floats and does nothing else. albumentations, torchvision and kornia are measured where they
are installed, else left out; the loader needs PyTorch as well, which has one thread.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
from augment_peers import BATCH, EPOCHS, PEERS, SIZES, installed

RECIPES = range(1, 7)


def data(size: int):
    """Smooth images with noise, so that interpolation has something to do."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (BATCH, 8, 8, 3))
    smooth = coarse.repeat(size // 8, axis=1).repeat(size // 8, axis=2)
    x = smooth + rng.normal(0, 8, smooth.shape).astype(np.float32)
    return np.clip(x, 0, 255).astype(np.uint8), rng.integers(0, 10, BATCH).astype(np.int32)


def quiet() -> float:
    """The processor time once nothing runs in the background any more."""
    before = time.process_time()
    while True:
        time.sleep(0.02)
        now = time.process_time()
        if now - before < 0.001:
            return now
        before = now


class Cell:
    """One peer and one recipe, kept between the rounds."""

    def __init__(self, name: str, recipe: int, x, y, seconds: float):
        start = time.perf_counter()
        self.run = PEERS[name](recipe, x, y)
        self.run(1)
        self.first = time.perf_counter() - start
        self.run(self.run.ahead)
        start, self.batches, self.rates = time.perf_counter(), 0, []
        while time.perf_counter() - start < seconds:
            self.run(1)
            self.batches += 1

    def measure(self) -> None:
        """Images per CPU-second and per second of wall time.

        What was made ahead and waits in buffers is taken before the clock starts; the processor
        time counts until the buffers are full again.
        """
        cpu = quiet()
        self.run(self.run.ahead)
        wall = time.perf_counter()
        self.run(self.batches)
        wall = time.perf_counter() - wall
        cpu = quiet() - cpu
        made = self.batches + self.run.ahead
        self.rates.append((made * BATCH / cpu, self.batches * BATCH / wall))


def bench(size: int, names: list[str], recipes: list[int], rounds: int, seconds: float) -> dict:
    """Recipe by recipe, all peers in turns: their buffers would not fit into memory all at once."""
    x, y = data(size)
    found = {}
    for recipe in recipes:
        cells = {name: Cell(name, recipe, x, y, seconds) for name in names}
        for _ in range(rounds):
            for cell in cells.values():
                cell.measure()
        for name, cell in cells.items():
            cell.run = None
            found[name, recipe] = cell
        rates = ", ".join(
            f"{name} {np.median(c.rates, axis=0)[0]:,.0f}" for name, c in cells.items()
        )
        print(f"R{recipe}: {rates}", flush=True)
    return found


def as_fit(size: int, names: list[str], recipes: list[int], rows: int, epochs: int) -> None:
    """Images per CPU-second where each epoch is a new pass over a data set, as in `fit`."""
    x, y = data(size)
    repeats = -(-rows // BATCH)
    x, y = (np.concatenate([part] * repeats)[:rows] for part in (x, y))
    rates = {name: [] for name in names}
    for recipe in recipes:
        passes = {name: EPOCHS[name](recipe, x, y) for name in names}
        for one_pass in passes.values():
            one_pass()
        for name, one_pass in passes.items():
            cpu = quiet()
            for _ in range(epochs):
                one_pass()
            rates[name].append(rows * epochs / (quiet() - cpu))
    title = f"{size}x{size}: images per CPU-second, {rows} rows, {epochs} epochs as in fit"
    table(title, recipes, rates, ",.0f")
    ratios = {name: np.divide(rates["kreg"], rates[name]) for name in names if name != "kreg"}
    table(f"{size}x{size}: kreg / peer", recipes, ratios, ".2f")


def table(title: str, recipes: list[int], rows: dict, form: str) -> None:
    print(f"\n{title}\n{'':18}" + "".join(f"{f'R{r}':>11}" for r in recipes))
    for name, row in rows.items():
        print(f"{name:18}" + "".join(f"{format(value, form):>11}" for value in row), flush=True)


def show(size: int, cells: dict, names: list[str], recipes: list[int]) -> None:
    def rows(value, which):
        return {name: [value(name, recipe) for recipe in recipes] for name in which}

    for column, unit in enumerate(("CPU-second", "second of wall time")):
        # the processor time of a loader's workers is not counted
        which = names if column else [name for name in names if not name.endswith("_x2")]
        rates = rows(lambda *key, c=column: np.median(cells[key].rates, axis=0)[c], which)
        table(f"{size}x{size}: images per {unit}", recipes, rates, ",.0f")
        peers = [name for name in which if not name.startswith("kreg") and "kreg" in names]
        ratios = rows(lambda n, r, c=column: ratio(cells["kreg", r], cells[n, r], c), peers)
        title = f"{size}x{size}: kreg / peer per {unit}, median of the rounds' ratios"
        table(title, recipes, ratios, ".2f")
    title = f"{size}x{size}: seconds to the first batch, tracing and compiling included"
    table(title, recipes, rows(lambda *key: cells[key].first, names), ".2f")


def ratio(ours: Cell, theirs: Cell, column: int) -> float:
    return float(np.median(np.divide(ours.rates, theirs.rates)[:, column]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, nargs="+", default=[32, 224], choices=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.25, help="wall time of one cell")
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=PEERS)
    parser.add_argument("--recipes", type=int, nargs="+", default=list(RECIPES), choices=RECIPES)
    parser.add_argument("--rows", type=int, help="measure passes over so many rows, as in fit")
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    names = [name for name in options.peers if installed(name)]
    missing = sorted(set(options.peers) - set(names))
    if missing:
        print(f"not installed, left out: {', '.join(missing)}")
    if options.rows:
        names = [name for name in EPOCHS if name in names]
        for size in options.size:
            as_fit(size, names, options.recipes, options.rows, options.epochs)
        return
    for size in options.size:
        cells = bench(size, names, options.recipes, options.rounds, options.seconds)
        show(size, cells, names, options.recipes)


if __name__ == "__main__":
    main()
